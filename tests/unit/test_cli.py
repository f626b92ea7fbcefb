"""The command line: wrong usage is told at once, with exit code 2, before anything is touched."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline import cli, wiring
from pipeline.cli import app
from pipeline.settings import Settings

COMMANDS = [
    "db",
    "landscapes",
    "plans",
    "sources",
    "ingest",
    "stations",
    "analysts",
    "recipients",
    "bulletin",
    "airflow",
    "compute",
    "map",
    "evaluate",
    "approve",
    "reject",
    "deliver",
    "publish",
    "check",
    "run",
    "golive",
    "explain",
    "revisions",
    "status",
    "metrics",
    "doctor",
    "backtest",
    "export",
    "dictionary",
    "demo",
    "units",
]

# Any file does: usage is looked at before what is in it.
BUILD = ["landscapes", "build", "--id-field", "a", "--name-field", "b"]
BUILD += ["--boundaries", __file__, "--land-cover", __file__]


def test_starting_the_command_loads_no_science() -> None:
    """It takes seconds, and most commands need none of it."""
    science = ["pandas", "xarray", "scipy", "climate_indices", "netCDF4", "geopandas", "rasterio"]
    code = f"import sys, pipeline.cli; print([m for m in {science} if m in sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "[]\n"


def test_help_names_every_command() -> None:
    told = CliRunner().invoke(app, ["--help"]).stdout
    assert [command for command in COMMANDS if f" {command} " not in told] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str) -> None:
    done = CliRunner().invoke(app, [command, "--help"])
    assert done.exit_code == 0
    assert len(done.stdout.splitlines()) > 4


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        pytest.param(["golive", "2026-1"], "expected YYYY-MM", id="a month in another form"),
        pytest.param(
            ["run", "--from", "2026-12", "--to", "2026-10"],
            "must not be before",
            id="months in the wrong order",
        ),
        pytest.param(
            ["compute", "--calibration", "1991-2000"], "at least 30 years", id="too few years"
        ),
        pytest.param(
            ["ingest", "era5-land", "--from", "2026-01", "--to", "2026-02", "--countries", "UZ,XX"],
            "got XX",
            id="a country that is none of the six",
        ),
        pytest.param(
            ["approve", "1", "--by", "A", "--office", "O", "--protocol-date", "2026-11-01"],
            "needs --protocol",
            id="a date of no protocol",
        ),
        pytest.param(
            ["revisions", "--from", "2026-12", "--to", "2026-10"],
            "must not be before",
            id="revisions of months in the wrong order",
        ),
        pytest.param(
            ["sources", "expect", "era5-land", "--preliminary-after", "-1"],
            "greater than or equal to 0",
            id="values expected before the month ends",
        ),
        pytest.param(
            ["map", "pn_3", "2026-10", "--to", "map.png"],
            "expected one that is mapped",
            id="a map of an index without maps",
        ),
        pytest.param(
            ["map", "spi_3", "2026-10", "--to", "map.tif"],
            "ends in .png or .nc",
            id="a map in another format",
        ),
        pytest.param(
            ["explain", "17", "--table", "--json"],
            "expected one of --argument, --table and --json",
            id="an explanation in two forms",
        ),
        pytest.param(["landscapes", "load"], "either a FILE or --default", id="no landscapes"),
        pytest.param(
            [*BUILD, "--to", "a.geojson", "--name-column", "tg"],
            "expected LANGUAGE=COLUMN, got 'tg'",
            id="a column of names without its language",
        ),
        pytest.param(
            ["db", "restore", __file__, "--into", "Bad Name;"],
            "expected a name of lower-case letters, digits and _",
            id="a database whose name needs quotes",
        ),
        pytest.param(
            ["db", "restore", __file__, "--into", "a" * 64], "63 at most", id="too long a name"
        ),
        pytest.param(
            ["db", "backups", "--in", "/nosuch"], "'/nosuch' does not exist", id="no folder"
        ),
        pytest.param(
            ["evaluate", "--as-of", "2026-10-01", "--report", "/nosuch/x.csv"],
            "got none at /nosuch; make the folder first",
            id="a report into no folder",
        ),
        pytest.param(
            ["evaluate", "--as-of", "2026-10-01", "--report", "/"],
            "expected a file that can be written",
            id="a report that is a folder",
        ),
        pytest.param(
            ["dictionary", "--to", "/nosuch/d.md"],
            "got none at /nosuch; make the folder first",
            id="a dictionary into no folder",
        ),
        pytest.param([*BUILD, "--to", __file__], "--overwrite", id="landscapes over another file"),
    ],
)
def test_wrong_usage(arguments: list[str], told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("DROUGHT_DATABASE_URL", "postgresql://127.0.0.1:1/never-asked")
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 2
    assert told in " ".join(done.output.split())


def test_a_path_that_cannot_be_used_is_no_fault_of_the_other_side(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def write() -> None:
        Path("/nosuch/d.md").write_text("", encoding="utf-8")

    monkeypatch.setattr(cli, "app", write)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    assert capsys.readouterr().err == (
        "error: /nosuch/d.md: expected a path that can be used, got: No such file or directory; make "
        "the folder first, or name another; what was done before it stays done\n"
    )


def test_a_folder_of_backups_that_is_not_there_yet_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "backups"
    monkeypatch.setattr(wiring, "settings", lambda: Settings(var=tmp_path, backups=folder))
    told = CliRunner().invoke(app, ["db", "backups"])
    assert (told.exit_code, told.stdout) == (
        0,
        f"no backup in {folder}: there is no such folder\n",
    )
    folder.mkdir()
    assert CliRunner().invoke(app, ["db", "backups"]).stdout == f"no backup in {folder}\n"
