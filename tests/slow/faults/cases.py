"""The faults. Each case is one month on one place, with a fault that its seed chooses."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random

from pipeline.local.data_store import Moment
from pipeline.local.store_desk import Behaviour
from pipeline.warehouse import backup_files
from tests.integration.postbox import Drop, free_port
from tests.slow.faults import cycle
from tests.slow.faults.cycle import (
    APPROVE,
    BACK_UP,
    CHECK,
    DELIVER,
    PUBLISH,
    REFUSE,
    RUN,
    STEPS,
    Came,
    Office,
    Undisturbed,
    office,
)
from tests.slow.faults.hands import Command, Hands, hands
from tests.slow.faults.world import POSTGRES, World

_FAKETIME = ("libfaketime.so.1", "libfaketimeMT.so.1")
_KIB, _MIB = 1 << 10, 1 << 20
_ROOMY_MIB = 600


@dataclass
class Bench:
    """What all cases of one worker share."""

    world: World
    hands: Hands
    undisturbed: Undisturbed
    stack: ExitStack
    """What ends with it."""
    _clocked: tuple[Hands, Path] | None = None

    def clocked(self) -> tuple[Hands, Path]:
        """Return hands whose clock can be set, and the file that sets it.

        Raises:
            Impossible: there is no libfaketime.
        """
        if self._clocked is None:
            library = _faketime()
            if library is None:
                raise Impossible("needs libfaketime (on Debian: faketime)")
            clock = self.world.folder / f"clock-{id(self)}"
            clock.write_text("+0\n")
            opened = self.stack.enter_context(hands(_clock_variables(clock, library)))
            self._clocked = opened, clock
        return self._clocked


@contextmanager
def bench(world: World, undisturbed: Undisturbed | None = None) -> Iterator[Bench]:
    """Open a bench; without `undisturbed` such a month is run first."""
    with ExitStack() as stack:
        plain = stack.enter_context(hands())
        month = undisturbed or cycle.undisturbed_month(plain, world)
        yield Bench(world, plain, month, stack)


def _faketime() -> Path | None:
    folders = (Path("/usr/lib").glob("*/faketime"), [Path("/usr/lib/faketime")])
    found = (folder / name for some in folders for folder in some for name in _FAKETIME)
    return next((one for one in found if one.exists()), None)


def _clock_variables(clock: Path, library: Path) -> dict[str, str]:
    return {
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }


Case = Callable[[Bench, Random], Came]


class Impossible(Exception):  # noqa: N818 - no error: this machine cannot try it
    """Why a fault cannot be tried here."""


def _before(here: Office, step: str) -> None:
    for one in STEPS:
        if one == step:
            return
        here.until_done(one)


def _to_the_end(here: Office, step: str) -> Came:
    """Finish the step that was hit, and the month."""
    here.go_on(step)
    following = STEPS[STEPS.index(step) + 1 :] if step in STEPS else (CHECK,)
    for one in following:
        here.until_done(one)
    came = here.judge()
    if step == BACK_UP:
        came.wrong += _faults_of_backups(here)
    return came


def _faults_of_backups(here: Office) -> list[str]:
    folder = here.place.seen / "backups"
    backups = backup_files.read_backups(folder)
    spoilt = [
        f"backup {one.name} is not what its description says"
        for one in backups
        if backup_files.fingerprint(folder / one.name) != (one.size_bytes, one.sha256)
    ]
    return spoilt if backups else ["no backup is there after it was made"]


# --- killed -----------------------------------------------------------------------------------

_KILLED = {RUN: 42, REFUSE: 3, APPROVE: 10, DELIVER: 25, PUBLISH: 10, BACK_UP: 7, CHECK: 3}


def killed(at: Bench, random: Random) -> Came:
    """SIGKILL in the middle of a step, one to three times: by the clock, at an event, or once a
    letter was taken and the sender has not heard of it."""
    (step,) = random.choices([*_KILLED], weights=[*_KILLED.values()])
    times = random.choice((1, 1, 1, 2, 3))
    with office(at.hands, at.world, at.undisturbed) as here:
        _before(here, step)
        said = []
        for _ in range(times):
            manner, kill = _killing(at, here, step, random)
            words = here.words(step)
            if words is None:
                break
            command = kill(words)
            command.wait()
            here.postbox.after_taking = lambda: None
            here.after(command)
            is_hit = command.code == -signal.SIGKILL
            said.append(f"{manner}{'' if is_hit else ' (too late)'}")
            if not is_hit:
                break
        here.came.note = f"{step}: {', then '.join(said)}"
        return _to_the_end(here, step)


Kill = Callable[[tuple[str, ...]], Command]


def _killing(at: Bench, here: Office, step: str, random: Random) -> tuple[str, Kill]:
    """Choose how a command is killed; return it in words, and what starts and kills it."""
    manners = ["clock", "event", "event"]
    if at.undisturbed.counts[step].get("mail"):
        manners += ["taken", "event"]
    manner = random.choice(manners)
    if manner == "clock":
        after = random.uniform(0, at.undisturbed.seconds[step])

        def by_the_clock(words: tuple[str, ...]) -> Command:
            command = here.start(*words)
            command.is_started.wait(20)
            command.is_ended.wait(after)
            command.kill()
            return command

        return f"after {after:.2f} s", by_the_clock
    if manner == "taken":
        number = random.randint(1, 5)
        return f"letter {number} taken", lambda words: _killed_when_taken(here, words, number)
    counts = at.undisturbed.counts[step]
    kind = random.choice(sorted(kind for kind in counts if counts[kind]))
    number = random.randint(1, counts[kind])

    def at_an_event(words: tuple[str, ...]) -> Command:
        return here.start(*words, trap={"kind": kind, "number": number})

    return f"{kind} {number} of {counts[kind]}", at_an_event


def _killed_when_taken(here: Office, words: tuple[str, ...], number: int) -> Command:
    """Start a command that is killed when the mail server has so many letters of it."""
    started: list[Command] = []
    before = len(here.postbox.letters)
    is_started = threading.Event()

    def taken() -> None:
        if len(here.postbox.letters) >= before + number and is_started.wait(20):
            started[0].kill()
            started[0].is_ended.wait(20)

    here.postbox.after_taking = taken
    started.append(here.start(*words))
    is_started.set()
    return started[0]


# --- the database goes ------------------------------------------------------------------------


def database_gone(at: Bench, random: Random) -> Came:
    """The server is killed, whole or its first process alone, or stopped at once, by the clock or as
    a statement is about to be asked; the next command that does work starts it again."""
    step = random.choice((RUN, RUN, RUN, APPROVE, DELIVER, PUBLISH))
    how = random.choice(("all processes killed", "first process killed", "immediate stop"))
    is_by_clock = random.choice((True, False))
    after = random.uniform(0.05, 0.95) * at.undisturbed.seconds[step]
    statements = at.undisturbed.counts[step]["statement"]
    number = random.randint(1, statements)
    when = f"after {after:.2f} s" if is_by_clock else f"at statement {number} of {statements}"
    with office(at.hands, at.world, at.undisturbed, has_own_server=True) as here:
        here.came.note = f"{step}: {how} {when}"
        up = here.start("db", "up")
        assert up.wait() == 0, up.said()
        _before(here, step)
        words = here.words(step)
        assert words is not None
        if is_by_clock:
            command = here.start(*words)
            command.is_ended.wait(after)
            _end_database(here, how)
        else:
            trap = {"kind": "statement", "number": number, "halts": True}
            command = here.start(*words, trap=trap)
            with command.halted():
                _end_database(here, how)
        command.wait()
        here.note_unheard()
        here.after(command)
        if step == APPROVE:
            # Which alerts wait is looked up before; who is told that it is away starts it.
            up = here.start("db", "up")
            assert up.wait() == 0, up.said()
        return _to_the_end(here, step)


def _end_database(here: Office, how: str) -> None:
    processes = cycle.server_processes(here.place)
    data = here.place.seen / POSTGRES / "data" / "postmaster.pid"
    with suppress(OSError, ProcessLookupError, ValueError):
        first = int(data.read_text().partition("\n")[0])
        if how == "immediate stop":
            os.kill(first, signal.SIGQUIT)
            return
        if how == "first process killed":
            os.kill(first, signal.SIGKILL)
            return
    for pid in processes:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


# --- disks ------------------------------------------------------------------------------------


def disk_full(at: Bench, random: Random) -> Came:
    """The disk of all files has little room left; the database lies on another."""
    return _full(at, random, has_own_server=False, most_kib=5 * _KIB)


def disk_full_of_database(at: Bench, random: Random) -> Came:
    """The same with the database on that disk: it cannot write its log, and stops or fails."""
    return _full(at, random, has_own_server=True, most_kib=24 * _KIB)


def _full(at: Bench, random: Random, *, has_own_server: bool, most_kib: int) -> Came:
    if not at.hands.has_mounts:
        raise Impossible("needs root, to mount a small disk that only the commands see")
    step = random.choice((RUN, RUN, RUN, APPROVE, DELIVER, PUBLISH, BACK_UP))
    left_kib = int(most_kib * random.random() ** 2)
    own = {"has_own_server": has_own_server, "disk_mib": _ROOMY_MIB}
    with office(at.hands, at.world, at.undisturbed, **own) as here:  # type: ignore[arg-type]
        here.came.note = f"{step}: {left_kib} KiB left"
        if has_own_server:
            up = here.start("db", "up")
            assert up.wait() == 0, up.said()
        _before(here, step)
        disk = os.statvfs(here.place.seen)
        used_kib = (disk.f_blocks - disk.f_bfree) * disk.f_frsize // _KIB
        words = here.words(step)
        assert words is not None
        place = str(here.place.var)
        at.hands.mount("-o", f"remount,size={used_kib + left_kib}k", place)
        command = here.start(*words)
        command.wait()
        here.note_unheard()
        here.after(command)
        at.hands.mount("-o", f"remount,size={_ROOMY_MIB}m", place)
        return _to_the_end(here, step)


_FOLDERS = (
    *(("archive", RUN), ("archive", RUN), ("outgoing", RUN), ("outgoing", DELIVER)),
    *(("bulletins", RUN), ("bulletins", PUBLISH), ("downloads", RUN)),
)


def folder_read_only(at: Bench, random: Random) -> Came:
    """A folder cannot be written to: most often the archive, else what letters or bulletins go into."""
    folder, step = random.choice(_FOLDERS)
    with office(at.hands, at.world, at.undisturbed) as here:
        here.came.note = f"{step}: {folder}"
        _before(here, step)
        words = here.words(step)
        assert words is not None
        place = here.place.var / folder
        place.mkdir(exist_ok=True)
        _forbid(at.hands, place)
        try:
            command = here.start(*words)
            command.wait()
            here.after(command)
        finally:
            _allow(at.hands, place)
        return _to_the_end(here, step)


def _forbid(by: Hands, folder: Path) -> None:
    if by.has_mounts:
        by.mount("--bind", str(folder), str(folder))
        by.mount("-o", "remount,bind,ro", str(folder))
    elif os.geteuid() == 0:
        raise Impossible("root that may not mount may write everywhere")
    else:
        for one in (folder, *(path for path in folder.rglob("*") if path.is_dir())):
            one.chmod(0o555)


def _allow(by: Hands, folder: Path) -> None:
    if by.has_mounts:
        by.unmount(folder)
    else:
        for one in (folder, *(path for path in folder.rglob("*") if path.is_dir())):
            one.chmod(0o755)


# --- the other side ---------------------------------------------------------------------------

_STORE = (
    Behaviour(1, maintenance=30),
    Behaviour(1, cut_downloads=40),
    Behaviour(1, lose_submit_replies=2),
    Behaviour(1, queue_full=2),
    Behaviour(1, dismiss_jobs=2),
    Behaviour(1, forget_jobs=2),
    Behaviour(1, expire_results=1),
    Behaviour(1, spoil="short", spoilt_downloads=40),
    Behaviour(1, spoil="corrupt", spoilt_downloads=40),
)


def store_cut(at: Bench, random: Random) -> Came:
    """The data store hangs up from a call on, before or after it has acted, or is troubled; then it
    is as ever."""
    first = random.randint(1, max(at.undisturbed.counts[RUN]["store"], 1))
    moment: Moment = random.choice(("before", "acted"))
    behaviour = random.choice((None, None, *_STORE))
    with office(at.hands, at.world, at.undisturbed, behaviour=behaviour) as here:
        calls = 0

        def hang_up(when: Moment, method: str, path: str) -> None:
            nonlocal calls
            calls += when == "before"
            if calls >= first and when == moment:
                raise ConnectionError("the line is cut")

        if behaviour is None:
            here.came.note = f"hangs up from call {first} on, {moment}"
            here.store.on_call = hang_up
        else:
            told = {name: value for name, value in asdict(behaviour).items() if value}
            here.came.note = ", ".join(f"{name} {value}" for name, value in told.items())
        here.step(RUN)
        here.store.on_call = lambda when, method, path: None
        for name in here.store.desk.faults.left:
            here.store.desk.faults.left[name] = 0
        return _to_the_end(here, RUN)


_MAIL = (
    *("not there", "hangs before it says so", "drops in data", "drops before it says so"),
    *("451 to a mail", "450 to a recipient", "421 to a recipient", "refuses one"),
)


def mail_cut(at: Bench, random: Random) -> Came:
    """The mail server is away, hangs, hangs up in the middle or at the end, or refuses; then not."""
    how, step = random.choice(_MAIL), random.choice((RUN, DELIVER))
    with office(at.hands, at.world, at.undisturbed) as here:
        here.came.note = f"{step}: {how}"
        _before(here, step)
        box, trap = here.postbox, {}
        if how == "not there":
            here.more["DROUGHT_SMTP_PORT"] = str(free_port())
        elif how.startswith("hangs"):
            box.delay_seconds, trap = 3.0, {"impatience_seconds": 0.3}
        elif how.startswith("drops"):
            box.drops = Drop.IN_DATA if how == "drops in data" else Drop.BEFORE_ANSWER
        elif how == "refuses one":
            box.refuses = {"ministry@example.org"}
        elif how == "451 to a mail":
            box.to_data = "451 4.3.0 later"
        else:
            box.to_recipient = f"{how[:3]} 4.2.1 later"
        words = here.words(step)
        assert words is not None
        command = here.start(*words, trap=trap)
        command.wait()
        here.note_unheard()
        here.after(command)
        box.delay_seconds, box.drops, box.refuses = 0, None, set()
        box.to_data = box.to_recipient = "250 OK"
        here.more.pop("DROUGHT_SMTP_PORT", None)
        here.go_on(step)
        here.go_on(DELIVER)
        return _to_the_end(here, step)


# --- twice at once ----------------------------------------------------------------------------

_PAIRS = (
    *((RUN, RUN), (RUN, RUN), (DELIVER, DELIVER), (DELIVER, DELIVER), (PUBLISH, PUBLISH)),
    *((APPROVE, APPROVE), (RUN, DELIVER), (DELIVER, PUBLISH), (BACK_UP, BACK_UP)),
)


def twice_at_once(at: Bench, random: Random) -> Came:
    """Two commands of the month beside each other, one a little later."""
    one, other = random.choice(_PAIRS)
    later = random.uniform(0, 0.5) * at.undisturbed.seconds[one]
    with office(at.hands, at.world, at.undisturbed) as here:
        here.came.note = f"{one} and {other} {later:.2f} s later"
        _before(here, one)
        words = here.words(one), here.words(other)
        assert words[0] is not None
        assert words[1] is not None
        first = here.start(*words[0])
        first.is_ended.wait(later)
        second = here.start(*words[1])
        while not (first.is_ended.is_set() and second.is_ended.is_set()):
            here.look()
        for command in (first, second):
            command.wait()
            here.after(command)
        return _to_the_end(here, one)


# --- the clock --------------------------------------------------------------------------------

_CLOCKS = {
    "an hour back": ("-3500", ""),
    "three hours back": ("-10800", "clock"),
    "a year ahead": ("+365d", "idle"),
    "1970": ("@1970-01-01 00:01:00", "clock"),
}
"""How each is set, and what the status has to tell where commands are to refuse to work."""


def clock_moved(at: Bench, random: Random) -> Came:
    """The clock of the commands goes wrong before a step and is right after it; Postgres' is right."""
    by, clock = at.clocked()
    name = random.choice([*_CLOCKS])
    shown, told = _CLOCKS[name]
    step = random.choice((RUN, RUN, DELIVER, PUBLISH))
    with office(by, at.world, at.undisturbed) as here:
        library = _faketime()
        assert library is not None
        here.more |= _clock_variables(clock, library)
        here.came.note = f"{step}: {name}"
        _before(here, step)
        clock.write_text(f"{shown}\n")
        try:
            command = here.step(step)
            assert command is not None
            if told:
                if command.code == 0 or "clock" not in command.said():
                    here.came.wrong.append(f"{step} went on in {name}")
                here.look(must_tell=told)
        finally:
            clock.write_text("+0\n")
        return _to_the_end(here, step)


CASES: dict[str, Case] = {
    "killed": killed,
    "database gone": database_gone,
    "disk full": disk_full,
    "disk full, database too": disk_full_of_database,
    "folder read-only": folder_read_only,
    "data store cut": store_cut,
    "mail server cut": mail_cut,
    "twice at once": twice_at_once,
    "clock moved": clock_moved,
}


def run_case(at: Bench, fault: str, seed: int) -> Came:
    """Run one case.

    Raises:
        Impossible: it cannot be tried on this machine.
    """
    return CASES[fault](at, Random(f"{fault} {seed}"))  # noqa: S311 - nothing secret
