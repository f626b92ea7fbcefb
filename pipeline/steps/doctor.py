"""Look at every part the installation stands on, one after another, and say what to do.

No look hides another: each ends by itself, in bounded time, whatever happens to it.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar

from sqlalchemy import Engine

from pipeline.settings import Settings, secrets_of
from pipeline.steps import checkup
from pipeline.steps.channel_check import look_at_channels
from pipeline.steps.checkup import Finding, Look, Patient, UnseenError, Verdict
from pipeline.steps.public_check import look_at_public_messages

_Kept = TypeVar("_Kept")

NEEDED_BYTES = 5 << 30
"""Room for a year of files, the database and Airflow's logs."""
LOOK_SECONDS = 30.0
"""How long one look may take; a thorough one at the archive takes what it takes."""
START_SECONDS = 120.0
"""How long the embedded Postgres may take to come up after a power cut."""

LOOKS: Mapping[str, Callable[[Patient], Look]] = {
    "clock": checkup.look_at_clock,
    "database": checkup.look_at_database,
    "rights": checkup.look_at_rights,
    "analysts": checkup.look_at_analysts,
    "archive": checkup.look_at_archive,
    "disk": checkup.look_at_disk,
    "mail": checkup.look_at_mail,
    "operator": checkup.look_at_operator,
    "channels": look_at_channels,
    "public messages": look_at_public_messages,
    "data store": checkup.look_at_data_store,
    "landscapes and plans": checkup.look_at_landscapes,
    "source": checkup.look_at_source,
    "open things": checkup.look_at_open_things,
}


def doctor(
    read_settings: Callable[[], Settings],
    connect: Callable[[], Engine],
    *,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    needed_bytes: int = NEEDED_BYTES,
    is_thorough: bool = False,
    look_seconds: float = LOOK_SECONDS,
) -> Iterator[Finding]:
    """Yield what is found, as it is found. Nothing is changed but a probe, which is removed.

    Args:
        read_settings: returns the settings, or raises what is wrong with them.
        connect: returns the warehouse, or raises why it does not answer.
        clock: the time by this machine.
        needed_bytes: the room on disk that is asked for.
        is_thorough: look at every archived file, with its checksum.
        look_seconds: how long one look may take.
    """
    settings: list[Settings] = []
    found = _bounded("settings", lambda: _keep(settings, read_settings()), look_seconds)
    yield replace(found, said="readable") if settings else found
    if not settings:
        return
    secrets = secrets_of(settings[0])
    engines: list[Engine] = []
    found = _bounded("database", lambda: _keep(engines, connect()), START_SECONDS)
    if not engines:
        yield _without(found, secrets)
    warehouse = engines[0] if engines else None
    patient = Patient(settings[0], warehouse, clock, needed_bytes, is_thorough)
    for name, look in LOOKS.items():
        if name == "database" and warehouse is None:
            continue
        seconds = threading.TIMEOUT_MAX if is_thorough and name == "archive" else look_seconds
        yield _without(_bounded(name, lambda look=look: look(patient), seconds), secrets)  # type: ignore[misc]


def is_sound(findings: list[Finding]) -> bool:
    """Whether nothing is broken."""
    return all(finding.verdict is not Verdict.BROKEN for finding in findings)


def _keep(held: list[_Kept], one: _Kept) -> Look:
    held.append(one)
    return Verdict.OK, ""


def _bounded(name: str, look: Callable[[], Look], seconds: float) -> Finding:
    """Run one look in a thread of its own: whatever hangs in it is left behind after `seconds`."""
    answers: queue.SimpleQueue[Look] = queue.SimpleQueue()

    def run() -> None:
        try:
            answers.put(look())
        except Exception as error:  # noqa: BLE001 - no look may hide the next one
            said = (str(error).splitlines() or [""])[0] or type(error).__name__
            is_unseen = isinstance(error, UnseenError)
            answers.put((Verdict.ATTENTION if is_unseen else Verdict.BROKEN, said))

    threading.Thread(target=run, daemon=True).start()
    try:
        verdict, said = answers.get(timeout=seconds)
    except queue.Empty:
        verdict, said = Verdict.BROKEN, f"no answer within {seconds:.0f} s; see what holds it up"
    return Finding(name, verdict, said)


def _without(finding: Finding, secrets: list[str]) -> Finding:
    said = finding.said
    for secret in secrets:
        said = said.replace(secret, "***")
    return replace(finding, said=said)
