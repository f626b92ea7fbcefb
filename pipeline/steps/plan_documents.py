"""What plan documents say: read, checked alone and with each other, and found by file or name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection

from pipeline.alerts.words import LANGUAGES
from pipeline.core.careful_yaml import MAX_BYTES
from pipeline.core.errors import InputError
from pipeline.core.months import Month
from pipeline.plans.cautions import cautions
from pipeline.plans.document import Plan
from pipeline.plans.reading import from_yaml
from pipeline.plans.together import Kept, faults_together, notes_together
from pipeline.warehouse.plans import read_documents


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """What was found in one file."""

    path: Path
    plan: Plan | None
    """None: it was refused."""
    faults: Sequence[str] = ()
    """Each with the file, the place and what to do."""
    cautions: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found in several files, one by one and together."""

    files: Sequence[CheckedFile]
    faults: Sequence[str] = field(default=())
    """Of files that do not stand side by side."""
    notes: Sequence[str] = field(default=())

    @property
    def every_fault(self) -> list[str]:
        return [*(fault for one in self.files for fault in one.faults), *self.faults]


def read_plan_file(path: Path) -> Plan:
    """Return the plan in a file.

    Raises:
        InputError: there is no such file, it is too large, or it is no plan; every fault has a line
            of its own.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.start >= MAX_BYTES - 4:
            raise _too_large(path) from error
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{path}: line {line}: expected letters in UTF-8, got another encoding; save the file as "
            "UTF-8"
        ) from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read, expected a plan: {error}") from error
    if len(content) > MAX_BYTES:
        raise _too_large(path)
    return from_yaml(text, str(path))


def _too_large(path: Path) -> InputError:
    return InputError(
        f"{path}: expected {MAX_BYTES:,} bytes at most, got more; is it the file that was meant?"
    )


def _not_written(plan: Plan, where: str) -> list[str]:
    """Return a fault where letters cannot be written in a language of the plan."""
    missing = [language for language in plan.languages if language not in LANGUAGES]
    fault = (
        f"{where}: languages: expected some of {', '.join(LANGUAGES)}, in which letters can be "
        f"written, got {', '.join(missing)}; take it out, or translate the words of the letters "
        "(docs/translating.md)"
    )
    return [fault] if missing else []


def check_plan_files(paths: Sequence[Path]) -> Checked:
    """Check plan documents alone and, those that are sound, with each other."""
    files = [_checked(path) for path in paths]
    kept = [
        Kept(str(one.path), one.plan, one.plan.effective_from)
        for one in files
        if one.plan is not None
    ]
    return Checked(files, faults_together(kept), notes_together(kept))


def _checked(path: Path) -> CheckedFile:
    try:
        plan = read_plan_file(path)
    except InputError as error:
        return CheckedFile(path, None, str(error).splitlines())
    return CheckedFile(path, plan, _not_written(plan, str(path)), cautions(plan))


def refuse_unfit(connection: Connection, plan: Plan, where: str, first: Month) -> None:
    """Refuse a document that cannot be put in force beside those that are stored.

    Shipped documents give way: only the agency's own can stand in the way of another.

    Args:
        connection: to the warehouse.
        plan: the document.
        where: its file, for errors.
        first: the month from which on it would be in force.

    Raises:
        InputError: it hears a forecast, or has a language that letters cannot be written in; or two
            plans would be in force at once, or versions would replace each other in a circle.
    """
    if plan.hears_forecast:
        raise InputError(
            f"{where}: a rule hears a forecast, which is reserved: nothing reads forecasts yet; take "
            "the rule out to load the plan"
        )
    if faults := _not_written(plan, where):
        raise InputError("\n".join(faults))
    new = Kept(where, plan, first)
    stored = [
        Kept("the warehouse", one.plan, one.first, gives_way=one.is_shipped)
        for one in read_documents(connection)
    ]
    if any(one.key == new.key for one in stored):
        return  # a version that is stored is judged by its content
    known = set(faults_together(stored))
    if faults := [one for one in faults_together([*stored, new]) if one not in known]:
        raise InputError("\n".join(faults))


def named_plan(connection: Connection, name: str) -> Plan:
    """Return a stored plan by its name: ``PLAN_ID@VERSION``, or ``PLAN_ID`` for its newest version.

    Raises:
        InputError: there is no such plan.
    """
    plan_id, _, version = name.partition("@")
    documents = read_documents(connection)
    found = [
        one.plan
        for one in documents
        if one.plan.plan_id == plan_id and version in {"", one.plan.version}
    ]
    if not found:
        known = ", ".join(f"{one.plan.plan_id}@{one.plan.version}" for one in documents)
        raise InputError(
            f"{name}: expected a file, or a plan that is stored ({known or 'there are none'}); see "
            "`drought plans list`"
        )
    return found[-1]
