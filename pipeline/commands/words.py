"""The commands of `drought words`: the words of letters, bulletins and site, for translators."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from pipeline.commands.options import ExistingFiles, screen
from pipeline.terminal import folded_table

if TYPE_CHECKING:
    from pipeline.alerts.catalogue import Catalogue

words = typer.Typer(
    help=(
        "The words of letters, bulletins and site in each language, for translators "
        "(docs/translating.md)."
    ),
    no_args_is_help=True,
)


@words.command("list")
def words_list() -> None:
    """Show each language with its texts, how many no speaker has checked, and who checked the others."""
    from pipeline.alerts.catalogue import Domain, shipped_catalogue
    from pipeline.alerts.words import LANGUAGES

    table = folded_table("texts of", "language", "texts", "unchecked", "checked by")
    for domain in Domain:
        for language in LANGUAGES:
            table.add_row(domain, language, *_told(shipped_catalogue(language, domain)))
    screen.print(table)


@words.command("check")
def words_check(files: ExistingFiles) -> None:
    """Check catalogues that a translator has edited; name each text that does not fit the English."""
    from pipeline.alerts.catalogue import catalogue

    for file in files:
        texts, unchecked, checked_by = _told(catalogue(file.read_bytes(), str(file)))
        whom = f", the others checked by {checked_by}" if checked_by else ""
        typer.echo(f"{file}: fits; {texts} texts, {unchecked} unchecked{whom}")


def _told(found: Catalogue) -> tuple[str, str, str]:
    number = len(found.texts) + len(found.counted)
    return str(number), str(len(found.unchecked)), found.checked_by or ""
