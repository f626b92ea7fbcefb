"""The end of a month against that of a month that nothing disturbed: rows, files, letters."""

from __future__ import annotations

import functools
import hashlib
import json
import re
import zipfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from pypdf import PdfReader

from pipeline.alerts.figures import day_in_words
from pipeline.alerts.words import LANGUAGES, words_of
from tests.integration.monthly_world import MADE_AT, MONTH, Copy, Rows, without_times_and_ids
from tests.slow.faults.world import OPERATOR, Place

_TIMES = {"answered_at", "sent_at", "created_at", "next_attempt_at", "attempts", "cap_sent"}
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_STAMP = re.compile(
    r"20[2-9]\d-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d| UTC)?)?"
)
_CLOCK = re.compile(r"\d\d:\d\d(?: \((?:Z|[+-]\d\d:\d\d)\)| UTC)")
"""The minute of an approval, in a letter, or of the making, in a bulletin."""
_SIZE = re.compile(r"\d+ (?:KB|КБ)".encode())
"""Of a bulletin, in the list of them: that of an earlier month may be longer after a fault (`_content`)."""
_TAG = re.compile(r"<[^>]*>")
_LITTER = (".part", ".partial")
"""A killed writer may leave a file behind that never got its name; nobody reads it."""


@dataclass(frozen=True)
class End:
    """What is left at the end of a month."""

    rows: dict[str, list[str]]
    files: dict[str, str]
    """Hashes of what was published and laid down, of raw files, and of maps, by path."""
    letters: dict[str, int]
    """What came to whom, in all its parts, and in how many letters; one that came again counts once."""
    notices: frozenset[str]
    """What the operator was told of months."""
    litter: int
    """Files that never got their names."""


def end_of(place: Place, letters: Sequence[tuple[str, EmailMessage]]) -> End:
    """Return the end of a month, with every number and time of its own taken out."""
    rows = Copy(place.url, place.seen, {}).rows()
    names = _Names(rows)
    files: dict[str, str] = {}
    litter = 0
    for folder in ("outgoing", "site", "public", "bulletins", "archive", "grids"):
        for path in sorted((place.seen / folder).rglob("*")):
            if path.is_file():
                if path.suffix in _LITTER or any(p.endswith(_LITTER) for p in path.parts):
                    litter += 1
                    continue
                told = names.out_of(str(path.relative_to(place.seen)))
                files[told] = _content(path, folder, names)
    different = {
        (str(letter["Message-ID"]), f"{recipient}: {_words_of(letter, names)}")
        for recipient, letter in letters
        if recipient != OPERATOR
    }
    came = Counter(words for _, words in different)
    told = frozenset(
        names.out_of(f"{row['kind']} {row['about']} {row['subject']}")
        for row in rows["alert.notice"]
        if row["kind"].startswith("month_")
    )
    return End(_plain(rows, names), files, dict(came), told, litter)


class _Names:
    """The numbers of alerts, and what they stand for."""

    def __init__(self, rows: Rows) -> None:
        told = {row["alert_id"] for row in rows["alert.message"]}
        self.of_alert = {
            str(row["alert_id"]): f"<{row['chain_id']} {row['month']} {row['change']}>"
            for row in rows["alert.transition"]
            if row["alert_id"] in told
        }
        numbers = "|".join(sorted(self.of_alert, key=len, reverse=True)) or "none"
        self.pattern = re.compile(rf"\b0*({numbers})\b")

    def out_of(self, words: str) -> str:
        """Return words without ids, times and line ends of their own."""
        words = " ".join(words.replace("\\n", " ").split())
        for day in _days_at(f"{datetime.now(UTC):%Y-%m-%d}"):
            words = words.replace(day, "<today>")
        words = _CLOCK.sub("<clock>", words)
        words = _STAMP.sub("<time>", _UUID.sub("<id>", words))
        return self.pattern.sub(lambda found: self.of_alert[found[1]], words)


@functools.cache
def _days_at(day: str) -> set[str]:
    """The days about now in the words of every language: letters say when they were approved."""
    today = datetime.fromisoformat(day)
    days = [today + timedelta(days=days) for days in (-1, 0, 1)]
    return {day_in_words(day, words_of(language)) for day in days for language in LANGUAGES}


def _words_of(letter: EmailMessage, names: _Names) -> str:
    parts = [part for part in letter.walk() if not part.is_multipart()]
    told = [
        f"{part.get_content_type()} {part.get_filename()}: {part.get_content()}" for part in parts
    ]
    return names.out_of(" ".join([str(letter["Subject"]), *told]))


def _content(path: Path, folder: str, names: _Names) -> str:
    if "bulletins" in path.parts:
        # One of an earlier month tells of what is late at the moment, which a fault may be.
        return _bulletin(path, names) if str(MONTH) in path.parts else "there"
    content = path.read_bytes()
    if path.name == "bulletins.html":
        content = _SIZE.sub(b"", content)
    if folder == "archive" and path.suffix == ".json":
        sidecar = json.loads(content)
        for own in ("received_at", "request"):
            sidecar.pop(own, None)
        return json.dumps(sidecar, sort_keys=True)
    if folder in {"outgoing", "site", "public"}:
        try:
            content = names.out_of(MADE_AT.sub(b"", content).decode()).encode()
        except UnicodeDecodeError:
            return hashlib.sha256(content).hexdigest()
    return hashlib.sha256(content).hexdigest()


def _bulletin(path: Path, names: _Names) -> str:
    """Return the words of a bulletin; of a PDF, which is set from the same facts, how many pages it has."""
    if path.suffix == ".pdf":
        return f"{len(PdfReader(path).pages)} pages"
    if path.suffix == ".docx":
        # Raises for a part that is cut off.
        words = _TAG.sub("", zipfile.ZipFile(path).read("word/document.xml").decode())
    else:
        words = path.read_text()
    return names.out_of(MADE_AT.sub(b"", words.encode()).decode())


def _plain(rows: Rows, names: _Names) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for table, lines in without_times_and_ids(rows).items():
        if table in _OF_THE_WAY:
            continue
        found[table] = sorted(names.out_of(_without(json.loads(line))) for line in lines)
    return found


_OF_THE_WAY = {"alert.channel", "alert.notice", "ops.moment"}
"""What tells how it went, and not what came of it. What the operator is told of months is compared apart."""


def _without(row: Mapping[str, Any]) -> str:
    kept = {key: value for key, value in row.items() if key not in _TIMES}
    return json.dumps(kept, ensure_ascii=False, sort_keys=True)


def differences(undisturbed: End, found: End) -> list[str]:
    """Return a line for each table, file and letter that is otherwise."""
    said = []
    for table in sorted(undisturbed.rows.keys() | found.rows.keys()):
        ours, theirs = (Counter(end.rows.get(table, [])) for end in (undisturbed, found))
        if ours != theirs:
            lack, extra = list((ours - theirs).elements()), list((theirs - ours).elements())
            said.append(
                f"{table}: {len(lack)} rows lack, {len(extra)} are new: "
                f"{(lack or ['-'])[0][:600]} | {(extra or ['-'])[0][:600]}"
            )
    for path in sorted(undisturbed.files.keys() | found.files.keys()):
        ours_file, theirs_file = undisturbed.files.get(path), found.files.get(path)
        if ours_file != theirs_file:
            what = "lacks" if theirs_file is None else "is new" if ours_file is None else "differs"
            said.append(f"{path} {what}")
    # A fault may be told of besides.
    said += [f"the operator is not told: {one}" for one in undisturbed.notices - found.notices]
    return said
