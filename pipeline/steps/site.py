"""Building a site: whole beside its place, and swapped in; the old one stays if anything fails."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from pipeline.core.errors import InputError
from pipeline.delivery.site.building import expected_files, site_files
from pipeline.delivery.site.downloads import bulletin_path
from pipeline.delivery.site.facts import SiteFacts
from pipeline.delivery.whole import appearing_whole
from pipeline.steps.installation import Installation
from pipeline.steps.progress import Advance, quietly
from pipeline.steps.site_facts import internal_facts
from pipeline.steps.site_public import public_facts

MARK = "assets/stages.css"
"""A file that every site has: by it a folder is known for one."""


@dataclass(frozen=True, slots=True)
class Published:
    """A site that was written."""

    folder: Path
    is_public: bool
    files: int
    bytes: int
    first_view: int
    """Bytes of the map page of the first language with what it loads at once."""

    def __str__(self) -> str:
        name = "the public site" if self.is_public else "the site"
        return (
            f"{name}: {self.files} files, {self.bytes / 1e6:.1f} MB; the first view is "
            f"{self.first_view / 1e3:.0f} KB ({self.folder})"
        )


def publish_site(
    installation: Installation,
    *,
    public: bool = False,
    to: Path | None = None,
    accepts_unchecked: bool = False,
    advance: Advance = quietly,
) -> Published:
    """Build the site and put it in its place.

    Args:
        installation: this one.
        public: only what may be public.
        to: the folder; None: that of the settings. What it holds must be a site, or nothing.
        accepts_unchecked: in the public one also languages that no speaker has checked.
        advance: told how many files are written, and of about how many.

    Raises:
        InputError: there are no stages yet; public and the data are simulated; or `to` holds
            something else than a site.
        ConflictError: another run writes to the same folder.
        DeliveryError: the folder cannot be written to; the old site stays.
    """
    settings = installation.settings
    own = settings.public_site if public else settings.site
    facts = _facts(installation, public=public, accepts_unchecked=accepts_unchecked)
    refuse = _refuse_strange if to is not None else _accept
    with appearing_whole(to or own, refuse) as part:
        count, size = _write(facts, part, advance)
        first_view = _first_view(part, facts)
    return Published(to or own, public, count, size, first_view)


def _facts(installation: Installation, *, public: bool, accepts_unchecked: bool) -> SiteFacts:
    # One snapshot: an evaluation that commits meanwhile cannot show half its work.
    with installation.warehouse.connect().execution_options(
        isolation_level="REPEATABLE READ", postgresql_readonly=True
    ) as connection:
        if public:
            return public_facts(installation, connection, accepts_unchecked=accepts_unchecked)
        return internal_facts(installation, connection)


def _accept(place: Path) -> None:
    """Take our own folder, whatever it holds."""


def _refuse_strange(place: Path) -> None:
    """Check that a folder holds a site, or nothing.

    Raises:
        InputError: it does not.
    """
    if not place.exists():
        return
    is_free = place.is_dir() and not place.is_mount()
    if is_free and ((place / MARK).is_file() or not any(place.iterdir())):
        return
    raise InputError(
        f"{place}: expected a new or empty folder, or one that holds an earlier site, got something "
        "else; name another (on a stick: a folder in it)"
    )


def _write(facts: SiteFacts, folder: Path, advance: Advance) -> tuple[int, int]:
    """Write every file; return how many there are, and their bytes together."""
    # The agency's own shows what nobody has approved: not to every account of the machine.
    folder.chmod(0o755 if facts.is_public else 0o750)
    what = "the public site" if facts.is_public else "the site"
    expected = expected_files(facts)
    count = size = 0
    for path, content in site_files(facts):
        place = _place(folder, path)
        place.write_bytes(content)
        place.chmod(0o644)
        count, size = count + 1, size + len(content)
        advance(what, count, max(count, expected))
    for one in facts.bulletins:
        place = _place(folder, bulletin_path(one))
        _linked(one.path, place)
        count, size = count + 1, size + place.stat().st_size
        advance(what, count, max(count, expected))
    return count, size


def _place(folder: Path, path: str) -> Path:
    """Return where a file goes, in folders that a web server may read.

    Raises:
        InputError: the path leads out of the folder.
    """
    place = folder / path
    if not place.resolve().is_relative_to(folder.resolve()):
        raise InputError(f"site: expected a path inside the site, got {path!r}")
    for parent in reversed(place.relative_to(folder).parents[:-1]):
        there = folder / parent
        if not there.is_dir():
            there.mkdir(mode=0o755)
            there.chmod(0o755)
    return place


def _linked(source: Path, place: Path) -> None:
    """Give a bulletin a second name, where the disk allows it: years of them are heavy.

    They are replaced, never written anew, so that neither name sees the other change.
    """
    try:
        os.link(source, place)
    except OSError:
        shutil.copyfile(source, place)
    # Rights to read are added and none to write: both names have the same, and what was issued has none.
    place.chmod(place.stat().st_mode & 0o777 | 0o444)


def _first_view(folder: Path, facts: SiteFacts) -> int:
    language = facts.languages[0]
    names = [f"{language}/index.html", "assets/stages.css", "assets/site.css", "assets/site.js"]
    names += (
        []
        if facts.month is None
        else ["assets/map.js", "data/stages.js", f"data/words-{language}.js"]
    )
    return sum((folder / name).stat().st_size for name in names if (folder / name).is_file())
