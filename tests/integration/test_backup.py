"""Backups: one moment of the warehouse in a file, tried, and brought back so that work goes on."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from psycopg.errors import AdminShutdown
from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.pool import NullPool

from pipeline.core.errors import ConflictError, InputError
from pipeline.core.ids import Release
from pipeline.local.postgres import EmbeddedPostgres
from pipeline.settings import Settings
from pipeline.sources.archive import Archive
from pipeline.steps.backup import Made, Programs, back_up
from pipeline.steps.check import check
from pipeline.steps.evaluate import evaluate
from pipeline.steps.golive import golive
from pipeline.steps.installation import Installation
from pipeline.steps.restore import Restored, restore
from pipeline.warehouse.analysts import Limits, add_analyst, remove_analyst
from pipeline.warehouse.backup_files import REFUSED, read_backups
from pipeline.warehouse.databases import Place, beside, has_database, scratch_database
from pipeline.warehouse.dumps import DumpError, DumpPrograms
from pipeline.warehouse.holders import BusyWarehouseError
from pipeline.warehouse.locks import only_backup
from tests.integration.little_world import JANUARY, landscape, say_spi_3, settle, told

pytestmark = pytest.mark.postgres

WRAPPER = """#!/bin/sh
echo "$0 $*" >> "{log}"
{before}
"{real}" "$@"
code=$?
{after}
exit $code
"""


@pytest.fixture
def programs(postgres: EmbeddedPostgres) -> Programs:
    return Programs((postgres.programs(),), postgres.root)


@pytest.fixture
def world(warehouse: Engine) -> Engine:
    """Two landscapes, one in a drought that was corrected since."""
    settle(warehouse, [landscape("A"), landscape("B")])
    spoken = {"A": [0.2, -1.2, -1.7], "B": [0.1, 0.2, 0.3]}
    say_spi_3(warehouse, spoken, release=Release.PRELIMINARY)
    return warehouse


@pytest.fixture
def decided(installation: Installation, world: Engine) -> Installation:
    """The world with stages, alerts and a correction, live."""
    evaluate(installation)
    golive(installation, JANUARY + 3)
    say_spi_3(world, {"A": [0.2, -1.1, -1.3], "B": [0.1, 0.2, 0.3]})
    evaluate(installation)
    say_spi_3(world, {"A": [-2.2], "B": [0.3]}, first=JANUARY + 3)
    evaluate(installation)
    assert told(world, "SELECT count(*) FROM alert.delivery") != [(0,)]
    return installation


@pytest.fixture
def clerk(world: Engine) -> Iterator[Engine]:
    """The warehouse as a login reaches it that is in drought_pipeline, and in nothing else."""
    admin = world.execution_options(isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(
            text("CREATE ROLE clerk LOGIN PASSWORD 'open-sesame' IN ROLE drought_pipeline")
        )
    engine = create_engine(world.url.set(username="clerk", password="open-sesame"))
    yield engine
    engine.dispose()
    with admin.connect() as connection:
        connection.execute(text("DROP OWNED BY clerk"))
        connection.execute(text("DROP ROLE clerk"))


@pytest.fixture
def empty(postgres: EmbeddedPostgres) -> Iterator[Engine]:
    """A database that holds nothing."""
    postgres.ensure_database("restored")
    engine = create_engine(postgres.url("restored"))
    yield engine
    engine.dispose()
    admin = create_engine(postgres.url("postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("DROP DATABASE restored WITH (FORCE)"))
    admin.dispose()


def wrapped(
    programs: Programs, folder: Path, *, before: str = "", after: str = "", name: str = "pg_dump"
) -> Programs:
    """The programs, each noting its command line, and one doing something more."""
    (binaries,) = programs.folders
    assert binaries is not None
    folder.mkdir()
    for real in ("pg_dump", "pg_restore"):
        is_it = real == name
        script = WRAPPER.format(
            log=folder / "log",
            before=before if is_it else "",
            real=binaries / real,
            after=after if is_it else "",
        )
        (folder / real).write_text(script)
        (folder / real).chmod(0o755)
    return replace(programs, folders=(folder,))


def psql(programs: Programs, statement: str) -> str:
    """A line of shell that runs a statement as the program's own caller would."""
    return (
        f'for one in "$@"; do case "$one" in --dbname=*) '
        f'"{programs.folders[0]}/psql" -q "${{one#--dbname=}}" -c "{statement}";; esac; done'
    )


def there(database: Engine) -> Place:
    """A database that is there."""
    return Place(database, database, is_there=True)


def restored(installation: Installation, programs: Programs, made: Made, into: Engine) -> Restored:
    archive = Archive(installation.settings.archive)
    return restore(there(into), programs.folders, made.path, archive)


def databases(warehouse: Engine) -> list[tuple[object, ...]]:
    return told(warehouse, "SELECT datname FROM pg_database WHERE datname LIKE '%_trial'")


class TestBackingUp:
    def test_it_is_tried_and_noted_and_leaves_no_scratch_behind(
        self, decided: Installation, programs: Programs
    ) -> None:
        said: list[str] = []
        made = back_up(decided, programs, tell=said.append)
        assert made.path.parent == decided.settings.var / "backups"
        assert made.path.stat().st_mode & 0o777 == 0o600
        assert made.path.parent.stat().st_mode & 0o777 == 0o700
        assert made.backup.tried_at is not None
        assert made.backup.tables["alert.transition"].rows > 3
        assert len(made.found) > 20
        assert not any(one.is_wrong or one.trouble for one in made.found)
        assert [line.split()[0] for line in said] == [
            "writing",
            "counting",
            "taking",
            "restoring",
            "comparing",
            "running",
        ]
        assert read_backups(made.path.parent) == [made.backup]
        assert databases(decided.warehouse) == []
        ((state, rows, message),) = told(
            decided.warehouse,
            "SELECT state, row_count, message FROM ops.outcome WHERE step = 'backup'",
        )
        assert (state, rows) == ("done", made.backup.rows)
        assert str(message).startswith(
            f"{made.path.name}, {made.backup.size_bytes} bytes, tried in"
        )

    def test_it_holds_one_moment_whatever_is_written_meanwhile(
        self, world: Engine, installation: Installation, programs: Programs, tmp_path: Path
    ) -> None:
        insert = "INSERT INTO landscape.landscape (landscape_id) VALUES ('meanwhile')"
        busy = wrapped(programs, tmp_path / "bin", before=psql(programs, insert))
        made = back_up(installation, busy)
        assert told(world, "SELECT count(*) FROM landscape.landscape") == [(3,)]
        assert made.backup.tables["landscape.landscape"].rows == 2

    def test_the_password_is_on_no_command_line_and_in_no_message(
        self, installation: Installation, world: Engine, programs: Programs, tmp_path: Path
    ) -> None:
        password = str(world.url.password)
        seen = wrapped(programs, tmp_path / "bin", name="pg_restore", after="exit 1")
        with pytest.raises(DumpError) as failed:
            back_up(installation, seen)
        lines = (tmp_path / "bin" / "log").read_text()
        assert "pg_dump" in lines
        assert "pg_restore" in lines
        outcomes = str(told(world, "SELECT message FROM ops.outcome"))
        assert password not in lines + str(failed.value) + outcomes

    def test_a_copy_that_is_not_the_same_is_no_backup(
        self, installation: Installation, world: Engine, programs: Programs, tmp_path: Path
    ) -> None:
        good = back_up(installation, programs)
        change = "UPDATE landscape.version SET name_en = 'changed' WHERE landscape_key = 1"
        lossy = wrapped(programs, tmp_path / "bin", name="pg_restore", after=psql(programs, change))
        with pytest.raises(ConflictError) as refused:
            back_up(installation, lossy)
        assert "got landscape.version: 2 rows with other values; " in str(refused.value)
        assert read_backups(good.path.parent) == [good.backup]
        assert (good.path.parent / REFUSED).exists()
        assert databases(world) == []
        assert told(world, "SELECT state FROM ops.outcome WHERE step = 'backup' ORDER BY 1") == [
            ("done",),
            ("failed",),
        ]

    def test_what_a_killed_one_left_is_cleared_away(
        self, installation: Installation, world: Engine, programs: Programs
    ) -> None:
        folder = installation.settings.var / "backups"
        folder.mkdir(parents=True)
        (folder / "drought-20260101T000000.000000Z.dump.part").write_text("half")
        scratch = f"{world.url.database}_trial"
        admin = world.execution_options(isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {scratch}"))
            connection.execute(
                text(
                    f"COMMENT ON DATABASE {scratch} IS 'scratch of drought db backup: may be dropped'"
                )
            )
        made = back_up(installation, programs)
        assert {path.name for path in folder.iterdir()} == {
            made.path.name,
            made.path.with_suffix(".json").name,
        }
        assert databases(world) == []

    def test_a_database_of_somebody_is_not_dropped_for_a_trial(
        self, installation: Installation, world: Engine, programs: Programs
    ) -> None:
        scratch = f"{world.url.database}_trial"
        admin = world.execution_options(isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {scratch}"))
        try:
            with pytest.raises(InputError, match="got one that is somebody's"):
                back_up(installation, programs)
            assert databases(world) == [(scratch,)]
            assert list((installation.settings.var / "backups").iterdir()) == []
        finally:
            with admin.connect() as connection:
                connection.execute(text(f"DROP DATABASE {scratch}"))

    def test_a_login_that_may_not_make_databases_is_told_before_the_dump(
        self, installation: Installation, clerk: Engine, programs: Programs
    ) -> None:
        place = replace(installation, warehouse=clerk)
        said: list[str] = []
        with pytest.raises(InputError, match=r"say ALTER ROLE clerk CREATEDB .* --no-try"):
            back_up(place, programs, tell=said.append)
        assert said == []
        assert list((installation.settings.var / "backups").iterdir()) == []
        made = back_up(place, programs, is_tried=False)  # as the message says
        assert read_backups(made.path.parent) == [made.backup]

    def test_a_scratch_that_somebody_is_connected_to_goes_all_the_same(
        self, world: Engine, clerk: Engine
    ) -> None:
        """No superuser's powers are needed for that: the session is of the same login."""
        with world.begin() as connection:
            connection.execute(text("ALTER ROLE clerk CREATEDB"))
        with scratch_database(clerk) as scratch:
            url = scratch.url.set(drivername="postgresql")
            held = psycopg.connect(url.render_as_string(hide_password=False))
            assert databases(world) == [(scratch.url.database,)]
        assert databases(world) == []
        with pytest.raises(AdminShutdown):
            held.execute("SELECT 1")
        held.close()

    def test_the_newest_are_kept(self, world: Engine, programs: Programs, tmp_path: Path) -> None:
        place = Installation(Settings(var=tmp_path, backups_kept=2), world)
        made = [back_up(place, programs, is_tried=False) for _ in range(3)]
        assert made[2].removed == (made[0].path.name,)
        assert read_backups(tmp_path / "backups") == [made[1].backup, made[2].backup]
        assert not made[0].path.with_suffix(".json").exists()

    def test_without_room_nothing_is_begun(
        self, installation: Installation, world: Engine, programs: Programs,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        monkeypatch.setattr("shutil.disk_usage", lambda path: type("Disk", (), {"free": 1000})())
        with pytest.raises(InputError, match=r"expected room for some 0\.0 GiB, got 0\.0 GiB"):
            back_up(installation, programs)
        assert list((installation.settings.var / "backups").iterdir()) == []
        assert databases(world) == []

    def test_two_at_once_are_refused(self, installation: Installation, programs: Programs) -> None:
        with only_backup(installation.warehouse), pytest.raises(BusyWarehouseError):
            back_up(installation, programs)

    @pytest.mark.parametrize(
        ("says", "trouble"),
        [
            pytest.param("12.4", "Postgres 18, got .*/pg_dump of 12; install", id="older"),
            pytest.param("nothing", "expected it to say its version", id="no version"),
        ],
    )
    def test_programs_that_do_not_suit_the_server_are_named(
        self, tmp_path: Path, says: str, trouble: str
    ) -> None:
        tool = tmp_path / "pg_dump"
        tool.write_text(f"#!/bin/sh\necho 'pg_dump (PostgreSQL) {says}'\n")
        tool.chmod(0o755)
        with pytest.raises(InputError, match=trouble):
            DumpPrograms.for_server(180004, [tmp_path])

    def test_those_of_the_servers_own_version_go_before_newer_ones(self, tmp_path: Path) -> None:
        for version in ("12.4", "19.0", "18.1"):
            (tmp_path / version).mkdir()
            tool = tmp_path / version / "pg_dump"
            tool.write_text(f"#!/bin/sh\necho 'pg_dump (PostgreSQL) {version}'\n")
            tool.chmod(0o755)
        folders = [tmp_path / one for one in ("12.4", "19.0", "18.1")]
        assert DumpPrograms.for_server(180004, folders).folder == tmp_path / "18.1"
        assert DumpPrograms.for_server(180004, folders[:2]).folder == tmp_path / "19.0"

    def test_without_programs_it_is_said_which_to_install(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="got none; install postgresql-client-18"):
            DumpPrograms.for_server(180004, [tmp_path / "none"])


class TestRestoring:
    def test_work_goes_on_where_it_was(
        self, decided: Installation, programs: Programs, empty: Engine, tmp_path: Path
    ) -> None:
        between = told(decided.warehouse, "SELECT min(known_until) - interval '1 millisecond' "
                       "FROM index.value_month_superseded")[0][0]  # fmt: skip
        as_of = "SELECT * FROM mart.index_month_as_of(:t) ORDER BY landscape_id, month, index_code"
        before = told(decided.warehouse, as_of, t=between)
        made = back_up(decided, programs, is_tried=False)
        done = restored(decided, programs, made, empty)
        assert (done.rows, done.is_compared, done.pending) == (made.backup.rows, True, ())
        assert told(empty, as_of, t=between) == before
        place = replace(decided, warehouse=empty)
        again = evaluate(place)
        assert (again.stage_rows, again.transitions, again.told) == (0, 0, 0)
        check(place)
        # And what comes next: identities go on, replaced rows are kept.
        newest = told(empty, "SELECT max(alert_id) FROM alert.transition")[0][0]
        replaced = told(empty, "SELECT count(*) FROM index.value_month_superseded")[0][0]
        say_spi_3(empty, {"A": [0.9], "B": [-1.4]}, first=JANUARY + 3)
        assert evaluate(place).transitions > 0
        assert isinstance(newest, int)
        assert isinstance(replaced, int)
        assert told(empty, "SELECT min(alert_id) > :n FROM alert.transition WHERE alert_id > :n",
                    n=newest) == [(True,)]  # fmt: skip
        assert told(empty, "SELECT count(*) > :n FROM index.value_month_superseded",
                    n=replaced) == [(True,)]  # fmt: skip

    def test_rights_are_as_they_were(
        self, decided: Installation, programs: Programs, empty: Engine
    ) -> None:
        made = back_up(decided, programs, is_tried=False)
        restored(decided, programs, made, empty)
        with empty.begin() as connection:
            connection.execute(text("SET LOCAL ROLE drought_analyst"))
            assert connection.execute(text("SELECT count(*) FROM mart.alert")).scalar_one()
        with empty.connect() as connection:
            connection.execute(text("SET ROLE drought_analyst"))
            with pytest.raises(ProgrammingError, match="permission denied"):
                connection.execute(text("SELECT count(*) FROM alert.transition"))
        with empty.begin() as connection:
            connection.execute(text("SET LOCAL ROLE drought_pipeline"))
            connection.execute(text("UPDATE ops.identity SET live_from = live_from"))
        with empty.connect() as connection, pytest.raises(IntegrityError):
            connection.execute(
                text("INSERT INTO alert.approval (alert_id, state) VALUES (-1, 'pending')")
            )

    def test_a_database_that_holds_anything_is_refused(
        self, installation: Installation, world: Engine, programs: Programs, empty: Engine
    ) -> None:
        made = back_up(installation, programs, is_tried=False)
        with empty.begin() as connection:
            connection.execute(text("CREATE TABLE public.theirs (thing integer)"))
        with pytest.raises(InputError, match="nothing is ever restored over a warehouse"):
            restored(installation, programs, made, empty)
        assert told(empty, "SELECT count(*) FROM pg_namespace WHERE nspname = 'mart'") == [(0,)]

    def test_a_dump_that_was_cut_short_is_refused_before_anything_is_done(
        self, installation: Installation, world: Engine, programs: Programs, empty: Engine
    ) -> None:
        made = back_up(installation, programs, is_tried=False)
        made.path.write_bytes(made.path.read_bytes()[:-100])
        with pytest.raises(ConflictError, match="cut short or changed"):
            restored(installation, programs, made, empty)
        made.path.with_suffix(".json").unlink()
        with pytest.raises(
            InputError, match=r"it is damaged, expected a dump that .* can read, got"
        ):
            restored(installation, programs, made, empty)
        assert told(empty, "SELECT count(*) FROM pg_namespace WHERE nspname = 'mart'") == [(0,)]

    @pytest.mark.parametrize(
        ("kept", "trouble"),
        [
            pytest.param(slice(-100), "is damaged", id="cut at its end"),
            pytest.param(slice(2000), "is damaged", id="cut in its table of contents"),
            pytest.param(slice(7, None), "is no backup", id="something else"),
            pytest.param(slice(0), "is no backup", id="nothing"),
        ],
    )
    def test_a_database_made_for_what_is_no_dump_is_gone_again(
        self, installation: Installation, world: Engine, programs: Programs, tmp_path: Path,
        kept: slice, trouble: str,
    ) -> None:  # fmt: skip
        made = back_up(installation, programs, is_tried=False)
        copied = tmp_path / "copied.dump"
        copied.write_bytes(made.path.read_bytes()[kept])
        place = Place(beside(world, "copied_back"), world, is_there=False)
        archive = Archive(installation.settings.archive)
        said: list[str] = []
        with pytest.raises(InputError, match=rf"copied\.dump: it {trouble}, expected a "):
            restore(place, programs.folders, copied, archive, tell=said.append)
        assert not has_database(world, "copied_back")
        # Most is seen before a database is made.
        assert bool(said) == (kept == slice(-100))

    def test_a_dump_of_another_database_is_no_backup(
        self, installation: Installation, world: Engine, programs: Programs, empty: Engine,
        tmp_path: Path,
    ) -> None:  # fmt: skip
        with empty.connect() as connection:
            snapshot = connection.execute(text("SELECT pg_export_snapshot()")).scalar_one()
            other = tmp_path / "other.dump"
            DumpPrograms.for_server(180000, programs.folders).dump(empty, other, snapshot)
        archive = Archive(installation.settings.archive)
        with pytest.raises(InputError, match="got one of another database"):
            restore(there(empty), programs.folders, other, archive)

    def test_where_the_file_is_whole_the_server_is_blamed_and_what_was_there_stays(
        self, installation: Installation, world: Engine, programs: Programs, empty: Engine,
        tmp_path: Path,
    ) -> None:  # fmt: skip
        made = back_up(installation, programs, is_tried=False)
        only_with_server = 'case "$*" in *--dbname*) exit 3;; esac'
        broken = wrapped(programs, tmp_path / "bin", name="pg_restore", before=only_with_server)
        with pytest.raises(DumpError, match="pg_restore: ended with code 3"):
            restored(installation, broken, made, empty)
        assert has_database(world, "restored")

    def test_a_whole_copy_is_kept_whatever_becomes_of_the_archive(
        self, installation: Installation, world: Engine, programs: Programs
    ) -> None:
        class Away(Archive):
            def size_of(self, key: str) -> int | None:
                raise TimeoutError(key)

        made = back_up(installation, programs, is_tried=False)
        place = Place(beside(world, "copied_back"), world, is_there=False)
        try:
            with pytest.raises(TimeoutError):
                restore(place, programs.folders, made.path, Away(installation.settings.archive))
            assert told(place.database, "SELECT count(*) FROM landscape.landscape") == [(2,)]
        finally:
            with world.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text("DROP DATABASE copied_back WITH (FORCE)"))

    def test_logins_of_analysts_do_not_reach_the_copy(
        self, decided: Installation, programs: Programs, empty: Engine
    ) -> None:
        made = back_up(decided, programs, is_tried=False)
        with decided.warehouse.begin() as connection:
            add_analyst(connection, "karimova", "open-sesame", Limits())
        analyst = create_engine(
            empty.url.set(username="karimova", password="open-sesame"), poolclass=NullPool
        )
        try:
            with empty.begin() as connection:  # as Postgres makes a database
                connection.execute(text("GRANT CONNECT, TEMP ON DATABASE restored TO public"))
            with analyst.connect():
                pass
            assert restored(decided, programs, made, empty).is_of_this_version
            with pytest.raises(OperationalError, match="permission denied for database"):
                analyst.connect()
            with empty.begin() as connection:
                connection.execute(text("GRANT CONNECT ON DATABASE restored TO karimova"))
            with analyst.connect() as connection:
                connection.execute(text("SET transaction_read_only = off"))
                with pytest.raises(ProgrammingError, match="permission denied to create temp"):
                    connection.execute(text("CREATE TEMP TABLE theirs (thing integer)"))
        finally:
            with empty.begin() as connection:
                connection.execute(text("REVOKE ALL ON DATABASE restored FROM karimova"))
            with decided.warehouse.begin() as connection:
                remove_analyst(connection, "karimova")

    @pytest.mark.parametrize(
        ("change", "lacks"),
        [
            pytest.param("DELETE FROM public.applied_migration WHERE name = '0025_answers.sql'",
                         ("0025_answers.sql",), id="older tables"),
            pytest.param("INSERT INTO public.applied_migration VALUES ('9999_later.sql', 'x')",
                         (), id="newer tables"),
        ],
    )  # fmt: skip
    def test_tables_of_another_version_are_told_and_left_to_the_migration(
        self, installation: Installation, world: Engine, programs: Programs, empty: Engine,
        change: str, lacks: tuple[str, ...],
    ) -> None:  # fmt: skip
        with world.begin() as connection:
            connection.execute(text(change))
        made = back_up(installation, programs, is_tried=False)
        done = restored(installation, programs, made, empty)
        assert (done.is_of_this_version, done.pending) == (False, lacks)

    def test_raw_files_that_lack_and_messages_that_wait_are_said(
        self, decided: Installation, programs: Programs, empty: Engine
    ) -> None:
        with decided.warehouse.begin() as connection:
            connection.execute(text("UPDATE alert.delivery SET state = 'queued'"))
        made = back_up(decided, programs, is_tried=False)
        done = restored(decided, programs, made, empty)
        assert (done.files, done.lacking) == (1, ("grid/1.nc",))
        waiting = told(empty, "SELECT count(*) FROM alert.delivery")
        assert [(done.undelivered,)] == waiting
        kept = decided.settings.var / "archive" / "grid" / "1.nc"
        kept.parent.mkdir(parents=True)
        kept.write_bytes(bytes(1000))
        with empty.connect() as connection:
            connection.execute(
                text("DROP SCHEMA mart, ops, alert, plan, index, series, landscape CASCADE")
            )
            connection.execute(text("DROP TABLE public.applied_migration, public.alembic_version"))
            connection.commit()
        assert restored(decided, programs, made, empty).lacking == ()


def test_by_the_command_line(
    warehouse_url: str, world: Engine, programs: Programs, empty: Engine, tmp_path: Path
) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DROUGHT_")}
    environment = kept | {
        "DROUGHT_VAR": str(tmp_path / "var"),
        "DROUGHT_DATABASE_URL": warehouse_url,
    }

    def drought(*words: str) -> str:
        command = [sys.executable, "-c", "from pipeline.cli import main; main()", *words]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert str(make_url(warehouse_url).password) not in done.stdout + done.stderr
        return done.stdout

    made = drought("db", "backup")
    (dump,) = (tmp_path / "var" / "backups").glob("*.dump")
    assert made.startswith(f"backup: {dump} (")
    assert "tables equal in rows and content; " in made
    assert "no error" in made
    assert dump.name[:18] in drought("db", "backups")
    shown = drought("db", "restore", str(dump), "--into", "restored")
    assert "equal to what was noted beside it" in shown
    assert "raw files: 0 of 1 are in the archive\n  lacks grid/1.nc\n" in shown
    assert told(empty, "SELECT count(*) FROM landscape.landscape") == [(2,)]
    made = drought("db", "restore", str(dump), "--into", "restored_anew")
    scratch = beside(world, "restored_anew")
    assert told(scratch, "SELECT has_database_privilege('drought_analyst', 'restored_anew', "
                "'CONNECT, TEMPORARY')") == [(False,)]  # fmt: skip
    with world.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("DROP DATABASE restored_anew"))


def test_the_moment_of_a_backup_is_that_of_its_snapshot(
    installation: Installation, world: Engine, programs: Programs
) -> None:
    (before,) = told(world, "SELECT clock_timestamp()")
    made = back_up(installation, programs, is_tried=False)
    (after,) = told(world, "SELECT clock_timestamp()")
    assert before[0] <= made.backup.made_at <= after[0]  # type: ignore[operator]
    assert made.backup.made_at.utcoffset() == timedelta(0)
