"""What bulletins there are: working papers, and what was issued and whether it still holds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline.core.errors import InputError
from pipeline.core.months import Month
from pipeline.steps.bulletin_files import faults, languages_issued
from pipeline.steps.installation import Installation
from pipeline.warehouse.bulletins import IssuedBulletin, read_changed_since, read_issued


@dataclass(frozen=True, slots=True)
class Listed:
    """One bulletin: what lies in the folder, and what is known of its issue."""

    month: Month
    scope: str
    working_papers: tuple[str, ...]
    """Languages of files that were not issued."""
    issued: IssuedBulletin | None = None
    languages: tuple[str, ...] = ()
    """In which it was issued."""
    changed: int = 0
    """Landscapes of which something it shows was replaced since."""
    faults: tuple[str, ...] = ()


def list_bulletins(installation: Installation) -> list[Listed]:
    """Return all bulletins, issued or lying in the folder, the newest month first."""
    bulletins = installation.settings.bulletins
    with installation.warehouse.connect() as connection:
        issued = {(one.month, one.scope): one for one in read_issued(connection)}
        changed = {key: read_changed_since(connection, one) for key, one in issued.items()}
    papers = _papers(bulletins)
    listed = []
    for key in sorted({*issued, *papers}, key=lambda one: (-one[0].ordinal, one[1])):
        found, one = papers.get(key, set()), issued.get(key)
        if one is None:
            listed.append(Listed(*key, tuple(sorted(found))))
            continue
        told = languages_issued(one)
        wrong = tuple(faults(bulletins, one).values())
        rest = tuple(sorted(found - {*told}))
        listed.append(Listed(*key, rest, one, told, changed[key], wrong))
    return listed


def _papers(bulletins: Path) -> dict[tuple[Month, str], set[str]]:
    """Return the languages of the files that lie in the folder, by month and scope."""
    found: dict[tuple[Month, str], set[str]] = {}
    for path in bulletins.glob("*/*.*.pdf"):
        scope, language, _ = path.name.split(".", 2)
        try:
            month = Month.parse(path.parent.name)
        except InputError:  # no folder of ours
            continue
        known = scope if scope == "region" else scope.upper()
        found.setdefault((month, known), set()).add(language)
    return found
