"""Message catalogues: the words of one language as a gettext file, which translators have editors for.

`catalogues/letters/letters.pot` holds the English of the letters, each text under a key (`msgctxt`)
with a comment for the translator; beside it lies a file for each other language, and so for each
domain. A text marked `fuzzy` has been checked by no speaker. A catalogue that does not fit the
English is refused whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from gettext import GNUTranslations
from importlib.resources import files
from io import BytesIO

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po

from pipeline.alerts.catalogue_faults import checker, faults
from pipeline.core.errors import InputError

_LINE = re.compile(r'((msgctxt|msgid|msgid_plural|msgstr(\[\d\])?)\s+)?"([^"\\]|\\.)*"\s*')
SHOWN = 10
"""How many faults one complaint names."""


class Domain(StrEnum):
    """What the texts are for: one catalogue in each language."""

    LETTERS = "letters"
    """Letters, short messages, digests and CAP."""
    BULLETIN = "bulletin"
    SITE = "site"


Counted = Callable[[int], str]
"""A text with a number in it, in the plural form that the number asks for."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The texts of one language by their keys, such as ``happened.began``."""

    texts: Mapping[str, str]
    counted: Mapping[str, Counted]
    unchecked: frozenset[str]
    """Keys of texts that no speaker has checked."""
    checked_by: str | None
    """Who checked the others, as the file names them."""


@cache
def shipped_catalogue(language: str, domain: Domain = Domain.LETTERS) -> Catalogue:
    """Return the catalogue of `language` that comes with the package.

    Raises:
        InputError: its file does not fit the English.
    """
    if language != "en":
        return catalogue(_shipped_file(f"{language}.po", domain), f"{language}.po", domain)
    messages = list(_source(domain))
    return Catalogue(
        {str(m.context): m.id for m in messages if isinstance(m.id, str) and m.id},
        {str(m.context): _english(*m.id) for m in messages if isinstance(m.id, tuple)},
        frozenset(),
        None,
    )


def catalogue(content: bytes, name: str, domain: Domain | None = None) -> Catalogue:
    """Return the catalogue that a translated file holds.

    Args:
        content: a PO file in UTF-8.
        name: what to call it in a complaint.
        domain: what its texts are for; None: what the head of the file says.

    Raises:
        InputError: it is no PO file; or it lacks a text, has one too many, one whose English has
            changed, other placeholders or plural forms, or checked texts without a name of who
            checked them.
    """
    parsed = _parsed(content, name)
    domain = domain or _domain(parsed, name)
    found = faults(parsed, _source(domain))
    if found:
        more = f"; and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        raise InputError(
            f"{name}: expected the texts of {domain}.pot translated, got {len(found)} that do not fit: "
            f"{'; '.join(found[:SHOWN])}{more}; see docs/translating.md"
        )
    plurals = _plurals(parsed, name)
    messages = [message for message in parsed if message.id]
    return Catalogue(
        {str(m.context): m.string for m in messages if isinstance(m.string, str)},
        {str(m.context): _foreign(m, plurals) for m in messages if isinstance(m.id, tuple)},
        frozenset(str(m.context) for m in messages if m.fuzzy),
        checker(parsed),
    )


def _shipped_file(name: str, domain: Domain) -> bytes:
    return files("pipeline.alerts").joinpath("catalogues", domain, name).read_bytes()


@cache
def _source(domain: Domain) -> Catalog:
    name = f"{domain}.pot"
    return _parsed(_shipped_file(name, domain), name)


def _domain(parsed: Catalog, name: str) -> Domain:
    """Return what the texts are for, by the last word of `Project-Id-Version`."""
    said = f"{parsed.project} {parsed.version}".split()
    found = [domain for domain in Domain if domain in said]
    if len(found) != 1:
        raise InputError(
            f"{name}: expected Project-Id-Version to name one of {', '.join(Domain)}, got "
            f"{' '.join(said)!r}; take the head of the file from the shipped catalogue"
        )
    return found[0]


def _parsed(content: bytes, name: str) -> Catalog:
    try:
        _check_lines(content.decode("utf-8"))
        return read_po(BytesIO(content), ignore_obsolete=True, abort_invalid=True)
    except (PoFileError, LookupError, ValueError) as error:
        raise _not_readable(name, error) from error


def _check_lines(text: str) -> None:
    """Refuse a line that Babel would read with letters missing, such as one without its last quote.

    Raises:
        ValueError: a line is neither a comment nor text in quotes.
    """
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip() and not line.startswith("#") and _LINE.fullmatch(line) is None:
            raise ValueError(f"line {number}: expected text in quotes, got {line!r}")


def _plurals(parsed: Catalog, name: str) -> GNUTranslations:
    """Return what knows the plural rule in the head of the file."""
    compiled = BytesIO()
    write_mo(compiled, parsed, use_fuzzy=True)
    compiled.seek(0)
    try:
        return GNUTranslations(compiled)
    except ValueError as error:
        raise _not_readable(name, error) from error


def _not_readable(name: str, error: Exception) -> InputError:
    return InputError(
        f"{name}: expected a gettext PO file in UTF-8, got one that cannot be read ({error}); save "
        "it with an editor for such files, such as Poedit"
    )


def _english(one: str, many: str) -> Counted:
    return lambda number: (one if number == 1 else many).format(number=number)


def _foreign(message: Message, plurals: GNUTranslations) -> Counted:
    key, one, many = str(message.context), message.id[0], message.id[1]
    return lambda number: plurals.npgettext(key, one, many, number).format(number=number)
