"""A person who may issue lets a bulletin leave, under a number and a date. The first issue stays."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from pipeline.alerts.local_time import local_day
from pipeline.core.components import Component
from pipeline.core.errors import ConflictError, InputError
from pipeline.core.ids import Country
from pipeline.core.months import Month
from pipeline.delivery.bulletin.facts import BulletinFacts, IssueFacts, Scope, languages
from pipeline.steps.bulletin_facts import bulletin_facts
from pipeline.steps.bulletin_files import (
    finish,
    folder_of,
    languages_issued,
    put_in_place,
    stage,
)
from pipeline.steps.bulletin_forms import forms, is_issued
from pipeline.steps.bulletins import write_working_papers
from pipeline.steps.installation import Installation, acts_as
from pipeline.steps.outcome import recorded
from pipeline.steps.progress import Advance, quietly
from pipeline.warehouse.bulletins import (
    IssuedBulletin,
    read_countries,
    read_issue,
    read_issued,
    save_issue,
)
from pipeline.warehouse.issuers import read_issuers
from pipeline.warehouse.locks import only_bulletins


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What the agency's register of outgoing papers says of it."""

    number: str
    dated: date


@dataclass(frozen=True, slots=True)
class Signatory:
    """Who issues, as the register of issuers has them."""

    login: str
    name: str
    office: str
    legal_basis: str


@dataclass(frozen=True, slots=True)
class Issued:
    """What came of it."""

    bulletin: IssuedBulletin
    paths: tuple[Path, ...]
    """Of its files."""
    working_papers: tuple[str, ...]
    """Languages that no speaker has checked, and that stay behind."""


def signatory_of(installation: Installation, scope: Scope, login: str) -> Signatory:
    """Return who issues the bulletin of `scope` when the account `login` does.

    Raises:
        InputError: it does not hold the issuing role for each country concerned, or holds it in
            different offices.
    """
    with installation.warehouse.connect() as connection:
        here = read_countries(connection)
        asked = {one for one in here if scope in (one, "region")}
        held = {
            one.appointment.country: one.appointment
            for one in read_issuers(connection, installation.clock())
            if one.appointment.login == login
        }
    if not asked:
        raise InputError(
            f"bulletin {scope}: expected a scope with landscapes "
            f"({', '.join((*sorted(here), 'region')) if here else 'none is loaded yet'}), got none there"
        )
    lacking = sorted(asked - held.keys())
    if lacking:
        raise InputError(
            f"{login}: expected an account that holds the issuing role for "
            f"{', '.join(lacking)}, got one that does not; `drought issuers list` shows who may issue, "
            "and `drought issuers add` enters whom an order names"
        )
    signing = {(held[one].name, held[one].office) for one in asked}
    if len(signing) > 1:
        raise InputError(
            f"{login}: expected one office for all countries of the region, got "
            f"{', '.join(sorted(office for _, office in signing))}; have the register corrected: "
            "`drought issuers end`, then `add`"
        )
    ((name, office),) = signing
    orders = dict.fromkeys(held[one].legal_basis for one in sorted(asked))
    return Signatory(login, name, office, "; ".join(orders))


def today(installation: Installation, scope: Scope) -> date:
    """Return the day where the bulletin is about; of the region where it begins first."""
    return local_day(installation.clock(), scope if isinstance(scope, Country) else None)


@acts_as(Component.PUBLISH)
def issue(
    installation: Installation,
    month: Month,
    scope: Scope,
    outgoing: Outgoing,
    signatory: Signatory,
    *,
    accepts_unchecked: bool = False,
    advance: Advance = quietly,
) -> Issued:
    """Issue a bulletin: fix its files for good, under a number, a date and a name.

    Files lie ready before the issue is committed, and are moved to their places after it; whoever is
    killed in between asks again, with the same number and date. A language with texts that no speaker
    has checked is issued only if that is accepted, and stays a working paper else.

    Raises:
        InputError: number or date cannot be; there are no stages of the month.
        ConflictError: it was issued before, under another number or date or in other languages; or
            the number is that of another month.
        DeliveryError: the folder cannot be written to.
    """
    _refuse_odd(outgoing, month, today(installation, scope))
    bulletins = installation.settings.bulletins
    with only_bulletins(installation.warehouse):
        with installation.warehouse.connect() as connection:
            finish(bulletins, connection)
            before = read_issue(connection, month, str(scope))
            others = [one for one in read_issued(connection) if one.scope == str(scope)]
        if before is not None:
            return _again(
                bulletins, before, outgoing, signatory, accepts_unchecked=accepts_unchecked
            )
        _refuse_given(outgoing, others)
        with recorded(installation.warehouse, "issue_bulletin", month) as report:
            facts = _facts(installation, month, scope)
            signed = _signed(facts, outgoing, signatory, accepts_unchecked=accepts_unchecked)
            spoken = languages(signed)
            leaving = [one for one in spoken if is_issued(signed, one)]
            files: dict[str, bytes] = {}
            for number, language in enumerate(leaving):
                advance(f"bulletin {scope} {month}, {language}", number, len(leaving))
                files |= forms(signed, language)
            issued = IssuedBulletin(
                month,
                str(scope),
                outgoing.number,
                outgoing.dated,
                signatory.name,
                signatory.office,
                signatory.login,
                signatory.legal_basis,
                accepts_unchecked,
                stage(bulletins, month, str(scope), files),
                installation.clock(),
            )
            with installation.warehouse.begin() as connection:
                save_issue(connection, issued)
            put_in_place(bulletins, issued)
            write_working_papers(bulletins, facts, leaving)
            report.rows = len(files)
            report.message = f"{scope} {month}: No. {outgoing.number} by {signatory.login}"
    return _told(bulletins, issued, tuple(one for one in spoken if one not in leaving))


def _facts(installation: Installation, month: Month, scope: Scope) -> BulletinFacts:
    with installation.warehouse.connect().execution_options(
        isolation_level="REPEATABLE READ", postgresql_readonly=True
    ) as connection:
        return bulletin_facts(installation, connection, month, scope)


def _signed(
    facts: BulletinFacts, outgoing: Outgoing, signatory: Signatory, *, accepts_unchecked: bool
) -> BulletinFacts:
    said = IssueFacts(
        outgoing.number,
        outgoing.dated,
        signatory.name,
        signatory.office,
        signatory.legal_basis,
        accepts_unchecked,
    )
    return replace(facts, issue=said)


def _again(
    bulletins: Path,
    before: IssuedBulletin,
    outgoing: Outgoing,
    signatory: Signatory,
    *,
    accepts_unchecked: bool,
) -> Issued:
    """Return the issue that was asked for again, as after a power cut."""
    asked = (outgoing.number, outgoing.dated, signatory.login, accepts_unchecked)
    if (before.number, before.dated, before.login, before.accepts_unchecked) != asked:
        raise ConflictError(
            f"bulletin {before.scope} {before.month}: expected one that is not issued yet, got No. "
            f"{before.number} of {before.dated:%Y-%m-%d} by {before.name}, in "
            f"{', '.join(languages_issued(before))}; the first issue stays"
        )
    return _told(bulletins, before, ())


def _told(bulletins: Path, issued: IssuedBulletin, working_papers: tuple[str, ...]) -> Issued:
    folder = folder_of(bulletins, issued.month)
    return Issued(issued, tuple(folder / name for name in sorted(issued.files)), working_papers)


def _refuse_given(outgoing: Outgoing, others: Iterable[IssuedBulletin]) -> None:
    """Check that no bulletin of another month has the number: registers begin anew each year."""
    for other in others:
        if (other.number, other.dated.year) == (outgoing.number, outgoing.dated.year):
            raise ConflictError(
                f"--number: expected one that no other bulletin of {other.scope} has in "
                f"{other.dated.year}, got {other.number}, that of {other.month}; look into the register "
                "of outgoing papers"
            )


def _refuse_odd(outgoing: Outgoing, month: Month, today: date) -> None:
    """Check what a slip of the pen would make of number and date."""
    number = outgoing.number
    if not number.strip() or not number.isprintable() or len(number) > 60:
        raise InputError(
            f"--number: expected a number of the register of outgoing papers, such as 12/34, got "
            f"{number!r}; a bulletin leaves under a number"
        )
    if not month.first_day <= outgoing.dated <= today:
        raise InputError(
            f"--date: expected a day from {month.first_day} to today ({today}), got "
            f"{outgoing.dated}; correct it"
        )
