"""The bulletins of a month: of each country and of the region, in each of their languages.

Working papers are written anew each time. What was issued is looked at and never written again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path

from pipeline.core.components import Component
from pipeline.core.errors import InputError
from pipeline.core.months import Month
from pipeline.delivery.bulletin.facts import BulletinFacts, Scope, languages
from pipeline.delivery.files import write_to_folder
from pipeline.steps.bulletin_facts import read_bulletin_facts
from pipeline.steps.bulletin_files import faults, finish, folder_of, languages_issued
from pipeline.steps.bulletin_forms import forms, names_of
from pipeline.steps.installation import Installation, acts_as
from pipeline.steps.outcome import recorded
from pipeline.steps.progress import Advance, quietly
from pipeline.warehouse.bulletins import IssuedBulletin, read_issued
from pipeline.warehouse.locks import only_bulletins

Tell = Callable[[str], None]


@acts_as(Component.PUBLISH)
def write_bulletins(
    installation: Installation,
    month: Month | None = None,
    scopes: Collection[Scope] | None = None,
    *,
    advance: Advance = quietly,
    tell: Tell = lambda line: None,
) -> list[Path]:
    """Write the bulletins of a month, and return the paths of all its sound files.

    Without a month it is the newest with stages; without scopes, every country with landscapes, and the
    region. `tell` is told of issued files that are gone or not what they were; they are left alone.

    Raises:
        InputError: there are no stages of the month, or a scope has no landscapes.
        DeliveryError: the folder cannot be written to.
    """
    bulletins = installation.settings.bulletins
    with (
        recorded(installation.warehouse, "bulletins", month) as report,
        only_bulletins(installation.warehouse),
    ):
        found, issued = _read(installation, month, scopes)
        paths: list[Path] = []
        troubles: list[str] = []
        for number, (scope, facts) in enumerate(found.items()):
            advance(f"bulletin {scope} {facts.month}", number, len(found))
            wrong, sound = _of_scope(bulletins, facts, issued.get(str(scope)))
            paths += sound
            troubles += wrong
        for line in troubles:
            tell(line)
        report.rows = len(paths)
        report.message = "; ".join((f"{len(paths)} files", *troubles))
    return paths


def _read(
    installation: Installation, month: Month | None, scopes: Collection[Scope] | None
) -> tuple[dict[Scope, BulletinFacts], dict[str, IssuedBulletin]]:
    # One snapshot: an evaluation that commits meanwhile cannot show half its work.
    with installation.warehouse.connect().execution_options(
        isolation_level="REPEATABLE READ", postgresql_readonly=True
    ) as connection:
        finish(installation.settings.bulletins, connection)
        found = read_bulletin_facts(installation, connection, month)
        wanted = found if scopes is None else {one: chosen(found, one) for one in scopes}
        months = {facts.month for facts in found.values()}
        issued = [one for this in months for one in read_issued(connection, this)]
    return dict(wanted), {one.scope: one for one in issued}


def chosen(found: Mapping[Scope, BulletinFacts], scope: Scope) -> BulletinFacts:
    """Return the facts of one scope.

    Raises:
        InputError: it has no landscapes.
    """
    if scope not in found:
        raise InputError(
            f"bulletin: expected a scope with landscapes ({', '.join(map(str, found))}), got {scope}; "
            "load its landscapes first"
        )
    return found[scope]


def _of_scope(
    bulletins: Path, facts: BulletinFacts, issued: IssuedBulletin | None
) -> tuple[list[str], list[Path]]:
    """Write the working papers of one scope, and look at what was issued of it."""
    folder = folder_of(bulletins, facts.month)
    if issued is None:
        return [], write_working_papers(bulletins, facts, ())
    wrong = faults(bulletins, issued)
    sound = [folder / name for name in sorted(issued.files) if name not in wrong]
    kept = languages_issued(issued)
    return [*wrong.values()], sound + write_working_papers(bulletins, facts, kept)


def write_working_papers(
    bulletins: Path, facts: BulletinFacts, issued: Collection[str]
) -> list[Path]:
    """Write a bulletin in its languages but those in which it was issued; others of it go.

    Raises:
        DeliveryError: the folder cannot be written to.
    """
    folder, scope = folder_of(bulletins, facts.month), str(facts.scope)
    spoken = [one for one in languages(facts) if one not in issued]
    unissued = replace(facts, issue=None)
    paths = [
        write_to_folder(folder, name, written)
        for language in spoken
        for name, written in forms(unissued, language).items()
    ]
    kept = {name for one in (*spoken, *issued) for name in names_of(scope, one)}
    for path in folder.glob(f"{scope.lower()}.*"):
        if path.name not in kept and path.name in names_of(scope, path.name.split(".")[1]):
            path.unlink()  # of a language that the plan has given up
    return paths
