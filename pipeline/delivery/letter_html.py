"""A letter as HTML, made from its plain text: the same words, for a telephone's width.

Nothing is fetched from anywhere, and every sign of the text is escaped. The plain text is wrapped at
a fixed width; where one of its lines could not have held the next word, the two are one line here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from pipeline.alerts.letters import WIDTH
from pipeline.alerts.words import words_of

_PAGE = """<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{subject}</title>
<style>
body {{ margin: 0 auto; padding: 16px; max-width: 40em; font: 16px/1.5 sans-serif; color: #1a1a1a;
background: #ffffff; overflow-wrap: break-word; }}
h1 {{ font-size: 1.3em; line-height: 1.3; }}
h2 {{ font-size: 1em; margin: 1.5em 0 0.3em; border-bottom: 1px solid #767676; }}
p {{ margin: 0.4em 0; }}
ul {{ margin: 0.4em 0; padding-left: 1.3em; }}
</style>
</head>
<body>
<h1>{subject}</h1>
{content}
</body>
</html>
"""
_BANNER = (
    '<p role="note" style="padding: 8px 12px; border: 3px solid #8a1c00; color: #8a1c00; '
    'background: #fff3ee; font-weight: bold">{}</p>'
)


@dataclass(frozen=True, slots=True)
class _Line:
    """A line as it was meant, before it was wrapped."""

    indent: int
    is_item: bool
    text: str


def letter_html(subject: str, body: str, language: str) -> str:
    """Return a whole HTML document with the words of a letter.

    Args:
        subject: becomes the title and the heading.
        body: plain text as `alerts.letters` lays it out: paragraphs behind empty lines, headings in
            capitals, lists behind ``-`` and ``*``. Any other text stays readable.
        language: code of the words.

    Raises:
        InputError: there are no words in `language`.
    """
    banner = words_of(language).banner
    blocks = re.split(r"\n(?:[ \t]*\n)+", body.strip("\n"))
    content = "\n".join(part for block in blocks for part in _block(block, banner))
    return _PAGE.format(
        language=escape(language), subject=escape(" ".join(subject.split())), content=content
    )


def _block(block: str, banner: str) -> Iterator[str]:
    """Yield the HTML of what stands between two empty lines."""
    if " ".join(block.split()) == banner:
        yield _BANNER.format(escape(banner))
        return
    lines = block.split("\n")
    if _has_heading(lines):
        yield f"<h2>{escape(lines.pop(0))}</h2>"
    yield from _parts(list(_unwrapped(lines)))


def _has_heading(lines: Sequence[str]) -> bool:
    """Whether the first line is one: in capitals, or right above a list and no sentence."""
    if len(lines) == 1 or _line(lines[0]).is_item or lines[0].startswith(" "):
        return False
    is_above_list = _line(lines[1]).is_item and not lines[0].rstrip().endswith((".", ":", ";", ","))
    return lines[0].isupper() or is_above_list


def _unwrapped(lines: Sequence[str]) -> Iterator[_Line]:
    """Yield the lines as they were before they were wrapped."""
    meant: _Line | None = None
    for before, line in zip(["", *lines], lines, strict=False):
        now = _line(line)
        if meant is not None and _goes_on(meant, before, now):
            meant = _Line(meant.indent, meant.is_item, f"{meant.text} {now.text}")
            continue
        if meant is not None:
            yield meant
        meant = now
    if meant is not None:
        yield meant


def _line(line: str) -> _Line:
    text = line.strip()
    is_item = text[:2] in {"- ", "* "}
    indent = len(line) - len(line.lstrip())
    return _Line(indent, is_item, text[2:].lstrip() if is_item else text)


def _goes_on(meant: _Line, before: str, now: _Line) -> bool:
    """Whether a line is the rest of the one before: it hangs below it, which had no more room."""
    hanging = meant.indent + (2 if meant.is_item else 0)
    if now.is_item or now.indent != hanging:
        return False
    return len(before.rstrip()) + 1 + len(now.text.split(" ", 1)[0]) > WIDTH


def _parts(lines: Sequence[_Line]) -> Iterator[str]:
    """Yield paragraphs, and lists whose items hold what is indented below them."""
    n, is_in_list = 0, False
    while n < len(lines):
        line, below = lines[n], n + 1
        while line.is_item and below < len(lines) and lines[below].indent > line.indent:
            below += 1
        if line.is_item != is_in_list:
            yield "<ul>" if line.is_item else "</ul>"
            is_in_list = line.is_item
        if line.is_item:
            inner = "".join(_parts(lines[n + 1 : below]))
            yield f"<li>{escape(line.text)}{inner}</li>"
        else:
            yield f"<p>{escape(line.text)}</p>"
        n = below
    if is_in_list:
        yield "</ul>"
