"""What the operator is told each month, so that silence is never ambiguous: plain English, inside the agency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from pipeline.alerts.notices import Notice, labelled
from pipeline.core.months import Month

_SOME = 3
"""So many are named in a subject."""
_INSIDE = "This mail is for the agency only: do not pass it on."


@dataclass(frozen=True, slots=True)
class Closing:
    """A month that has gone its whole way."""

    month: Month
    raised: int
    untold: int
    """Changes of stage that are told to nobody."""
    approved: int
    refused: int
    expired: int
    sent: int
    newly_blind: int
    """Landscapes without a value that had one in the month before."""
    came: Sequence[str]
    """A line a country: what came, and when."""
    decided: Sequence[str]
    """A line a country and drought type: how many landscapes stand in which stage."""
    awaited: Sequence[str]
    """What the plans or the blending hear and has not come, in a word each."""
    awaits: Sequence[str]
    """The same, a line each, with what to do."""
    also: Sequence[str]
    """What else the operator should know, such as backups; a line each."""
    is_checked: bool
    """Whether the checks found no error, and all of them ran."""
    is_live: bool
    next_by: date
    """The day by which the next month's message has come, or the machine does not run."""


def closing_notice(closing: Closing, *, is_exercise: bool) -> Notice:
    """Return the mail that closes a month: all quiet, or what there was."""
    # What was going on when alerts began to be told is raised for a month before them.
    if closing.raised:
        what = f"{_counted(closing.raised, 'alert')} raised, {closing.approved} approved"
        said = (
            f"Alerts: {closing.raised} raised, {closing.approved} approved, {closing.refused} refused, "
            f"{closing.expired} expired unanswered. Messages sent: {closing.sent}."
        )
    elif not closing.is_live:
        what, said = "complete, not live", "Alerts are not told yet: see `drought golive`."
    else:
        what = "quiet so far" if closing.awaited else "all quiet"
        why = "." if closing.untold else ": no stage changed under the plans in force."
        said = f"No alert was raised{why}"
    if closing.untold:
        said += f"\nTold to nobody: {_counted(closing.untold, 'change')} of stage."
    if closing.newly_blind:
        blind = _counted(closing.newly_blind, "landscape")
        what += f", {blind} without values"
        said += (
            f"\nThe source has gaps for {blind} that had values in the month before: stages are held "
            "there. See below whether that is right."
        )
    if not closing.is_checked:
        what += ", but see the checks"
    if closing.awaited:
        some = ", ".join(closing.awaited[:_SOME]) + (", …" if len(closing.awaited) > _SOME else "")
        what += f"; still expected: {some}"
    sections = [
        f"{closing.month} is complete: the data came, the stages are decided, and nothing waits.\n{said}\n"
        "If later readings or corrected values raise alerts for it, a further message says so.",
        *(["\n".join(["Still expected", *_listed(closing.awaits)])] if closing.awaits else []),
        "\n".join(["What came", *_listed(closing.came)]),
        "\n".join(["Stages", *_listed(closing.decided)]),
        "\n".join(["The installation", *_listed(closing.also)]),
        _next(closing.month + 1, closing.next_by),
    ]
    return labelled(f"Drought monitor {closing.month}: {what}", sections, is_exercise=is_exercise)


def more_notice(month: Month, alerts: int, *, is_exercise: bool) -> Notice:
    """Return the mail about alerts that were raised for a month after the mail that closed it."""
    counted = _counted(alerts, "alert")
    sections = [
        f"Raised for {month} after the message that closed it: {counted}. A reading came later, values "
        "or a plan were changed, or alerts began to be told.",
        "`drought status` shows which wait for approval, and which messages have not left.",
        _INSIDE,
    ]
    subject = f"Drought monitor {month}: {counted} raised since it was closed"
    return labelled(subject, sections, is_exercise=is_exercise)


@dataclass(frozen=True, slots=True)
class Stuck:
    """A month that should have gone its whole way by now, and has not."""

    month: Month
    due: date
    """The day on which its first values were expected."""
    lacks: Sequence[str]
    """What lacks, in the order of the month's way, each with what to do."""
    next_by: date
    """The day by which the next month's message has come."""


def stuck_notice(stuck: Stuck, *, is_exercise: bool) -> Notice:
    """Return the mail that says what a month lacks, and what to do."""
    sections = [
        f"{stuck.month} is not complete. Its values were expected on {stuck.due}.",
        "\n".join(["What lacks, and what to do", *_listed(stuck.lacks)]),
        f"You are told once of each step at which {stuck.month} stands, and when it is complete.\n"
        "`drought status` shows how it stands now, `drought doctor` what is broken.",
        _next(stuck.month + 1, stuck.next_by),
    ]
    first = stuck.lacks[0].split(":", 1)[0]
    return labelled(
        f"Drought monitor {stuck.month}: NOT complete ({first})", sections, is_exercise=is_exercise
    )


def late_notice(month: Month, late: Sequence[str], *, is_exercise: bool) -> Notice:
    """Return the mail about what came later than a plan allows, though the month goes on without it."""
    sections = [
        f"Readings of {month} are later than a plan in force allows. Their rules are silent until then.",
        "\n".join(_listed(late)),
        "The bulletin says so too.",
    ]
    subject = f"Drought monitor {month}: later than the plan allows"
    return labelled(subject, sections, is_exercise=is_exercise)


def undecided_notice(said: str, *, is_exercise: bool) -> Notice:
    """Return the mail that says that no source decides, so that no month goes its way."""
    sections = [
        "It is not settled which source decides stages:",
        said,
        "Until that is mended no stage is decided, no month is looked at, and no message about a month "
        "comes.\nSet DROUGHT_SOURCE to the source that is to decide, or do what is said above. You are told "
        "once a month; `drought doctor` shows whether it is mended.",
        _INSIDE,
    ]
    return labelled("Drought monitor: no source decides", sections, is_exercise=is_exercise)


def failing_notice(
    step: str, since: date, failures: int, message: str, *, is_exercise: bool
) -> Notice:
    """Return the mail about a step that fails and does not mend itself."""
    sections = [
        f"The step {step} has failed since {since}, {_counted(failures, 'time')}. It said last:",
        message,
        f"You are told once. `drought status` shows whether it fails still; docs/monitoring.md says of "
        f"each step where to look. What {step} would have done is not done.",
    ]
    return labelled(f"Drought monitor: {step} fails", sections, is_exercise=is_exercise)


def _next(month: Month, by: date) -> str:
    return (
        f"The message about {month} comes by {by}, whatever happens: complete, or not complete.\n"
        "If none has come by then, the machine does not run, or cannot mail: look at it.\n"
        + _INSIDE
    )


def _listed(lines: Sequence[str]) -> list[str]:
    return [f"- {line}" for line in lines] or ["- nothing"]


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
