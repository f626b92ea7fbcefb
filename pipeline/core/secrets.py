"""Secrets of this process, taken out of every text that is printed, logged or written down as an error.

Readers of settings and of the file of channels hand them in once; whoever passes on what another program
said asks `hidden`. What one call of a channel holds besides, such as an address, see `delivery.redacted`.
"""

from __future__ import annotations

import base64
import json
import re
import string
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from urllib.parse import quote, quote_plus, unquote, unquote_plus, urlsplit

HIDDEN = "***"
SHORTEST = 6
"""Shorter ones are parts of ordinary words, and would make holes in them."""
_SHORTEST_KEY = 8
"""Keys that nobody chose are longer."""
_SHORTEST_IN_BASE64 = 7
"""So much of a secret of six letters is its own, wherever it begins."""
_NAMES_OF_SECRETS = re.compile(r"pass|pwd|token|key|secret|sig|auth|cred|code", re.IGNORECASE)
_NO_SECRETS = re.compile(r"require_auth|passfile|sslkey|sslkeylogfile")
"""Of Postgres: ways to log in, and files."""
_COMMON_WORDS = frozenset({"basic", "bearer", "default", "digest", "header", "password", "public"})
_WITH_LOGINS = ("postgres", "ftp", "sftp")
"""What the schemes of URLs begin with in which a user alone is a login, and no key."""
_OF_STORES = re.compile(r"(AWS|AZURE|FSSPEC|GCS|GOOGLE)_")
_NAMES_OF_KEYS = re.compile(r"(key|password|secret|token|signature)$", re.IGNORECASE)
_LETTERS = f"{string.ascii_letters}{string.digits}+/_-"
"""Of base64; the last one such that it stands for itself in a pattern too."""
_known: set[str] = set()
_encoded: set[str] = set()
"""What is in a text in base64 that holds a secret, wherever in it the secret begins."""
_listeners: list[Callable[[list[str]], None]] = []


def know(secrets: Iterable[str]) -> None:
    """Remember texts that may not be shown, in every spelling of a URL, of JSON and of base64."""
    given = set(secrets)
    plain = {one for secret in given for one in spellings(secret) if len(one) >= SHORTEST}
    encoded = {one for secret in given for one in _in_base64(secret)}
    new = sorted((plain - _known) | (encoded - _encoded))
    _known.update(plain)
    _encoded.update(encoded)
    if new:
        for listener in _listeners:
            listener(new)


def hidden(text: str) -> str:
    """Return a text with `***` in place of every secret that is known."""
    for secret in sorted(_known, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    for part in _encoded:
        if part in text:
            text = _without(part, text)
    return text


def _without(part: str, text: str) -> str:
    """Hide all of the base64 that a part stands in: its ends hold parts of the secret.

    It is looked for from the part outward: a pattern that begins before it would be tried at each letter.
    """
    kept, end = [], 0
    for found in re.finditer(rf"{re.escape(part)}[{_LETTERS}]*=*", text):
        kept += [text[end : found.start()].rstrip(_LETTERS), HIDDEN]
        end = found.end()
    return "".join([*kept, text[end:]])


@contextmanager
def passed_on(to: Callable[[list[str]], None]) -> Iterator[None]:
    """Tell another program that hides texts in what it writes what is known, and what becomes known."""
    _listeners.append(to)
    try:
        if _known:
            to(sorted(_known | _encoded))
        yield
    finally:
        _listeners.remove(to)


def secrets_of_url(url: str) -> list[str]:
    """Return what a URL holds that may not be shown: its password, and what its query calls a secret."""
    try:
        parts = urlsplit(url)
        user, password = parts.username, parts.password
    except ValueError:  # no URL after all
        return []
    if user and not password and looks_like_key(user) and not url.startswith(_WITH_LOGINS):
        password = user  # as in https://TOKEN@host
    found = [password, unquote(password)] if password else []
    return found + _secrets_of_query(parts.query)


def _secrets_of_query(query: str) -> list[str]:
    """Return what a query calls a secret, as it is meant, and as it is written where that differs."""
    written = [part.partition("=")[::2] for part in query.split("&")]
    asked = [(unquote_plus(name), unquote_plus(value), value) for name, value in written]
    found = (one for name, *both in asked if _is_secret(name, both[0]) for one in both)
    return list(dict.fromkeys(found))


def _is_secret(name: str, value: str) -> bool:
    """Return whether what a query says by a name is a secret, and no word of many texts."""
    is_named = _NAMES_OF_SECRETS.search(name) and not _NO_SECRETS.fullmatch(name)
    is_word = len(value) < SHORTEST or value.lower() in _COMMON_WORDS
    return bool(is_named) and not is_word


def secrets_of_environment(environment: Mapping[str, str]) -> list[str]:
    """Return the keys of object stores, which their own libraries read there."""
    told = {name: value for name, value in environment.items() if _OF_STORES.match(name)}
    return [one for name, value in told.items() for one in _keys(name, _of_json(value))]


def _of_json(text: str) -> object:
    """Return what a text says in JSON, as fsspec has it in `FSSPEC_S3`; else the text."""
    with suppress(ValueError):
        if text.startswith("{"):
            return json.loads(text)
    return text


def _keys(name: str, value: object) -> Iterator[str]:
    """Yield the keys in what stands under a name: a key, a connection string, or more names."""
    if isinstance(value, str) and name.lower().endswith("connection_string"):
        value = dict(part.partition("=")[::2] for part in value.split(";"))
    if isinstance(value, dict):
        for inner, one in value.items():
            yield from _keys(inner, one)
    elif isinstance(value, str) and _NAMES_OF_KEYS.search(name):
        yield value
        yield from _secrets_of_query(value.removeprefix("?"))  # a shared access signature is one


def looks_like_key(text: str) -> bool:
    """Return whether a part of a URL may be a key: long, and no mere word or number."""
    is_mixed = re.search(r"\d", text) is not None and re.search(r"[A-Za-z]", text) is not None
    return len(text) >= _SHORTEST_KEY and (is_mixed or re.search(r"[a-z][A-Z]", text) is not None)


def spellings(secret: str) -> set[str]:
    """Return a secret as it stands, and in every spelling of a URL and of JSON."""
    return {
        secret,
        quote(secret),
        quote(secret, safe=""),
        quote_plus(secret),
        unquote(secret),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
    }


def _in_base64(secret: str) -> Iterator[str]:
    """Yield what base64 makes of a secret alone and behind others, as in ``Authorization: Basic``.

    Three letters stand for four bytes; without the first and the last, which hold bits of neighbours.
    """
    for before in range(3):
        written = base64.b64encode(b"\0" * before + secret.encode()).decode().rstrip("=")
        is_cut = (before + len(secret.encode())) % 3 != 0
        part = written[-(-before * 8 // 6) : len(written) - is_cut]
        if len(part) >= _SHORTEST_IN_BASE64:
            yield part
            yield part.translate(str.maketrans("+/", "-_"))
