"""The month as an operator runs it, on one place, with its store and its mail server.

A step that did not end well is run again with the same words once the fault is over. After every command
`drought status` is looked at, and so are the letters that have come: each must be approved.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import psycopg

from pipeline.core.errors import InputError
from pipeline.core.months import Month
from pipeline.local import simulated_files, store_desk
from pipeline.local.data_store import DEFAULT_KEY, DataStore
from pipeline.local.store_desk import Behaviour
from tests.integration.monthly_world import MONTH
from tests.integration.postbox import HOST, Postbox, free_port, listening
from tests.slow.faults import looks
from tests.slow.faults.comparing import End, differences, end_of
from tests.slow.faults.hands import Command, Hands
from tests.slow.faults.world import OPERATOR, POSTGRES, Place, World

RUN, REFUSE, APPROVE, DELIVER, PUBLISH = "run", "refuse", "approve", "deliver", "publish"
BACK_UP, CHECK = "back up", "check"
STEPS = (RUN, REFUSE, APPROVE, DELIVER, PUBLISH, CHECK)
_TRIES = 6
_SIGNED = ("--by", "A. Forecaster", "--office", "Drought desk", "--protocol", "7")
_WORDS = {
    RUN: ("run", "--from", str(MONTH), "--to", str(MONTH)),
    DELIVER: ("deliver", "--now"),
    PUBLISH: ("publish",),
    BACK_UP: ("db", "backup", "--no-try"),
    CHECK: ("check",),
}
_TOLD = """
SELECT p.alert_id, p.state, concat_ws(' ', t.month, t.chain_id, t.change)
FROM alert.approval AS p JOIN alert.transition AS t USING (alert_id)
WHERE p.state = 'pending' OR (p.state IN ('approved', 'refused') AND p.protocol IS NOT NULL)
ORDER BY 3
"""
"""Those of the month: what was approved before it bears no protocol."""
_APPROVED = """
SELECT m.message_id::text FROM alert.message AS m
JOIN alert.approval AS a USING (alert_id) WHERE a.state = 'approved'
UNION ALL
SELECT g.digest_id::text FROM alert.digest AS g WHERE NOT EXISTS (
    SELECT FROM alert.delivery AS d JOIN alert.message AS m USING (message_id)
    JOIN alert.approval AS a ON a.alert_id = m.alert_id
    WHERE d.digest_id = g.digest_id AND a.state <> 'approved')
"""
_NOTED_SENT = """
SELECT coalesce(d.digest_id, m.message_id)::text FROM alert.delivery AS d
JOIN alert.message AS m USING (message_id) WHERE d.channel = 'mail' AND d.state = 'sent'
"""
_MISSED = """
SELECT m.message_id::text, d.recipient_id, d.channel, d.state FROM alert.delivery AS d
JOIN alert.message AS m USING (message_id)
JOIN alert.approval AS a ON a.alert_id = m.alert_id
WHERE a.state = 'approved' AND d.state <> 'sent' AND d.state <> 'cancelled'
"""

Trap = Mapping[str, Any]


@dataclass(frozen=True)
class Undisturbed:
    """A month that nothing disturbed."""

    end: End
    stages: int
    """How many the month has."""
    seconds: dict[str, float]
    """Of each step."""
    counts: dict[str, dict[str, int]]
    """Of each step, how many events of each kind."""


@dataclass
class Came:
    """What a case came to."""

    lost: list[str] = field(default_factory=list)
    repeated: int = 0
    """Letters that came again after a crash between acceptance and commit."""
    wrong: list[str] = field(default_factory=list)
    untrue: list[str] = field(default_factory=list)
    looks: int = 0
    commands: int = 0
    hits: int = 0
    """Commands that ended otherwise than well."""
    seconds: float = 0.0
    """From the end of the fault to the end of the step that it had hit."""
    litter: int = 0
    note: str = ""


@dataclass
class Office:
    """One place at work."""

    hands: Hands
    world: World
    place: Place
    postbox: Postbox
    store: DataStore
    undisturbed: Undisturbed | None
    came: Came = field(default_factory=Came)
    more: dict[str, str] = field(default_factory=dict)
    """Variables besides those of the place."""
    unheard: Counter[str] = field(default_factory=Counter)
    """How often a letter may come again: it was taken, and the sender never heard of it."""
    was_killed: bool = False
    noted: set[str] = field(default_factory=set)

    # --- commands ---------------------------------------------------------------------------

    def environment(self) -> dict[str, str]:
        return {
            **self.place.environment(),
            "CDSAPI_URL": self.store.url,
            "CDSAPI_KEY": DEFAULT_KEY,
            "DROUGHT_SMTP_HOST": HOST,
            "DROUGHT_SMTP_PORT": str(self.postbox.port),
            **self.more,
        }

    def start(self, *words: str, trap: Trap | None = None) -> Command:
        self.came.commands += 1
        logs = self.world.folder / f"{self.place.name}.logs"
        logs.mkdir(exist_ok=True)
        return self.hands.start(words, self.environment(), logs, trap or {})

    def words(self, step: str) -> tuple[str, ...] | None:
        """Return the command of a step; None: nobody is left to be answered."""
        if step not in {REFUSE, APPROVE}:
            return _WORDS[step]
        told = self.rows(_TOLD)
        first, last = told[0][0], told[-1][0]  # in the order of their names, so always the same
        asked = [alert for alert, state, _ in told if state == "pending" and alert != last]
        if step == REFUSE:
            return ("reject", str(first), *_SIGNED) if first in asked else None
        others = [str(alert) for alert in asked if alert != first]
        return ("approve", *others, *_SIGNED, "--accept-unchecked") if others else None

    def step(self, step: str, trap: Trap | None = None) -> Command | None:
        """Run a step to its end and look at what is to be seen then."""
        words = self.words(step)
        if words is None:
            return None
        command = self.start(*words, trap=trap)
        command.wait()
        self.after(command)
        return command

    def after(self, command: Command) -> None:
        """Look at the letters, the status and the words of a command that has ended."""
        if command.code != 0:
            self.came.hits += 1
        if command.code == -signal.SIGKILL:
            self.was_killed = True
            self.note_unheard()
        elif "Traceback" in command.said():
            self.came.wrong.append(f"{command.arguments[0]}: crashed: {command.said()[-1500:]}")
        elif command.code not in {0, 1}:
            self.came.wrong.append(f"{command.arguments[0]}: exit code {command.code}")
        elif command.code == 1 and not command.said().strip():
            self.came.wrong.append(f"{command.arguments[0]}: failed without a word")
        self.see_letters()
        self.look()

    def until_done(self, step: str) -> None:
        """Run a step until it ends well; the fault is over."""
        said = ""
        for _ in range(_TRIES):
            command = self.step(step)
            if command is None or command.code == 0:
                return
            said = command.said()
        self.came.wrong.append(f"{step}: does not end well after {_TRIES} tries: {said[-600:]}")

    def go_on(self, step: str) -> None:
        """Run a step that a fault hit to its end, by the clock."""
        start = time.monotonic()
        self.until_done(step)
        self.came.seconds += time.monotonic() - start

    # --- what is seen -----------------------------------------------------------------------

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        url = self.place.url.replace("postgresql+psycopg://", "postgresql://")
        with psycopg.connect(url) as connection:
            return connection.execute(query).fetchall()

    def truth(self) -> looks.Truth | None:
        try:
            return looks.truth(self.place.url)
        except InputError:  # it was never started
            return None

    def look(self, must_tell: str = "") -> None:
        """Ask for the status once, and hold it against the tables.

        `must_tell` is what it has to give as a reason, unless empty.
        """
        before = self.truth()
        command = self.start("status", "--json")
        command.wait()
        after = self.truth()
        said = looks.Said(command.wait(), command.printed(), command.said())
        whole = self.undisturbed.stages if self.undisturbed else len(_stages(said))
        self.came.looks += 1
        self.came.untrue += looks.untruths(before, said, after, whole)
        if must_tell and f'"what": "{must_tell}"' not in said.printed:
            self.came.untrue.append(f"nothing is said of the {must_tell}")

    def note_unheard(self) -> None:
        """Remember which letters the mail server has and the outbox does not know of.

        A command was killed, or heard no answer, between the two: each of them may come once more.
        """
        self._see_noted()
        for one, times in Counter(self.letter_ids()).items():
            if one not in self.noted:
                self.unheard[one] = times

    def _see_noted(self) -> None:
        """See which letters the outbox knows to have left; without a database it is as it was last seen."""
        with suppress(psycopg.OperationalError, InputError):
            self.noted = {row[0] for row in self.rows(_NOTED_SENT)}

    def letter_ids(self) -> list[str]:
        """The ids of the letters that came to recipients of alerts."""
        return [
            _id(letter) for recipient, letter in [*self.postbox.letters] if recipient != OPERATOR
        ]

    def see_notices(self) -> None:
        """See that the operator got what was noted as sent, and nothing else."""
        told = {
            row[0]: row[1] for row in self.rows("SELECT notice_id::text, state FROM alert.notice")
        }
        to_operator = [_id(one) for who, one in [*self.postbox.letters] if who == OPERATOR]
        came = Counter(to_operator)
        for one, state in told.items():
            if state == "sent" and one not in came:
                self.came.lost.append(f"notice {one} was sent and never came")
        for one, times in came.items():
            if one not in told:
                self.came.wrong.append(f"notice {one} came and stands nowhere")
            elif times > 1 and not self.came.hits:
                self.came.wrong.append(f"notice {one} came {times} times, without any fault")

    def see_letters(self) -> None:
        """See that every letter that came was approved."""
        try:
            approved = {row[0] for row in self.rows(_APPROVED)}
        except (psycopg.OperationalError, InputError):
            return
        self._see_noted()
        for one in set(self.letter_ids()) - approved:
            self.came.wrong.append(f"letter {one} came and is not approved")

    # --- the end ----------------------------------------------------------------------------

    def end(self) -> End:
        return end_of(self.place, self.postbox.letters)

    def judge(self) -> Came:
        """Hold the end against that of a month that nothing disturbed."""
        assert self.undisturbed is not None
        self.see_letters()
        self.see_notices()
        found = self.end()
        came = self.came
        came.litter = found.litter
        came.wrong += differences(self.undisturbed.end, found)
        if found.litter and not self.was_killed:
            came.wrong.append(f"{found.litter} files were left behind that never got their names")
        for message, recipient, channel, state in self.rows(_MISSED):
            came.lost.append(f"{message} to {recipient} by {channel} is {state}")
        _compare_letters(self.undisturbed.end.letters, found.letters, came)
        for one, times in Counter(self.letter_ids()).items():
            if times > 1:
                came.repeated += times - 1
                if times - 1 > self.unheard[one]:
                    came.wrong.append(f"letter {one} came {times} times, without a crash for each")
        return came


def _compare_letters(expected: Mapping[str, int], found: Mapping[str, int], came: Came) -> None:
    came.lost += [f"letter never came: {one[:200]}" for one in expected if one not in found]
    came.wrong += [f"a letter nobody wrote: {one[:300]}" for one in found if one not in expected]
    came.wrong += [
        f"{times} letters that came to {expected[one]} in a month without a fault: {one[:300]}"
        for one, times in found.items()
        if expected.get(one, times) != times
    ]


_answers = threading.Lock()
_answer_of_store = functools.cache(simulated_files.answer)


def _answered(chosen: simulated_files.Selection, newest: Month, seed: int) -> bytes:
    """Answer for one store at a time: netCDF breaks where two threads write, and the stores share us."""
    with _answers:
        return _answer_of_store(chosen, newest, seed)


def _stages(said: looks.Said) -> list[object]:
    with suppress(json.JSONDecodeError):
        return list(json.loads(said.printed)["stages"])
    return []


def _id(letter: EmailMessage) -> str:
    return str(letter["Message-ID"]).strip("<>").partition("@")[0]


@contextmanager
def office(
    hands: Hands,
    world: World,
    undisturbed: Undisturbed | None,
    *,
    has_own_server: bool = False,
    disk_mib: int | None = None,
    behaviour: Behaviour | None = None,
) -> Iterator[Office]:
    """Open a place: its files, its database, its store and its mail server.

    Args:
        hands: who runs its commands.
        world: what it is a copy of.
        undisturbed: what it is compared with; None: it is what others are compared with.
        has_own_server: whether it has a Postgres of its own, durable, started by its commands.
        disk_mib: the size of a disk of its own for all its files; None: it has none.
        behaviour: of the store.
    """
    place = world.place(
        hands.through, has_own_server=has_own_server, has_own_disk=disk_mib is not None
    )
    if disk_mib is not None:
        hands.mount("-t", "tmpfs", "-o", f"size={disk_mib}m,mode=0755", "tmpfs", str(place.var))
    postbox = Postbox(free_port())
    store_desk.answer = _answered
    quick = behaviour or Behaviour(queue_polls=0)
    try:
        world.fill(place)
        with listening(postbox), DataStore(MONTH, behaviour=quick) as store:
            yield Office(hands, world, place, postbox, store, undisturbed)
    finally:
        if has_own_server:
            end_server(place)
        if disk_mib is not None:
            hands.unmount(place.var)
        world.drop(place)
        shutil.rmtree(world.folder / f"{place.name}.logs", ignore_errors=True)


def server_processes(place: Place) -> list[int]:
    """The processes that work in the data folder of a place's own Postgres, the first one first."""
    data = place.var / POSTGRES / "data"
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (process / "cwd").readlink() == data:
                found.append(int(process.name))
    return sorted(found)


def end_server(place: Place) -> None:
    """Kill the Postgres of a place, and wait until it is gone."""
    while found := server_processes(place):
        for pid in found:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)


def undisturbed_month(hands: Hands, world: World) -> Undisturbed:
    """Run the month once without a fault, and count its events."""
    seconds: dict[str, float] = {}
    counts: dict[str, dict[str, int]] = {}
    with office(hands, world, None) as here:
        for step in (*STEPS, BACK_UP):
            tally = here.place.var / "tally"
            start = time.monotonic()
            words = here.words(step)
            assert words is not None, step
            command = here.start(*words, trap={"tally": str(tally)})
            assert command.wait() == 0, (step, command.said())
            seconds[step] = time.monotonic() - start
            counts[step] = _read_counts(tally)
            here.after(command)
        status = here.start("status", "--json")
        assert status.wait() == 0
        stages = len(_stages(looks.Said(0, status.printed(), "")))
        problems = [*here.came.untrue, *here.came.wrong]
        assert not problems, problems
        end = here.end()
    assert stages
    return Undisturbed(end, stages, seconds, counts)


def _read_counts(tally: Path) -> dict[str, int]:
    found: dict[str, int] = json.loads(tally.read_text())
    return found
