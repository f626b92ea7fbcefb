"""The commands of `drought bulletin`: the forecaster's note, the files of a month, and their issue."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline import wiring
from pipeline.commands.account import logged_in_account
from pipeline.commands.options import MonthArgument, notes, option, screen
from pipeline.core.errors import InputError
from pipeline.core.ids import Country
from pipeline.core.months import Month
from pipeline.terminal import folded_table, progress

if TYPE_CHECKING:
    from pipeline.delivery.bulletin.facts import Scope
    from pipeline.steps.bulletin_issue import Signatory
    from pipeline.steps.bulletin_list import Listed

bulletin = typer.Typer(
    help=(
        "The monthly bulletin of each country and of the region: web page, plain text, PDF, and DOCX "
        "to edit, in every language of the plan.\n\n"
        "A month:  drought bulletin note 2026-10 --scope UZ --file note.txt; drought bulletin make; "
        "drought bulletin issue 2026-10 --scope UZ --number 12/34"
    ),
    no_args_is_help=True,
)

_REGION = "region"


def _scope(text: str) -> str:
    """Return the scope as the tables write it.

    Raises:
        InputError: there is none of this name.
    """
    found = text.lower() if text.lower() == _REGION else text.upper()
    if found != _REGION and found not in list(Country):
        raise InputError(
            f"--scope: expected a country ({', '.join(Country)}) or region, got {text!r}"
        )
    return found


Scoped = Annotated[
    str,
    typer.Option(
        "--scope", parser=option(_scope), metavar="UZ|region", help="A country, or region."
    ),
]


def _known(scope: str) -> Scope:
    from pipeline.delivery.bulletin.facts import REGION

    return REGION if scope == _REGION else Country(scope)


@bulletin.command("note")
def bulletin_note(
    month: MonthArgument,
    scope: Scoped,
    language: Annotated[str, typer.Option(help="The language it is written in, such as ru.")],
    text: Annotated[str | None, typer.Option(help="The note itself.")] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            readable=True,
            help="Or a file that holds it: plain text in UTF-8, an empty line between paragraphs.",
        ),
    ] = None,
    by: Annotated[
        str | None, typer.Option("--by", help="Who wrote it; else who is logged in.")
    ] = None,
) -> None:
    """Write the forecaster's own paragraph into a bulletin, until it is issued.

    Each language has its own; the newest counts, and what it takes the place of is shown.
    """
    from pipeline.steps.bulletin_note import note_body, note_in_file, write_note

    if (text is None) == (file is None):
        raise typer.BadParameter("expected the note as --text or as --file: give one of them")
    body = note_in_file(file) if file is not None else note_body(text or "")
    login = logged_in_account()
    before = write_note(wiring.installation(), month, _known(scope), language, body, login, by)
    if before is not None:
        when = before.written_at.astimezone(UTC)
        print(f"was, by {before.author} ({when:%Y-%m-%d %H:%M} UTC):\n\n{before.body}\n")
    print(
        f"note on {scope} {month} in {language}: {len(body)} letters; it stands in the next files"
    )


@bulletin.command("make")
def bulletin_make(
    month: Annotated[
        Month | None,
        typer.Argument(
            parser=option(Month.parse), metavar="[YYYY-MM]", help="Else the newest with stages."
        ),
    ] = None,
    scope: Annotated[
        list[str] | None,
        typer.Option(
            parser=option(_scope),
            metavar="UZ|region",
            help="Only these; may be given several times.",
        ),
    ] = None,
) -> None:
    """Write the bulletins of a month as working papers. What was issued is never written again.

    They lie in bulletins/<month>/ of the folder DROUGHT_VAR, such as uz.ru.pdf. To edit a DOCX, copy it
    elsewhere first: the next run writes it anew.
    """
    from pipeline.steps.bulletins import write_bulletins

    installation = wiring.installation()
    wrong: list[str] = []
    scopes = [_known(one) for one in scope] if scope else None
    with progress(notes) as advance:
        paths = write_bulletins(installation, month, scopes, advance=advance, tell=wrong.append)
    for folder in dict.fromkeys(path.parent for path in paths):
        print(f"{folder}: {sum(path.parent == folder for path in paths)} files")
    for line in wrong:
        notes.print(f"error: {line}", highlight=False, markup=False, soft_wrap=True)
    if wrong:
        raise typer.Exit(1)


@bulletin.command("issue")
def bulletin_issue(
    month: MonthArgument,
    scope: Scoped,
    number: Annotated[
        str, typer.Option(help="Number in the register of outgoing papers, such as 12/34.")
    ],
    date: Annotated[
        datetime | None,
        typer.Option("--date", formats=["%Y-%m-%d"], help="Date it bears; else today."),
    ] = None,
    by: Annotated[
        str | None, typer.Option("--by", help="Your name; the register has it, and it must agree.")
    ] = None,
    office: Annotated[str | None, typer.Option(help="Your office; likewise.")] = None,
    accept_unchecked: Annotated[
        bool, typer.Option(help="Issue also in languages whose texts no speaker has checked.")
    ] = False,
) -> None:
    """Issue a bulletin under your name, if you hold the issuing role for its country.

    For the region you must hold it for every country with landscapes. The files are fixed for good, with
    a checksum each; there is no second issue. Read the working papers first: `drought bulletin make`.
    """
    from pipeline.steps.bulletin_issue import Outgoing, issue, signatory_of, today

    installation, about = wiring.installation(), _known(scope)
    signatory = signatory_of(installation, about, logged_in_account())
    _refuse_other(signatory, by, office)
    dated = date.date() if date else today(installation, about)
    with progress(notes) as advance:
        done = issue(
            installation,
            month,
            about,
            Outgoing(number.strip(), dated),
            signatory,
            accepts_unchecked=accept_unchecked,
            advance=advance,
        )
    told = done.bulletin
    print(
        f"issued by {told.name}, {told.office}: {scope} {month}, No. {told.number} of {told.dated}"
    )
    for path in done.paths:
        print(f"  {path}")
    if done.working_papers:
        print(
            f"{', '.join(done.working_papers)} stay working papers: no speaker has checked their "
            "texts, and --accept-unchecked was not given"
        )


def _refuse_other(signatory: Signatory, by: str | None, office: str | None) -> None:
    """Compare what was said of who issues with the register."""
    for name, said, held in (
        ("--by", by, signatory.name),
        ("--office", office, signatory.office),
    ):
        if said is not None and said != held:
            raise InputError(
                f"{name}: expected {held!r}, as the register says of {signatory.login}, got {said!r}; "
                "leave the option out, or have the register corrected: `drought issuers end`, then `add`"
            )


@bulletin.command("list")
def bulletin_list() -> None:
    """List the bulletins: working papers, and what was issued, by whom, and whether it still holds."""
    from pipeline.steps.bulletin_list import list_bulletins

    listed = list_bulletins(wiring.installation(reads_only=True))
    table = folded_table("month", "scope", "issued", "by", "in", "working papers", "since then")
    for one in listed:
        table.add_row(str(one.month), one.scope, *_issue_cells(one))
    screen.print(table)
    for line in (line for one in listed for line in one.faults):
        notes.print(f"error: {line}", highlight=False, markup=False, soft_wrap=True)
    if any(one.faults for one in listed):
        raise typer.Exit(1)


def _issue_cells(one: Listed) -> tuple[str, str, str, str, str]:
    papers = " ".join(one.working_papers)
    if one.issued is None:
        return "not issued", "", "", papers, ""
    known = one.issued
    since = [f"landscapes with changed values: {one.changed}"] if one.changed else []
    since += [f"files gone or changed: {len(one.faults)}"] if one.faults else []
    return (
        f"No. {known.number}, {known.dated}",
        f"{known.name}, {known.office}",
        " ".join(one.languages),
        papers,
        "; ".join(since) or "unchanged",
    )
