"""What ends is started again, with growing pauses; what it left behind does not stay."""

from __future__ import annotations

import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from pipeline.core.errors import InputError
from pipeline.local.processes import Background, Started, end, members, shorten_log, start_apart
from pipeline.local.supervisor import (
    Command,
    Supervisor,
    pause_seconds,
    read_parts,
)

FOREVER = "import time; time.sleep(600)"
WITH_CHILD = (
    "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; "
    "time.sleep(600)']); time.sleep(600)"
)
# A worker, and below it a task, as Airflow's executor has them.
WORKER = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {FOREVER!r}])"
WITH_WORKER_AT_WORK = (
    f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {WORKER!r}]); "
    "time.sleep(600)"
)


def command(code: str) -> Command:
    return lambda: ([sys.executable, "-c", code], dict(os.environ))


def until(true: Callable[[], object], supervisor: Supervisor | None = None) -> None:
    """Wait for what comes about, looking with the supervisor meanwhile."""
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        if supervisor is not None:
            supervisor.look()
        time.sleep(0.02)


Supervised = Callable[..., Supervisor]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def supervised(folder: Path) -> Iterator[Supervised]:
    """Make supervisors of the folder; what they leave running is ended, and waited for."""
    made: list[Supervisor] = []

    def make(commands: Mapping[str, Command], **more: Any) -> Supervisor:  # noqa: ANN401
        made.append(Supervisor(folder, commands, **more))
        return made[-1]

    yield make
    for one in made:
        for name, run in one._runs.items():
            leader = one.parts[name].process()
            if leader is not None:
                end(leader)
            if run.process is not None:
                run.process.wait()
        for leader in one._left:
            end(leader)


def part(folder: Path, name: str = "one") -> tuple[str, int | None, int]:
    (found,) = (one for one in read_parts(folder) if one.name == name)
    return found.state, found.pid, found.restarts


def log(folder: Path) -> str:
    return (folder / "supervisor.log").read_text()


@pytest.mark.parametrize(
    ("failures", "seconds"), [(0, 0), (1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (40, 60)]
)
def test_pauses_grow_up_to_a_minute(failures: int, seconds: float) -> None:
    assert pause_seconds(failures) == seconds


def test_a_program_that_is_killed_is_started_again_and_that_is_written_down(
    folder: Path, supervised: Supervised
) -> None:
    supervisor = supervised({"one": command(FOREVER)})
    supervisor.look()
    state, first, restarts = part(folder)
    assert (state, restarts) == ("running", 0)
    assert first is not None
    os.kill(first, signal.SIGKILL)
    until(lambda: part(folder)[2] == 1, supervisor)
    assert part(folder)[0] == "waiting"
    until(lambda: part(folder)[0] == "running", supervisor)
    assert part(folder)[1] != first
    assert "one: ended by signal 9 after 0 s; started again in 1 s (restart 1)" in log(folder)


def test_the_environment_is_asked_anew_for_each_start(folder: Path, supervised: Supervised) -> None:
    asked = []

    def told() -> tuple[list[str], dict[str, str]]:
        asked.append("once more")
        return [sys.executable, "-c", "raise SystemExit(3)"], {}

    supervisor = supervised({"one": told})
    until(lambda: len(asked) == 2, supervisor)
    assert "one: ended with code 3" in log(folder)


def test_a_program_that_cannot_be_started_holds_up_no_other(
    folder: Path, supervised: Supervised
) -> None:
    def impossible() -> tuple[list[str], dict[str, str]]:
        raise InputError("settings: nothing fits")

    supervisor = supervised({"one": impossible, "two": command(FOREVER)})
    supervisor.look()
    assert part(folder, "two")[0] == "running"
    assert part(folder, "one")[0] == "waiting"
    assert "one: cannot be started: settings: nothing fits; again in 1 s" in log(folder)


def test_nothing_is_started_before_what_it_stands_on(folder: Path, supervised: Supervised) -> None:
    """And what it stands on is brought up again when it goes away."""
    is_there = False
    downs = iter([True, False, True])

    def ground() -> bool:
        if not is_there:
            raise InputError("the disk is full")
        return next(downs, False)

    supervisor = supervised({"one": command(FOREVER)}, ground=ground)
    supervisor.look()
    assert part(folder)[0] == "waiting"
    assert "database: is down and did not start: the disk is full; again in 1 s" in log(folder)
    is_there = True
    until(lambda: part(folder)[0] == "running", supervisor)
    until(lambda: part(folder, "database")[2] == 1, supervisor)
    assert "database: was down, started again (restart 1)" in log(folder)


def test_stopping_ends_all_with_their_children(folder: Path, supervised: Supervised) -> None:
    supervisor = supervised({"one": command(WITH_CHILD), "two": command(FOREVER)})
    supervisor.look()
    leaders = [Started.of(part(folder, name)[1] or 0) for name in ("one", "two")]
    until(lambda: len(members(leaders[0])) == 2)
    supervisor.stop.set()
    supervisor.run()
    assert [members(leader) for leader in leaders] == [{}, {}]
    assert read_parts(folder) == []


def test_a_supervisor_ends_what_one_that_was_killed_left(
    folder: Path, supervised: Supervised
) -> None:
    killed = supervised({"one": command(WITH_CHILD)})
    killed.look()
    leader = Started.of(part(folder)[1] or 0)
    until(lambda: len(members(leader)) == 2)
    next_one = supervised({"one": command(FOREVER)})
    next_one.stop.set()
    next_one.run()
    assert members(leader) == {}


@pytest.mark.parametrize(
    ("code", "goes_on"), [(WITH_CHILD, False), (WITH_WORKER_AT_WORK, True)], ids=["idle", "at work"]
)
def test_children_of_one_that_was_killed_end_unless_they_are_at_work(
    folder: Path, supervised: Supervised, code: str, goes_on: bool
) -> None:
    supervisor = supervised({"one": command(code)})
    supervisor.look()
    leader = Started.of(part(folder)[1] or 0)
    until(lambda: len(members(leader)) == (3 if goes_on else 2))
    os.kill(leader.pid, signal.SIGKILL)
    until(lambda: part(folder)[2] == 1 and part(folder)[0] == "running", supervisor)
    assert len(members(leader)) == (2 if goes_on else 0)
    for child, parent in members(leader).items():  # the task ends
        if parent in {one.pid for one in members(leader)}:
            os.kill(child.pid, signal.SIGKILL)
    until(lambda: not members(leader), supervisor)


def test_a_full_disk_does_not_end_what_runs(folder: Path, supervised: Supervised) -> None:
    supervisor = supervised({"one": command(FOREVER)})
    thread = Thread(target=supervisor.run)
    thread.start()
    until(lambda: supervisor.parts["one"].state == "running")
    first = supervisor.parts["one"].pid
    assert first is not None
    (folder / "state.unfinished").mkdir()  # nothing can be written there now
    (folder / "supervisor.log").unlink()
    (folder / "supervisor.log").mkdir()
    os.kill(first, signal.SIGKILL)
    until(lambda: supervisor.parts["one"].restarts == 1)
    until(lambda: supervisor.parts["one"].state == "running")
    supervisor.stop.set()
    thread.join()
    assert supervisor.parts["one"].state == "stopped"


def test_a_log_that_cannot_be_begun_anew_leaves_what_is_shown_right(
    folder: Path, supervised: Supervised
) -> None:
    (folder / "one.log").symlink_to("one.log")  # whoever asks for it is told of an error
    supervisor = supervised({"one": command(FOREVER)})
    supervisor.look()
    (part,) = [part for part in read_parts(folder) if part.name == "one"]
    assert part.state == "waiting"
    assert "one.log" in str(part.last_end)


def test_a_number_that_belongs_to_another_program_by_now_is_left_alone(tmp_path: Path) -> None:
    process = start_apart([sys.executable, "-c", FOREVER], os.environ, tmp_path / "log")
    stale = Started(process.pid, "1")
    assert not stale.is_running
    end(stale)
    assert process.poll() is None
    end(Started.of(process.pid))
    assert process.wait() == -signal.SIGTERM


# It outlives who started it: nobody waits for it.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_program_in_the_background_is_found_again_and_started_once(tmp_path: Path) -> None:
    background = Background(tmp_path, "one")
    background.start([sys.executable, "-c", FOREVER], os.environ)
    found = Background(tmp_path, "one").process()
    background.start([sys.executable, "-c", FOREVER], os.environ)
    assert Background(tmp_path, "one").process() == found
    Background(tmp_path, "one").stop()
    assert found is not None
    assert not found.is_running
    assert Background(tmp_path, "one").process() is None
    os.waitpid(found.pid, 0)


def test_a_long_log_begins_anew_and_its_writer_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "one.log"
    with path.open("ab") as writer:
        writer.write(b"old" + b"x" * 99)
        writer.flush()
        assert shorten_log(path, limit=99)
        writer.write(b"more")
        writer.flush()
        assert not shorten_log(path, limit=99)
    assert path.read_bytes() == b"more"
    assert (tmp_path / "one.log.1").read_bytes() == b"x" * 99  # its end
    assert (tmp_path / "one.log.1").stat().st_mode & 0o077 == 0


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond a size."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_where_there_is_no_room_for_a_long_log_its_last_lines_are_kept(tmp_path: Path) -> None:
    log, older = tmp_path / "one.log", tmp_path / "one.log.1"
    log.write_bytes(b"old\n" * 100_000 + b"the last line\n")
    with room_for(100_000):
        assert shorten_log(log, limit=399_000)
    assert log.stat().st_size == 0
    kept = older.read_bytes()
    assert kept.endswith(b"old\nthe last line\n")
    assert 10_000 < len(kept) < 100_000


def test_where_there_is_no_room_at_all_a_long_log_begins_anew(tmp_path: Path) -> None:
    log = tmp_path / "one.log"
    log.write_bytes(b"x" * 100)
    (tmp_path / "one.log.1").symlink_to("/dev/full")
    assert shorten_log(log, limit=99)
    assert log.stat().st_size == 0
