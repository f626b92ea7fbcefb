"""`drought doctor` against the real thing: each part is broken once, and named with its remedy."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text

from pipeline import wiring
from pipeline.core.errors import InputError
from pipeline.core.ids import Release
from pipeline.core.months import Month
from pipeline.local.data_store import DEFAULT_KEY, DataStore
from pipeline.local.store_desk import Behaviour
from pipeline.settings import Settings
from pipeline.steps.checkup import Finding, Verdict
from pipeline.steps.doctor import doctor, is_sound
from pipeline.steps.ingest import ingest_grid
from pipeline.steps.installation import Installation
from pipeline.warehouse.engine import connect
from tests.integration.little_world import landscape, settle
from tests.integration.postbox import Postbox, free_port, listening
from tests.unit.grids.raw import MODA, raw

pytestmark = pytest.mark.postgres

SECRET = "hemlock-and-nightshade"  # noqa: S105 - of nothing
SOON = datetime(2027, 1, 15, 6, tzinfo=UTC)

Examine = Callable[..., dict[str, Finding]]


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def examine(installation: Installation, warehouse_url: str) -> Examine:
    """Run the doctor on the installation, with other settings where they are said."""

    def run(
        url: str = warehouse_url,
        clock: Callable[[], datetime] = now,
        needed_bytes: int = 1,
        is_thorough: bool = False,
        look_seconds: float = 20,
        **settings: object,
    ) -> dict[str, Finding]:
        said = Settings(var=installation.settings.var, database_url=url, **settings)  # type: ignore[arg-type]
        found = doctor(
            lambda: said,
            lambda: connect(url),
            clock=clock,
            needed_bytes=needed_bytes,
            is_thorough=is_thorough,
            look_seconds=look_seconds,
        )
        return {finding.check: finding for finding in found}

    return run


def test_a_new_installation_without_network_is_sound(examine: Examine) -> None:
    found = examine()
    assert is_sound(list(found.values()))
    assert {name for name, one in found.items() if one.verdict is Verdict.ATTENTION} == {
        "rights",  # the tests' login may do everything
        "mail",
        "operator",
        "data store",
        "landscapes and plans",
        "source",
    }
    assert "CDSAPI_KEY is not set" in found["data store"].said
    assert found["database"].said.startswith("Postgres ")


def test_what_cannot_be_read_of_the_settings_is_said_and_nothing_else_tried() -> None:
    def refuse() -> Settings:
        raise InputError("settings: DROUGHT_SMTP_PORT: expected a number, got 'x'; correct it")

    (found,) = doctor(refuse, lambda: connect("postgresql://nobody@127.0.0.1:9/none"))
    assert (found.check, found.verdict) == ("settings", Verdict.BROKEN)
    assert "DROUGHT_SMTP_PORT" in found.said


# --- database ---------------------------------------------------------------------------------


def test_a_database_that_is_away_hides_no_other_part(examine: Examine) -> None:
    url = f"postgresql://drought:{SECRET}@127.0.0.1:{free_port()}/none"
    found = examine(url)
    assert found["database"].verdict is Verdict.BROKEN
    assert "expected Postgres to answer" in found["database"].said
    assert found["archive"].verdict is Verdict.ATTENTION
    assert found["archive"].said.startswith("can be written and read")
    assert found["disk"].verdict is Verdict.OK
    assert "not looked at" in found["landscapes and plans"].said
    assert not any(SECRET in finding.said for finding in found.values())


def test_a_migration_that_is_missing_is_named(examine: Examine, warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        connection.execute(text("DELETE FROM public.applied_migration WHERE name ~ '^0012'"))
    found = examine()["database"]
    assert found.verdict is Verdict.BROKEN
    assert "run `drought db migrate`" in found.said


def test_a_database_that_cannot_be_written_is_broken(
    examine: Examine, warehouse: Engine, warehouse_url: str
) -> None:
    name = warehouse_url.rpartition("/")[2].partition("?")[0]
    admin = create_engine(warehouse_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(
            text(f'ALTER DATABASE "{name}" SET default_transaction_read_only = true')
        )
    admin.dispose()
    found = examine()["database"]
    assert found.verdict is Verdict.BROKEN
    assert "read-only transaction" in found.said


# --- clock ------------------------------------------------------------------------------------


def say_outcome(warehouse: Engine, at: datetime) -> None:
    with warehouse.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO ops.outcome (step, state, seconds, ended_at) "
                "VALUES ('compute', 'done', 1, :at)"
            ),
            {"at": at},
        )


def test_a_clock_behind_what_was_written_is_broken_and_both_times_are_named(
    examine: Examine, warehouse: Engine
) -> None:
    say_outcome(warehouse, SOON)
    found = examine(clock=lambda: SOON - timedelta(days=30))["clock"]
    assert found.verdict is Verdict.BROKEN
    assert [
        part
        for part in ("2026-12-16 06:00", "2027-01-15 06:00", "timedatectl")
        if part not in found.said
    ] == []


def test_a_clock_of_another_year_than_the_databases_is_broken(examine: Examine) -> None:
    found = examine(clock=lambda: now() + timedelta(days=400))["clock"]
    assert found.verdict is Verdict.BROKEN
    assert "and the database" in found.said


def test_the_clock_is_compared_with_that_of_the_data_store(examine: Examine) -> None:
    with DataStore(Month(2026, 9)) as store:
        found = examine(cdsapi_url=store.url, cdsapi_key=DEFAULT_KEY)["clock"]
    assert found.verdict is Verdict.OK
    assert found.said.endswith("close to the database and to the data store")


@pytest.fixture
def environment(
    monkeypatch: pytest.MonkeyPatch, warehouse_url: str, tmp_path: Path
) -> Iterator[None]:
    for name in [name for name in os.environ if name.startswith("DROUGHT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DROUGHT_VAR", str(tmp_path / "var"))
    monkeypatch.setenv("DROUGHT_DATABASE_URL", warehouse_url)
    wiring.settings.cache_clear()
    yield
    wiring.settings.cache_clear()


def test_nothing_is_written_while_the_clock_is_behind(
    environment: None, warehouse: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    future = now() + timedelta(hours=3)
    say_outcome(warehouse, future)
    with pytest.raises(InputError, match=f"written at {future:%Y-%m-%d %H:%M}.*timedatectl"):
        wiring.installation()
    assert wiring.installation(reads_only=True).warehouse is not None
    monkeypatch.setenv("DROUGHT_TRUST_CLOCK", "true")
    wiring.settings.cache_clear()
    assert wiring.installation().warehouse is not None


# --- archive and disk -------------------------------------------------------------------------


@pytest.fixture
def archived(installation: Installation, tmp_path: Path) -> Path:
    """A file in the archive."""
    path = tmp_path / "rain.nc"
    raw({"tp": 1e-3}, history=MODA).to_netcdf(path, engine="netcdf4")
    ingest_grid(installation, path, source="test", release=Release.FINAL)
    (kept,) = Path(installation.settings.archive.removeprefix("file://")).rglob("*.nc")
    return kept


def test_a_whole_archive_is_sound_and_keeps_no_probe(examine: Examine, archived: Path) -> None:
    before = sorted(archived.parents[2].rglob("*"))
    found = examine(is_thorough=True)["archive"]
    assert found.verdict is Verdict.OK
    assert "all 1 files are there with their checksums" in found.said
    assert sorted(archived.parents[2].rglob("*")) == before


def test_a_file_that_is_gone_is_named(examine: Examine, archived: Path) -> None:
    archived.unlink()
    found = examine()["archive"]
    assert found.verdict is Verdict.BROKEN
    assert f"test/{archived.parent.name}/{archived.name}" in found.said
    assert "restore them from a backup" in found.said


def test_a_changed_file_of_the_same_size_is_found_by_a_thorough_look_only(
    examine: Examine, archived: Path
) -> None:
    content = archived.read_bytes()
    archived.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert examine()["archive"].verdict is Verdict.OK
    found = examine(is_thorough=True)["archive"]
    assert found.verdict is Verdict.BROKEN
    assert archived.name in found.said


def test_an_archive_that_cannot_be_written_is_broken(examine: Examine, tmp_path: Path) -> None:
    occupied = tmp_path / "occupied"
    occupied.write_text("a file where a folder should be")
    found = examine(archive_url=(occupied / "archive").as_uri())["archive"]
    assert found.verdict is Verdict.BROKEN
    assert "Not a directory" in found.said


def test_a_disk_without_the_room_asked_for_is_broken(examine: Examine) -> None:
    found = examine(needed_bytes=1 << 60)["disk"]
    assert found.verdict is Verdict.BROKEN
    assert "expected at least 1,073,741,824.0 GiB; make room" in found.said


def test_the_disk_of_grids_is_looked_at_however_its_place_is_written(
    examine: Examine, tmp_path: Path
) -> None:
    for url in (str(tmp_path / "of its own"), (tmp_path / "of its own").as_uri()):
        assert "free for the grids" in examine(grids_url=url)["disk"].said
    assert "grids" not in examine(grids_url="memory://grids")["disk"].said


# --- mail -------------------------------------------------------------------------------------


def test_a_mail_server_is_knocked_at_and_nothing_sent(examine: Examine) -> None:
    with listening(Postbox(free_port())) as postbox:
        found = examine(smtp_host="127.0.0.1", smtp_port=postbox.port)["mail"]
    assert found.verdict is Verdict.OK
    assert found.said.endswith("lets us in; nothing was sent")
    assert postbox.letters == []


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        pytest.param({"smtp_starttls": True}, "STARTTLS", id="no STARTTLS where it is asked for"),
        pytest.param(
            {"smtp_user": "desk", "smtp_password": SECRET}, "AUTH", id="a log-in it does not take"
        ),
    ],
)
def test_a_mail_server_that_lets_nobody_in_is_broken(
    examine: Examine, settings: dict[str, object], said: str
) -> None:
    with listening(Postbox(free_port())) as postbox:
        found = examine(smtp_host="127.0.0.1", smtp_port=postbox.port, **settings)["mail"]
    assert found.verdict is Verdict.BROKEN
    assert said in found.said
    assert SECRET not in found.said


def test_a_mail_server_that_is_away_is_broken(examine: Examine) -> None:
    port = free_port()
    found = examine(smtp_host="127.0.0.1", smtp_port=port)["mail"]
    assert found.verdict is Verdict.BROKEN
    assert f"mail server 127.0.0.1:{port}" in found.said


def test_where_nobody_is_told_of_months_it_says_what_to_set(examine: Examine) -> None:
    with listening(Postbox(free_port())) as postbox:
        server = {"smtp_host": "127.0.0.1", "smtp_port": postbox.port}
        lacking = examine(**server)["operator"]
        told = examine(**server, mail_operator=["operator@example.org"])["operator"]
    assert lacking.verdict is Verdict.ATTENTION
    assert "nobody is told" in lacking.said
    assert lacking.said.endswith("set DROUGHT_MAIL_OPERATOR")
    assert (told.verdict, told.said) == (Verdict.OK, "1 address is told each month")


# --- data store -------------------------------------------------------------------------------


def test_a_key_and_its_licences_are_found_good_without_a_request(examine: Examine) -> None:
    with DataStore(Month(2026, 9)) as store:
        found = examine(cdsapi_url=store.url, cdsapi_key=DEFAULT_KEY)["data store"]
    assert found.verdict is Verdict.OK
    assert "takes the key; the licences are accepted" in found.said
    assert not any("execution" in path for _, path in store.requests)


def test_a_licence_to_accept_is_named_with_its_page(examine: Examine) -> None:
    behaviour = Behaviour(reject_licence=True)
    with DataStore(Month(2026, 9), behaviour=behaviour) as store:
        found = examine(cdsapi_url=store.url, cdsapi_key=DEFAULT_KEY)["data store"]
    assert found.verdict is Verdict.BROKEN
    assert found.said.startswith("licence cc-by is not accepted; sign in and accept it at https://")


def test_a_wrong_key_is_broken_and_not_printed(examine: Examine) -> None:
    with DataStore(Month(2026, 9)) as store:
        found = examine(cdsapi_url=store.url, cdsapi_key=SECRET)["data store"]
    assert found.verdict is Verdict.BROKEN
    assert "does not accept the key" in found.said
    assert SECRET not in found.said


def test_a_store_that_is_away_is_broken(examine: Examine) -> None:
    url = f"http://127.0.0.1:{free_port()}/api"
    found = examine(cdsapi_url=url, cdsapi_key=DEFAULT_KEY)
    assert found["data store"].verdict is Verdict.BROKEN
    assert found["clock"].verdict is Verdict.OK


def test_a_look_that_hangs_is_left_behind(examine: Examine) -> None:
    with DataStore(Month(2026, 9)) as store:
        store.server.shutdown()  # it listens still, and answers nobody
        found = examine(cdsapi_url=store.url, cdsapi_key=DEFAULT_KEY, look_seconds=1.0)
        store._thread.join()
    assert found["data store"].verdict is Verdict.BROKEN
    assert "no answer within 1 s" in found["data store"].said
    assert found["open things"].verdict is Verdict.OK


# --- landscapes and source --------------------------------------------------------------------


def test_landscapes_with_plans_and_a_source_are_sound(
    examine: Examine, installation: Installation, archived: Path
) -> None:
    settle(installation.warehouse, [landscape("one")])
    found = examine(source="test")
    assert found["landscapes and plans"].said == "of UZ, each with a plan in force"
    assert found["source"].said == "decided by test"
    assert examine()["source"].verdict is Verdict.BROKEN


def test_a_country_without_a_plan_is_named(examine: Examine, installation: Installation) -> None:
    settle(installation.warehouse, [landscape("one")])
    with installation.warehouse.begin() as connection:
        connection.execute(text("DELETE FROM plan.document WHERE country_code = 'UZ'"))
    found = examine()["landscapes and plans"]
    assert found.verdict is Verdict.BROKEN
    assert "no plan rules UZ" in found.said


# --- open things ------------------------------------------------------------------------------


def test_what_waits_for_somebody_is_counted(
    examine: Examine, installation: Installation, tmp_path: Path
) -> None:
    path = tmp_path / "rain.nc"
    path.write_text("<html>")
    with pytest.raises(InputError):
        ingest_grid(installation, path, source="test", release=Release.FINAL)
    with installation.warehouse.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO ops.request (dataset, product_type, area, asked_at) VALUES "
                "('era5', 'means', '[]', '2026-11-01 06:00Z'), "
                "('era5', 'means', '[]', '2026-11-02 06:00Z')"
            )
        )
    found = examine()["open things"]
    assert found.verdict is Verdict.ATTENTION
    assert "files refused and not taken since: 1" in found.said
    assert "open requests to the data store, the oldest of 2026-11-01: 2" in found.said
