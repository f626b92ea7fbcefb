from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.sources import apart

ROOT = Path(__file__).parents[3]
PROGRAM = """\
import os, signal, sys, time
from pipeline.sources import apart

def made():
    {made}

raise SystemExit(apart.answer(made))
"""
ALL_BUT_PROGRAMS = """\
import importlib, pkgutil, sys
import pipeline

APART = ("pipeline.sources.grib_messages", "pipeline.sources.climat_messages")
AIRFLOW = ("pipeline.orchestration", "pipeline.airflow_server")
for module in pkgutil.walk_packages(pipeline.__path__, "pipeline."):
    if not module.name.startswith(APART + AIRFLOW):
        importlib.import_module(module.name)
print(*sys.modules)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose modules can be run by name."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return tmp_path


def test_no_module_is_taken_from_the_folder_one_stands_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netCDF4.py").write_text("import pathlib; pathlib.Path('was_run').touch()")
    (tmp_path / "some.nc").write_bytes(b"CDF")
    monkeypatch.chdir(tmp_path)
    told = apart.ask("pipeline.sources.netcdf_look", seconds=60, given=b'["some.nc"]')
    assert b"damaged" in told
    assert not Path("was_run").exists()


def program(folder: Path, made: str) -> str:
    (folder / "apart_for_a_test.py").write_text(PROGRAM.format(made=made))
    return "apart_for_a_test"


def test_a_program_is_told_no_key(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CDSAPI_KEY", "DROUGHT_SMTP_PASSWORD", "AWS_SECRET_ACCESS_KEY", "PGPASSWORD"):
        monkeypatch.setenv(name, "planted-word")
    told = apart.ask(program(folder, "return [repr(dict(os.environ)).encode()]"), seconds=60)
    assert b"PATH" in told
    assert b"planted-word" not in told


def imported_by(code: str) -> set[str]:
    """The modules that an interpreter ends with, told by `code` itself."""
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    return set(told.stdout.split())


def test_the_answer_is_what_was_made_and_nothing_that_a_library_printed(folder: Path) -> None:
    made = "os.write(1, b'a warning'); return [sys.argv[1].encode(), sys.stdin.buffer.read()]"
    told = apart.ask(program(folder, made), "one ", seconds=60.0, given=b"\x00two")
    assert told == b"one \x00two"


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        pytest.param(
            "raise ValueError('end of\\nresource')", "^end of resource$", id="it says why"
        ),
        pytest.param("return [b'x' * (5 << 30)]", "MemoryError", id="it asks for too much memory"),
        pytest.param("os.abort()", "ecCodes broke down over it", id="it aborts"),
        pytest.param("os.kill(os.getpid(), signal.SIGSEGV)", "broke down", id="it crashes"),
        pytest.param("os._exit(1)", "broke down", id="its library ends it"),
    ],
)
def test_what_was_given_is_at_fault(folder: Path, made: str, reason: str) -> None:
    with pytest.raises(apart.UnansweredError, match=reason):
        apart.ask(program(folder, made), seconds=60.0)


def test_a_program_that_comes_to_no_end_is_ended(folder: Path) -> None:
    with pytest.raises(apart.UnansweredError, match="ecCodes comes to no end with it"):
        apart.ask(program(folder, "time.sleep(600)"), seconds=0.5)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        pytest.param("os.kill(os.getpid(), signal.SIGKILL)", "exit code -9", id="killed"),
        pytest.param("open('/no/such/file')", "No such file", id="a disk that fails"),
    ],
)
def test_the_machine_is_at_fault_and_it_may_be_tried_again(
    folder: Path, made: str, said: str
) -> None:
    with pytest.raises(OSError, match=said):
        apart.ask(program(folder, made), seconds=60.0)


def test_a_library_that_is_not_there_is_not_the_fault_of_a_file(folder: Path) -> None:
    (folder / "apart_for_a_test.py").write_text("import no_such_library")
    with pytest.raises(OSError, match="No module named 'no_such_library'; look"):
        apart.ask("apart_for_a_test", seconds=60.0)


def test_ec_codes_is_never_loaded_beside_the_rest() -> None:
    told = imported_by(ALL_BUT_PROGRAMS)
    assert {"pyproj", "pipeline.sources.grib_files", "pipeline.sources.climat_bufr"} <= told
    assert not {"eccodes", "gribapi", "cfgrib"} & told


@pytest.mark.parametrize("name", ["grib_messages", "climat_messages"])
def test_a_program_loads_nothing_heavy_and_no_second_proj(name: str) -> None:
    told = imported_by(f"import sys, pipeline.sources.{name}; print(*sys.modules)")
    assert "eccodes" in told
    assert not {"pyproj", "xarray", "pandas", "netCDF4", "sqlalchemy", "pydantic"} & told


def test_nothing_but_these_programs_names_ec_codes() -> None:
    """Neither may a test: it runs beside pyproj too."""
    folders = (ROOT / name for name in ("pipeline", "dags", "tests", "benchmarks"))
    files = (path for folder in folders for path in folder.rglob("*.py"))
    importing = re.compile(r"^\s*(import|from) (eccodes|gribapi|cfgrib)\b", re.MULTILINE)
    found = {str(path.relative_to(ROOT)) for path in files if importing.search(path.read_text())}
    assert found == {
        "pipeline/sources/grib_messages.py",
        "pipeline/sources/climat_messages.py",
        "tests/unit/sources/encoder.py",
    }
