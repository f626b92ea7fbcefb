"""Bad input through the command itself: one clear line, the right exit code, an untouched warehouse.

The bytes of a refused file are kept, though: in the archive under ``refused/``, and registered.

The warehouse holds a whole small world of real data, so that every table could be spoiled. The
command runs in this process, which spares importing it anew each time; one test runs it as
installed.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine, create_engine, text

from pipeline import wiring
from pipeline.cli import main
from pipeline.core.errors import InputError
from pipeline.core.ids import Country, LandUse, Release, StationFormat
from pipeline.core.months import Month
from pipeline.local.postgres import EmbeddedPostgres
from pipeline.settings import Settings
from pipeline.sources.landscape_files import read_landscapes
from pipeline.steps.compute import compute
from pipeline.steps.evaluate import evaluate
from pipeline.steps.golive import golive
from pipeline.steps.ingest import ingest_grid
from pipeline.steps.ingest_stations import ingest_stations
from pipeline.steps.installation import Installation
from pipeline.steps.landscapes import load_landscapes
from pipeline.warehouse.engine import connect
from tests.integration.conftest import NOW, TEMPLATE
from tests.unit.grids.raw import MODA, raw

INSTALLED = Path(sys.executable).with_name("drought")
UZ_PLAN = Path(__file__).parents[2] / "pipeline" / "plans" / "documents" / "uz.yaml"
DATABASE = "bad_input"

MONTHS = [f"{year}-{month:02d}-01" for year in range(1991, 2021) for month in range(1, 13)]
DRY_FROM = 12 * 29
"""The last year of `MONTHS` has a fifth of its rain, so that there are stages to tell."""
SQUARE = [[60, 40], [61, 40], [61, 41], [60, 41], [60, 40]]
BOW_TIE = [[60, 40], [61, 41], [61, 40], [60, 41], [60, 40]]
IN_GERMANY = [[10, 50], [11, 50], [11, 51], [10, 51], [10, 50]]

PASSWORD = "hemlock-and-nightshade"  # noqa: S105 - of nothing
DAILY_LINE = "TU000017074{}PRCP" + 28 * "   10   " + 3 * "-9999   " + "\n"

pytestmark = pytest.mark.postgres

Command = list[str]
Maker = Callable[[Path], Command]
"""Writes bad input into a folder and returns the command that meets it."""


@dataclass(frozen=True)
class World:
    """A warehouse with something in every table, and the folder of its installation."""

    warehouse: Engine
    var: Path

    @property
    def url(self) -> str:
        return self.warehouse.url.render_as_string(hide_password=False)


@pytest.fixture(scope="module")
def world(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    admin = create_engine(postgres.url("postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {DATABASE} TEMPLATE {TEMPLATE}"))
    folder = tmp_path_factory.mktemp("bad_input")
    warehouse = create_engine(postgres.url(DATABASE))
    installation = Installation(Settings(var=folder / "var"), warehouse, clock=lambda: NOW)
    file = write_landscapes(folder, ("one", SQUARE))
    landscapes = read_landscapes(file, country=Country.UZBEKISTAN, land_use=LandUse.RAINFED)
    load_landscapes(installation, landscapes)
    grid = write_grid(folder, history=MODA)
    ingest_grid(installation, grid, source="test", release=Release.FINAL)
    gauge = write_table(folder, "38462,2020-12-31,1.5", "38462,2021-01-31,-1")
    ingest_stations(installation, gauge, StationFormat.AGENCY)
    compute(installation)
    evaluate(installation)
    golive(installation, Month(2021, 1))
    yield World(warehouse, installation.settings.var)
    warehouse.dispose()
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {DATABASE} WITH (FORCE)"))
    admin.dispose()


def write_grid(
    folder: Path, *, history: str | None = None, expver: str | None = None, origin: str = ""
) -> Path:
    """Thirty years of rain over the square, laid out as the store does."""
    rain = np.random.default_rng(1).gamma(2.0, 1e-3, (len(MONTHS), 2, 3))
    rain[DRY_FROM:] /= 5
    path = folder / "rain.nc"
    dataset = raw({"tp": rain}, MONTHS, history=history, expver=expver, origin=origin)
    dataset.to_netcdf(path, engine="netcdf4")
    return path


def write_landscapes(folder: Path, *rings: tuple[str, list[list[int]]], **said: str) -> Path:
    features = [
        {
            "type": "Feature",
            "properties": {"landscape_id": name, "name_en": name, **said},
            "geometry": {"type": "Polygon", "coordinates": [ring]},
        }
        for name, ring in rings
    ]
    path = folder / "landscapes.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def write_table(folder: Path, *rows: str) -> Path:
    path = folder / "gauges.csv"
    path.write_text("\n".join(("station_id,date,precipitation_mm", *rows)) + "\n")
    return path


def write_plan(folder: Path, old: str, new: str) -> Path:
    """The plan of Uzbekistan, the first `old` in it replaced."""
    path = folder / "plan.yaml"
    body = UZ_PLAN.read_text(encoding="utf-8")
    assert old in body
    path.write_text(body.replace(old, new, 1), encoding="utf-8")
    return path


def contents(world: World) -> dict[str, list[str]]:
    """Every row of every table and the names of the archived files, as no bad input may change them.

    Not the outcomes of steps, nor the files that were refused as a whole: those are written down.
    """
    with world.warehouse.connect() as connection:
        tables = connection.execute(
            text(
                "SELECT format('%I.%I', table_schema, table_name) FROM information_schema.tables "
                "WHERE table_type = 'BASE TABLE' AND table_name NOT IN ('outcome', 'refused_file') AND "
                "table_schema IN ('ops', 'landscape', 'series', 'index', 'plan', 'alert')"
            )
        ).scalars()
        rows = {
            table: sorted(connection.execute(text(f"SELECT t::text FROM {table} AS t")).scalars())  # noqa: S608
            for table in tables
        }
    archive = world.var / "archive"
    kept = sorted(str(path.relative_to(archive)) for path in archive.rglob("*"))
    return {**rows, "archive": [path for path in kept if not path.startswith("refused")]}


def kept_as_refused(world: World, path: Path) -> tuple[int, str]:
    """How often these bytes were refused, and why the last time, after a look at what is kept."""
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    with world.warehouse.connect() as connection:
        query = text(
            "SELECT archive_key, reason, times FROM ops.refused_file WHERE sha256 = :sha256"
        )
        row = connection.execute(query, {"sha256": sha256}).one()
    copy = world.var / "archive" / row.archive_key
    assert row.archive_key.startswith(f"refused/{sha256[:2]}/{sha256}")
    assert copy.read_bytes() == path.read_bytes()
    sidecar = json.loads(copy.with_name(f"{copy.name}.json").read_text())
    assert sidecar["sha256"] == sha256
    assert sidecar["name"] == path.name
    return row.times, row.reason


def last_outcome(world: World) -> tuple[str, str, str]:
    with world.warehouse.connect() as connection:
        query = "SELECT step, state, message FROM ops.outcome ORDER BY outcome_id DESC LIMIT 1"
        step, state, message = connection.execute(text(query)).one()
    return step, state, message


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def line(self) -> str:
        """The one line in which bad input is refused, after its sign."""
        assert self.code == 1, self.err
        assert self.out == ""
        assert self.err.startswith("error: "), self.err
        assert self.err.count("\n") == 1, self.err
        return self.err.removeprefix("error: ").rstrip("\n")


Drought = Callable[[Command, Mapping[str, str]], Ended]
"""Runs a command in the folder of the test, with these settings and no others."""


@pytest.fixture
def drought(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[Drought]:
    def run(command: Command, settings: Mapping[str, str]) -> Ended:
        monkeypatch.setattr(sys, "argv", ["drought", *command])
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        wiring.settings.cache_clear()
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capfd.readouterr()
        assert isinstance(ended.value.code, int)
        return Ended(ended.value.code, out, err)

    for name in [name for name in os.environ if name.startswith("DROUGHT_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    yield run
    wiring.settings.cache_clear()


def settings_of(world: World) -> dict[str, str]:
    return {"DROUGHT_VAR": str(world.var), "DROUGHT_DATABASE_URL": world.url}


def refusal(drought: Drought, world: World, command: Command, **settings: str) -> str:
    """The line with which `command` is refused, after making sure that nothing else happened."""
    before = contents(world)
    ended = drought(command, settings_of(world) | settings)
    assert contents(world) == before
    return ended.line


def test_the_world_has_rows_to_spoil(world: World) -> None:
    filled = {table for table, rows in contents(world).items() if rows}
    assert filled >= {
        "archive",
        "ops.file",
        "ops.grid_month",
        "ops.ingest",
        "landscape.version",
        "series.climate_month",
        "series.station_month",
        "series.quarantine",
        "index.calibration",
        "index.value_month",
        "plan.document",
        "plan.stage_month",
        "alert.transition",
        "alert.message",
    }


# --- grids and gauges -------------------------------------------------------------------------


def grid_of_unsaid_product(folder: Path) -> Command:
    path = write_grid(folder, expver="0001")
    return ["ingest", "grid", path.name, "--source", "test"]


def grid_of_unsaid_release(folder: Path) -> Command:
    return ["ingest", "grid", write_grid(folder, history=MODA).name, "--source", "test"]


def half_a_grid(folder: Path) -> Command:
    path = write_grid(folder, history=MODA, expver="0001")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    return ["ingest", "grid", path.name, "--source", "test"]


def simulated_grid(folder: Path) -> Command:
    path = write_grid(folder, history=MODA, expver="0001", origin="simulated")
    return ["ingest", "grid", path.name, "--source", "test"]


def source_that_is_a_path(folder: Path) -> Command:
    path = write_grid(folder, history=MODA, expver="0001")
    return ["ingest", "grid", path.name, "--source", "../../elsewhere"]


def table_of_bad_dates(folder: Path) -> Command:
    path = write_table(folder, "38462,2021-02-30,1.0", "38462,2021-02-31,1.0")
    return ["ingest", "stations", path.name, "--format", "agency"]


def daily_record_of_bad_dates(folder: Path) -> Command:
    path = folder / "gauge.dly"
    months = ("202113", "202114", "202102")
    path.write_text("".join(map(DAILY_LINE.format, months)))
    return ["ingest", "stations", path.name, "--format", "ghcn-daily"]


@pytest.mark.parametrize(
    ("maker", "said"),
    [
        pytest.param(
            grid_of_unsaid_product,
            ("rain.nc: tp may be", "expected stream 'moda'", "say --product monthly-mean or"),
            id="rain in metres without known meaning",
        ),
        pytest.param(
            grid_of_unsaid_release,
            ("rain.nc: 1991-01: ", "expected 'expver'", "add --release final or"),
            id="months of an unknown release",
        ),
        pytest.param(
            half_a_grid,
            ("rain.nc: expected a whole file, got ", " bytes; ", "download it again"),
            id="a half-downloaded NetCDF",
        ),
        pytest.param(
            simulated_grid,
            ("rain.nc: this warehouse holds real data and the file is simulated", "another one"),
            id="simulated rain into a warehouse of real data",
        ),
        pytest.param(
            source_that_is_a_path,
            ("--source: expected small letters", "got '../../elsewhere'", "name it so"),
            id="a source whose name leads out of the archive",
        ),
        pytest.param(
            table_of_bad_dates,
            ("gauges.csv: expected rows", "(line 2: date: expected ", "2021-02-30", "correct it"),
            id="an agency's table on 30 and 31 February",
        ),
        pytest.param(
            daily_record_of_bad_dates,
            (
                "gauge.dly: expected ",
                "(line 1: columns 12-17: expected ",
                "202113",
                "fetch the fil",
            ),
            id="a daily record in the thirteenth month and the fourteenth",
        ),
    ],
)
def test_bad_data_are_refused_and_the_refusal_is_written_down(
    drought: Drought, world: World, tmp_path: Path, maker: Maker, said: tuple[str, ...]
) -> None:
    line = refusal(drought, world, maker(tmp_path))
    assert [part for part in said if part not in line] == []
    step, state, message = last_outcome(world)
    assert (step, state) == ("ingest", "failed")
    assert line in message


@pytest.mark.parametrize(
    "maker",
    [
        pytest.param(half_a_grid, id="a half-downloaded NetCDF"),
        pytest.param(simulated_grid, id="simulated rain into a warehouse of real data"),
        pytest.param(grid_of_unsaid_product, id="rain in metres without known meaning"),
        pytest.param(table_of_bad_dates, id="an agency's table on 30 and 31 February"),
    ],
)
def test_the_bytes_of_a_refused_file_are_kept_and_counted(
    drought: Drought, world: World, tmp_path: Path, maker: Maker
) -> None:
    command = maker(tmp_path)
    path = tmp_path / command[2]
    # Bytes of its own: the other tests refuse the same ones.
    path.write_bytes(path.read_bytes() + b"\n38462,2021-02-31,7.0\n")
    line = refusal(drought, world, command)
    times, reason = kept_as_refused(world, path)
    assert (times, reason) == (1, line)
    refusal(drought, world, command)
    assert kept_as_refused(world, path) == (2, line)


def test_a_wrong_word_on_the_command_line_is_no_fault_of_the_file(
    drought: Drought, world: World, tmp_path: Path
) -> None:
    command = source_that_is_a_path(tmp_path)
    path = tmp_path / command[2]
    path.write_bytes(path.read_bytes() + b"told apart")
    refusal(drought, world, command)
    with world.warehouse.connect() as connection:
        query = text("SELECT count(*) FROM ops.refused_file WHERE sha256 = :sha256")
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        assert connection.execute(query, {"sha256": sha256}).scalar_one() == 0


def test_a_refused_file_that_is_taken_later_says_so(
    drought: Drought, installation: Installation, tmp_path: Path
) -> None:
    world = World(installation.warehouse, installation.settings.var)
    command = grid_of_unsaid_product(tmp_path)
    refusal(drought, world, command)
    status = json.loads(drought(["status", "--json"], settings_of(world)).out)
    assert [row["name"] for row in status["refused_files"]] == ["rain.nc"]
    taken = drought([*command, "--product", "monthly-mean"], settings_of(world))
    assert (taken.code, taken.err) == (0, "")
    status = json.loads(drought(["status", "--json"], settings_of(world)).out)
    assert status["refused_files"] == []
    counts = [
        [row[n] for n in ("n_read", "n_stored", "n_quarantined", "n_unchanged")]
        for row in status["ingests"]
    ]
    assert counts == [[360, 360, 0, 0]]
    shown = drought(["status"], settings_of(world)).out
    assert "rain.nc (test): 360 records read = 360 stored + 0 quarantined + 0 unchanged" in shown


@pytest.mark.parametrize("kind", ["grid", "stations"])
def test_real_data_stay_out_of_a_simulated_warehouse(
    drought: Drought, installation: Installation, tmp_path: Path, kind: str
) -> None:
    (tmp_path / "simulated").mkdir()
    simulated = write_grid(tmp_path / "simulated", history=MODA, expver="0001", origin="simulated")
    ingest_grid(installation, simulated, source="test")
    world = World(installation.warehouse, installation.settings.var)
    real = {
        "grid": (write_grid(tmp_path, history=MODA, expver="0001").name, "--source", "test"),
        "stations": (write_table(tmp_path, "38462,2020-12-31,1").name, "--format", "agency"),
    }
    line = refusal(drought, world, ["ingest", kind, *real[kind]])
    assert line.startswith(real[kind][0])
    assert "this warehouse holds simulated data and the file is real" in line
    assert "load it into another one" in line


# --- a drop folder ----------------------------------------------------------------------------


def test_a_drop_folder_ends_with_1_only_when_a_file_is_refused_anew(
    drought: Drought, installation: Installation, tmp_path: Path
) -> None:
    world = World(installation.warehouse, installation.settings.var)
    folder = tmp_path / "drop"
    folder.mkdir()
    good = write_table(folder, "38462,2020-12-31,1.5")
    bad = folder / "page.csv"
    bad.write_text("<html>")
    fresh = folder / "fresh.csv"
    fresh.write_text("station_id")
    for path in (good, bad):
        os.utime(path, (1_700_000_000, 1_700_000_000))
    first = drought(["ingest", "watch", "drop"], settings_of(world))
    assert first.code == 1
    assert first.err == (
        "error: page.csv: expected a grid file or a table, got a web page or XML; download the file "
        "itself\n"
    )
    taken, waiting, summary = first.out.splitlines()
    assert taken.startswith("gauges.csv: 1 stations; 1 records read = 1 stored")
    assert waiting == "fresh.csv: left for the next round, it may still be being written"
    assert summary.startswith("1 files taken, 1 refused, 0 known, 1 left for the next round")
    second = drought(["ingest", "watch", str(folder)], settings_of(world))
    assert (second.code, second.err) == (0, "")
    assert second.out.splitlines()[-1].startswith("0 files taken, 0 refused, 2 known, 1 left")
    again = drought(["ingest", "watch", "drop", "--again"], settings_of(world))
    assert again.code == 1
    assert kept_as_refused(world, bad)[0] == 2


def test_a_drop_folder_that_is_not_there_is_refused(
    drought: Drought, world: World, tmp_path: Path
) -> None:
    line = refusal(drought, world, ["ingest", "watch", "no-such-folder"])
    assert line.endswith(
        "/no-such-folder: expected a folder to watch, got none; make it, or correct its name"
    )


# --- landscapes -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rings", "land_use", "said"),
    [
        pytest.param(
            [("two", SQUARE), ("bow", BOW_TIE)],
            "rainfed",
            ("feature 2 'bow': invalid geometry", "Self-intersection[60.5 40.5]", "mend it"),
            id="a boundary that crosses itself",
        ),
        pytest.param(
            [("two", SQUARE), ("far", IN_GERMANY)],
            "rainfed",
            ("feature 2 'far': outside the six countries", "got 10 to 11 E", "swapped"),
            id="a landscape outside the six countries",
        ),
        pytest.param(
            [("two", SQUARE)],
            "desert",
            ("feature 1 'two': unknown land_use", "pastoral", "got 'desert'", "correct it"),
            id="an unknown land use",
        ),
        pytest.param(
            [("two", SQUARE), ("two", SQUARE)],
            "rainfed",
            ("expected each landscape_id once", "'two'", "join the parts"),
            id="one id twice",
        ),
    ],
)
def test_bad_landscapes_are_refused(
    drought: Drought,
    world: World,
    tmp_path: Path,
    rings: list[tuple[str, list[list[int]]]],
    land_use: str,
    said: tuple[str, ...],
) -> None:
    path = write_landscapes(tmp_path, *rings, land_use=land_use)
    line = refusal(drought, world, ["landscapes", "load", path.name, "--country", "UZ"])
    assert [part for part in (f"{path.name}: ", *said) if part not in line] == []


# --- plans ------------------------------------------------------------------------------------


CROSSED = re.compile(
    r"plan.yaml: line \d+: ladders.meteorological.1.rules.1: exit_at must be above .* got -2.5: .* "
    "raise exit_at"
)


def test_a_plan_with_crossed_thresholds_is_refused(
    drought: Drought, world: World, tmp_path: Path
) -> None:
    path = write_plan(tmp_path, "exit_at: 0.0", "exit_at: -2.5")
    assert CROSSED.match(refusal(drought, world, ["plans", "load", path.name]))


def test_the_check_of_a_plan_reports_the_same_fault(drought: Drought, tmp_path: Path) -> None:
    path = write_plan(tmp_path, "exit_at: 0.0", "exit_at: -2.5")
    ended = drought(["plans", "check", path.name], {})
    assert ended.code == 1
    fault, summary = ended.out.splitlines()
    assert CROSSED.match(fault)
    assert summary == "faults: 1"


def test_a_plan_whose_graver_stage_begins_earlier_is_refused(
    drought: Drought, world: World, tmp_path: Path
) -> None:
    path = write_plan(tmp_path, "enter_at: -1.5", "enter_at: -0.5")
    line = refusal(drought, world, ["plans", "load", path.name])
    assert re.match(
        r"plan.yaml: line \d+: ladders.meteorological: stage 'warning': enter_at on spi_3", line
    )
    assert "got -0.5" in line
    assert "list the mildest stage first" in line


# --- the database -----------------------------------------------------------------------------


def closed_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def test_a_port_where_nothing_listens_is_named(drought: Drought, world: World) -> None:
    port = closed_port()
    wrong = world.warehouse.url.set(password=PASSWORD, port=port)
    url = wrong.render_as_string(hide_password=False)
    line = refusal(drought, world, ["evaluate"], DROUGHT_DATABASE_URL=url)
    assert f":***@127.0.0.1:{port}/{DATABASE}: expected Postgres to answer, got" in line
    assert "refused; check host, port, name and password" in line
    assert PASSWORD not in line


def test_a_wrong_password_is_refused_and_not_printed(drought: Drought, world: World) -> None:
    url = world.warehouse.url.set(password=PASSWORD).render_as_string(hide_password=False)
    line = refusal(drought, world, ["evaluate"], DROUGHT_DATABASE_URL=url)
    assert f"/{DATABASE}: expected Postgres to answer, got" in line
    assert "password authentication failed" in line
    assert "check host, port, name and password" in line
    assert PASSWORD not in line


def test_what_is_no_database_url_is_refused_without_repeating_it(
    drought: Drought, world: World
) -> None:
    text_of_libpq = f"host=127.0.0.1 password={PASSWORD}"
    line = refusal(drought, world, ["evaluate"], DROUGHT_DATABASE_URL=text_of_libpq)
    assert line.startswith("DROUGHT_DATABASE_URL: expected postgresql://user:password@host:port")
    assert "correct it, or unset it" in line
    assert PASSWORD not in line


@pytest.mark.parametrize(
    ("url", "said"),
    [
        pytest.param(
            f"mysql://drought:{PASSWORD}@127.0.0.1/x", "expected a postgresql://", id="not Postgres"
        ),
        pytest.param(
            f"postgresql://drought:{PASSWORD}@127.0.0.1:port/x",
            "text that is no URL",
            id="a port that is no number",
        ),
        pytest.param(
            f"postgresql://drought:p@{PASSWORD}@127.0.0.1/x",
            "write an @ in the password as %40",
            id="an @ in the password, whose rest would be taken for the host",
        ),
        pytest.param(
            f"postgresql://drought:{PASSWORD}@127.0.0.1/x?colour=red",
            'invalid connection option "colour"',
            id="an option Postgres does not know",
        ),
    ],
)
def test_a_database_url_is_refused_without_its_password(url: str, said: str) -> None:
    with pytest.raises(InputError) as refused:
        connect(url)
    assert said in str(refused.value)
    assert PASSWORD not in str(refused.value)


# --- wrong usage ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "said"),
    [
        pytest.param(
            ["compute", "--from", "2021-13"],
            ("'--from'", "a month from 1 to 12", "got 2021-13"),
            id="a thirteenth month",
        ),
        pytest.param(
            ["ingest", "grid", __file__, "--source", "test", "--release", "early"],
            ("'--release'", "'early'", "preliminary"),
            id="a release that does not exist",
        ),
        pytest.param(
            ["ingest", "grid", __file__, "--source", "test", "--product", "weekly"],
            ("'--product'", "'weekly'", "monthly-mean"),
            id="a product that does not exist",
        ),
        pytest.param(
            ["landscapes", "load", "--default", "--land-use", "desert"],
            ("'--land-use'", "'desert'", "pastoral"),
            id="a land use that does not exist",
        ),
        pytest.param(
            ["ingest", "era5-land", "--from", "2020-01", "--to", "2020-12", "--countries", "UZ,DE"],
            ("'--countries'", "got DE", "KZ,KG,TJ,TM,UZ,TR"),
            id="a country that is none of the six",
        ),
        pytest.param(
            ["plans", "load", "no-such-plan.yaml"],
            ("no-such-plan.yaml", "does not exist"),
            id="a file that does not exist",
        ),
    ],
)
def test_wrong_usage_says_what_was_expected(
    drought: Drought, world: World, command: Command, said: tuple[str, ...]
) -> None:
    before = contents(world)
    ended = drought(command, settings_of(world))
    assert contents(world) == before
    assert (ended.code, ended.out) == (2, "")
    assert [part for part in said if part not in ended.err] == []


# --- as installed -----------------------------------------------------------------------------


def test_the_installed_command_refuses_in_one_line(world: World, tmp_path: Path) -> None:
    before = contents(world)
    done = subprocess.run(
        [INSTALLED, *half_a_grid(tmp_path)],
        cwd=tmp_path,
        env={**os.environ, **settings_of(world)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert contents(world) == before
    assert Ended(done.returncode, done.stdout, done.stderr).line.startswith("rain.nc: expected a ")
