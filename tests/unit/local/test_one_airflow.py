"""One way of running Airflow at a time, told apart by real processes: by whom the lock is held, not by a file."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from pipeline.core.errors import InputError
from pipeline.local.one_airflow import OneAirflow
from pipeline.local.processes import Background

PYTHON, DROUGHT = sys.executable, str(Path(sys.executable).with_name("drought"))
SLEEP = shutil.which("sleep") or "/bin/sleep"
TAKEN = (
    "import os, sys; from pathlib import Path; from pipeline.local.one_airflow import OneAirflow; "
    "lock = OneAirflow(Path(sys.argv[1])); "
)
# As a component does: it takes the lock, and becomes another program.
COMPONENT = TAKEN + "lock.join(); os.execv(sys.argv[2], ['sleep', '600'])"
# As `make up` does: it takes the lock, hands it to a program it leaves behind, and ends.
UP = TAKEN + (
    "from pipeline.local.processes import Background\n"
    "with lock.alone() as file:\n"
    "    Background(Path(sys.argv[1]).parent, 'left').start([sys.argv[2], '600'], os.environ, kept=(file,))"
)
START = "from pipeline import airflow_server; airflow_server.start(None, print)"


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def lock(tmp_path: Path) -> OneAirflow:
    return OneAirflow(tmp_path / "var" / "airflow" / "running.lock")


Run = Callable[[str], "subprocess.Popen[bytes]"]


@pytest.fixture
def run(lock: OneAirflow) -> Iterator[Run]:
    """Start programs on the lock; end those that still run."""
    with ExitStack() as stack:

        def started(code: str) -> subprocess.Popen[bytes]:
            process = subprocess.Popen([PYTHON, "-c", code, str(lock.path), SLEEP])
            stack.callback(process.wait)
            stack.callback(process.kill)
            return process

        yield started


def is_held(lock: OneAirflow) -> bool:
    """Whether another process holds it so that a supervisor could not."""
    try:
        with lock.alone():
            return False
    except InputError:
        return True


def ours(lock: OneAirflow, *command: str, **given: str) -> subprocess.CompletedProcess[str]:
    """Run one of our programs in the installation of the lock."""
    kept = {n: v for n, v in os.environ.items() if not n.startswith(("DROUGHT_", "AIRFLOW", "CDS"))}
    return subprocess.run(
        command,
        env={**kept, "DROUGHT_VAR": str(lock.path.parents[1]), **given},
        capture_output=True,
        text=True,
        check=False,
    )


def test_components_run_beside_each_other_and_no_supervisor_beside_them(
    lock: OneAirflow, run: Run
) -> None:
    two = [run(COMPONENT), run(COMPONENT)]
    until(lambda: len([one for one in lock.holders() if "sleep 600" in one]) == 2)
    ports = lock.path.parent / "run" / "ports.json"
    ports.parent.mkdir()
    ports.write_text(json.dumps({"airflow": 8080}))

    for command in ((PYTHON, "-m", "pipeline.airflow_server"), (PYTHON, "-c", START)):
        refused = ours(lock, *command)
        assert refused.returncode == 1
        assert "expected none to run" in refused.stderr
        assert all(f"process {one.pid} (sleep 600)" in refused.stderr for one in two)
        assert "systemctl stop drought.target" in refused.stderr
    assert [path.name for path in ports.parent.iterdir()] == ["ports.json"]
    assert json.loads(ports.read_text()) == {"airflow": 8080}

    for one in two:
        assert is_held(lock)
        one.kill()
        one.wait()
    assert not is_held(lock)


def test_no_component_runs_beside_a_supervisor_whoever_started_that(
    lock: OneAirflow, run: Run
) -> None:
    assert run(UP).wait() == 0
    [holder] = lock.holders()
    assert "(sleep 600)" in holder
    pid = int(holder.split()[1])
    try:
        refused = ours(lock, DROUGHT, "airflow", "run", "scheduler")
        assert refused.returncode == 1
        assert holder in refused.stderr
        assert "make down" in refused.stderr
    finally:
        os.kill(pid, 9)
    until(lambda: not is_held(lock))


def up_without_a_database(lock: OneAirflow) -> subprocess.CompletedProcess[str]:
    """Say `drought airflow up` where whoever wants the warehouse is told that there is none."""
    url = f"postgresql+psycopg:///drought?host={lock.path.parent}"
    return ours(lock, DROUGHT, "airflow", "up", DROUGHT_DATABASE_URL=url)


def test_beside_components_of_another_version_the_tables_are_left_as_they_are(
    lock: OneAirflow, run: Run
) -> None:
    component = run(COMPONENT)
    until(lambda: [one for one in lock.holders() if "sleep 600" in one])
    refused = up_without_a_database(lock)
    assert refused.returncode == 1
    assert f"process {component.pid} (sleep 600)" in refused.stderr, refused.stderr
    component.kill()
    component.wait()
    alone = up_without_a_database(lock)
    assert alone.returncode == 1
    assert "database" in alone.stderr


# It outlives who started it: nobody waits for it.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_what_runs_already_runs_on_with_the_tables_it_has(lock: OneAirflow) -> None:
    supervisor = Background(lock.path.parent / "run", "supervisor")
    supervisor.start([SLEEP, "600"], os.environ)
    process = supervisor.process()
    assert process is not None
    try:
        (supervisor.folder / "ports.json").write_text(json.dumps({"airflow": 8080}))
        done = up_without_a_database(lock)
        assert done.returncode == 0, done.stderr
        assert "(ran already)" in done.stdout
    finally:
        supervisor.stop()
        os.waitpid(process.pid, 0)


def test_who_is_gone_holds_nothing(lock: OneAirflow) -> None:
    with lock.alone():
        assert is_held(lock)
    assert not is_held(lock)
    assert lock.holders() == []
