"""The single looks of `drought doctor`: each returns what it found, and what to do about it."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryFile

from sqlalchemy import Connection, Engine

from pipeline.core.clock import implausible
from pipeline.core.components import Component
from pipeline.core.errors import DroughtError
from pipeline.core.months import Month
from pipeline.settings import Settings
from pipeline.sources.archive import Archive
from pipeline.sources.cds import CdsAccess
from pipeline.sources.cds_account import LICENCE_PAGE, licences_to_accept, time_at
from pipeline.sources.grid_layout import local_folder
from pipeline.steps.hand_over import mailer_of
from pipeline.steps.installation import deciding_sources
from pipeline.warehouse.analysts import read_analysts, read_open_doors
from pipeline.warehouse.databases import script_to_guard
from pipeline.warehouse.engine import is_superuser, may_act_as, name_of_login, unguarded
from pipeline.warehouse.files import read_sources
from pipeline.warehouse.health import (
    read_database_facts,
    read_kept_files,
    read_open_request_age,
    read_times,
)
from pipeline.warehouse.ingests import read_refused
from pipeline.warehouse.landscapes import read_landscapes
from pipeline.warehouse.plans import read_plans
from pipeline.warehouse.status import read_pending, read_undelivered

STORE_TIMEOUT_SECONDS = 10.0
SAMPLE = 500
"""How many archived files are looked at unless all are asked for."""
LONG_OPEN = timedelta(days=2)
"""A request to the data store that is open for longer has met some trouble."""
_SOME = 3
_GIB = 1 << 30


class UnseenError(DroughtError):
    """A look could not be taken, because another part is broken."""


class Verdict(StrEnum):
    """How a part of the installation stands."""

    OK = "ok"
    ATTENTION = "attention"
    """It works, or is not used; somebody should know."""
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look found."""

    check: str
    verdict: Verdict
    said: str
    """What was found, and unless all is well what to do."""


@dataclass(frozen=True)
class Patient:
    """The installation as far as it could be put together."""

    settings: Settings
    warehouse: Engine | None
    """None where the database does not answer."""
    clock: Callable[[], datetime]
    needed_bytes: int
    is_thorough: bool


Look = tuple[Verdict, str]


def look_at_clock(patient: Patient) -> Look:
    """Compare the clock with what is written down, with the database, and with the data store."""
    others: dict[str, datetime] = {}
    newest = None
    if patient.warehouse is not None:
        with patient.warehouse.connect() as connection:
            newest, others["the database"] = read_times(connection)
    if patient.settings.cdsapi_key is not None:
        try:
            theirs = time_at(patient.settings.cdsapi_url, STORE_TIMEOUT_SECONDS)
        except (OSError, ValueError):
            theirs = None  # the look at the data store says so
        others |= {} if theirs is None else {"the data store": theirs}
    now = patient.clock()
    wrong = implausible(now, newest, others)
    if wrong is not None:
        is_trusted = patient.settings.trust_clock and implausible(now, None, others) is None
        return (Verdict.ATTENTION if is_trusted else Verdict.BROKEN), wrong.removeprefix("clock: ")
    asked = f", close to {' and to '.join(others)}" if others else ", nobody else was asked"
    return Verdict.OK, f"{now:%Y-%m-%d %H:%M} UTC{asked}"


def look_at_database(patient: Patient) -> Look:
    """See that it answers, that its tables are ours, and that they can be written."""
    with _connection(patient) as connection:
        facts = read_database_facts(connection)
    own = "embedded" if patient.settings.database_url is None else "your own"
    return Verdict.OK, f"Postgres {facts.version} ({own}), {_gib(facts.size_bytes)} of data"


def look_at_rights(patient: Patient) -> Look:
    """See that each step can work with the rights of its component, and the login has not too many."""
    if patient.warehouse is None:
        raise UnseenError("what the login may only the database knows")
    login, lacking = name_of_login(patient.warehouse), unguarded(patient.warehouse)
    if lacking:
        return Verdict.ATTENTION, (
            f"steps work with all rights of {login}: it may not take on {', '.join(lacking)}; run "
            "`drought db migrate` as the owner, or have a superuser run in this database: "
            f"{script_to_guard(patient.warehouse, lacking)}"
        )
    own = [one for one in Component if may_act_as(patient.warehouse, one)]
    if len(own) < len(Component):
        return Verdict.OK, f"{login} may what {', '.join(own) or 'no component'} may, and no more"
    if patient.settings.database_url is not None and is_superuser(patient.warehouse):
        return Verdict.ATTENTION, (
            "the login may do everything on this server; let the database belong to one with "
            "CREATEROLE and CREATEDB that is no superuser (docs/security.md)"
        )
    return Verdict.OK, "each step has the rights of its component"


def look_at_analysts(patient: Patient) -> Look:
    """See that the logins of analysts can do nothing but read `mart`."""
    with _connection(patient) as connection:
        logins = read_analysts(connection)
        doors = read_open_doors(connection)
    if doors and logins:
        named = "; ".join(f"{door.door} ({door.closed_by})" for door in doors[:_SOME])
        return Verdict.ATTENTION, (
            f"{len(doors)} things are open to their logins that `drought db migrate` could not close; "
            f"have a superuser run what closes them in this database: {named}; all of them are in "
            "ops.open_door"
        )
    if not logins:
        return Verdict.OK, "no logins of analysts; `drought analysts add` makes one"
    return Verdict.OK, f"{len(logins)} logins, which read mart and nothing else"


def look_at_archive(patient: Patient) -> Look:
    """Write, read and delete a probe; see that the files that came are there."""
    archive = Archive(patient.settings.archive)
    archive.probe()
    if patient.warehouse is None:
        return Verdict.ATTENTION, (
            "can be written and read; which files must be there only the database knows"
        )
    with patient.warehouse.connect() as connection:
        kept = read_kept_files(connection)
    is_all = patient.is_thorough or len(kept) <= SAMPLE
    chosen = kept if is_all else random.sample(kept, SAMPLE)
    wrong = [key for key, size in chosen if archive.size_of(key) != size]
    if patient.is_thorough:
        gone = set(wrong)
        wrong += [key for key, _ in chosen if key not in gone and not _is_intact(archive, key)]
    if wrong:
        return Verdict.BROKEN, (
            f"{len(wrong)} of {len(chosen)} files looked at are missing or changed, such as "
            f"{', '.join(wrong[:_SOME])}; restore them from a backup, or ingest the files again"
        )
    how = "with their checksums" if patient.is_thorough else "with their sizes"
    whole = f"all {len(kept)} files" if is_all else f"{SAMPLE} of {len(kept)} files"
    return Verdict.OK, f"can be written and read; {whole} are there {how}"


def look_at_disk(patient: Patient) -> Look:
    """See that the folders can be written and have the room that is asked for."""
    patient.settings.var.mkdir(parents=True, exist_ok=True)
    with TemporaryFile(dir=patient.settings.var) as probe:
        probe.write(b"probe")
    folders = {"$DROUGHT_VAR": patient.settings.var}
    if patient.settings.archive.startswith("file://"):
        folders["the archive"] = Path(patient.settings.archive.removeprefix("file://"))
    grids = local_folder(patient.settings.grids)
    if grids is not None:
        folders["the grids"] = grids
    free = {name: shutil.disk_usage(_existing(path)).free for name, path in folders.items()}
    said = ", ".join(f"{_gib(room)} free for {name}" for name, room in free.items())
    if min(free.values()) < patient.needed_bytes:
        return Verdict.BROKEN, (
            f"{said}, expected at least {_gib(patient.needed_bytes)}; make room "
            "($DROUGHT_VAR/weights is made again when deleted, and so are climate and index in the stores "
            "of $DROUGHT_VAR/grids; calibration and the archive are not), or say --need-gb less"
        )
    return Verdict.OK, said


def look_at_mail(patient: Patient) -> Look:
    """Connect to the mail server and sign in; nothing is sent."""
    settings = patient.settings
    mailer = mailer_of(settings)
    if mailer is None:
        return Verdict.ATTENTION, (
            "not set: letters are written to $DROUGHT_VAR/outgoing only; set DROUGHT_SMTP_HOST to "
            "mail them"
        )
    mailer.knock()
    return Verdict.OK, f"{settings.smtp_host}:{settings.smtp_port} lets us in; nothing was sent"


def look_at_operator(patient: Patient) -> Look:
    """See that somebody is told of months that are late, of steps that fail, and of alerts unanswered."""
    settings = patient.settings
    if settings.smtp_host is None or not settings.mail_operator:
        lacks = [
            name
            for name, one in (
                ("DROUGHT_SMTP_HOST", settings.smtp_host),
                ("DROUGHT_MAIL_OPERATOR", settings.mail_operator),
            )
            if not one
        ]
        return Verdict.ATTENTION, (
            f"nobody is told when a month is complete, late or stuck: set {' and '.join(lacks)}"
        )
    people = len(settings.mail_operator)
    return (
        Verdict.OK,
        f"{people} {'address is' if people == 1 else 'addresses are'} told each month",
    )


def look_at_data_store(patient: Patient) -> Look:
    """Ask the data store whether it takes the key, and which licences are missing."""
    settings = patient.settings
    if settings.cdsapi_key is None:
        return Verdict.ATTENTION, (
            "CDSAPI_KEY is not set: nothing is fetched, grids come as files by hand or by a drop "
            "folder"
        )
    access = CdsAccess(
        settings.cdsapi_url,
        settings.cdsapi_key.get_secret_value(),
        timeout_seconds=STORE_TIMEOUT_SECONDS,
    )
    missing = licences_to_accept(access)
    if missing:
        return Verdict.BROKEN, (
            f"licence {', '.join(missing)} is not accepted; sign in and accept it at {LICENCE_PAGE}"
        )
    return Verdict.OK, f"{settings.cdsapi_url} takes the key; the licences are accepted"


def look_at_landscapes(patient: Patient) -> Look:
    """See that landscapes are loaded, and that a plan rules each of their countries now."""
    month = Month.of(patient.clock().date())
    with _connection(patient) as connection:
        countries = {stored.landscape.country for stored in read_landscapes(connection)}
        ruled = {
            country
            for country, timetable in read_plans(connection).items()
            if timetable.in_force(month) is not None
        }
    if not countries:
        return Verdict.ATTENTION, (
            "none loaded; run `drought landscapes load --default`, or load your own"
        )
    if countries - ruled:
        return Verdict.BROKEN, (
            f"no plan rules {', '.join(sorted(countries - ruled))} in {month}; run "
            "`drought db migrate` or `drought plans load FILE`"
        )
    return Verdict.OK, f"of {', '.join(sorted(countries))}, each with a plan in force"


def look_at_source(patient: Patient) -> Look:
    """See that it is settled by which source is decided."""
    with _connection(patient) as connection:
        if not read_sources(connection) and patient.settings.source is None:
            return Verdict.ATTENTION, (
                "no grids yet; run `drought ingest era5-land` or `drought ingest grid`"
            )
        by = deciding_sources(connection, patient.settings)
    return Verdict.OK, f"decided by {', '.join(by)}"


def look_at_open_things(patient: Patient) -> Look:
    """Name what waits for somebody: requests, refused files, approvals, messages."""
    with _connection(patient) as connection:
        n_requests, since = read_open_request_age(connection)
        counts = {
            "files refused and not taken since": len(read_refused(connection)),
            "alerts that wait for approval": len(read_pending(connection)),
            "messages approved and not sent": len(read_undelivered(connection)),
        }
    if since is not None and patient.clock() - since > LONG_OPEN:
        counts[f"open requests to the data store, the oldest of {since:%Y-%m-%d}"] = n_requests
    said = [f"{what}: {count}" for what, count in counts.items() if count]
    if said:
        return Verdict.ATTENTION, f"{'; '.join(said)}; `drought status` names them"
    return Verdict.OK, "nothing waits for anybody"


def _connection(patient: Patient) -> Connection:
    if patient.warehouse is None:
        raise UnseenError("not looked at, the database does not answer; mend it first")
    return patient.warehouse.connect()


def _is_intact(archive: Archive, key: str) -> bool:
    return archive.checksum_of(key) == Path(key).name.partition(".")[0]


def _existing(path: Path) -> Path:
    return path if path.exists() or path == path.parent else _existing(path.parent)


def _gib(size_bytes: float) -> str:
    return f"{size_bytes / _GIB:,.1f} GiB"
