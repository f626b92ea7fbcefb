"""``python -m pipeline.sources.workbook_cells``: the cells of a workbook on standard input, as text.

It writes JSON: the sheets in their order, each a name and rows of cells from the upper left corner.
With ``head ROWS`` only the first rows that hold anything. Instead ``{"fault": …}``, where it cannot be
opened. Never imported by us: a workbook of some kilobytes may ask for any amount of memory, which
here is bounded (`pipeline.sources.apart`).
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from python_calamine import CalamineError, CalamineWorkbook, PasswordError

from pipeline.sources import apart

MOST_MEMORY = min(2 << 30, apart.MOST_MEMORY)
"""Some ten million cells. Of one at the far end of a sheet all before it are made too."""
MOST_LETTERS = 128_000_000
"""Of all cells together, of whatever alphabet, with the signs between them: a hundred times a large
workbook."""
PASSWORD = "password"  # noqa: S105 - what is wrong, and no password

Cell = int | float | str | bool | time | date | datetime | timedelta


def cells(raw: bytes, rows: int | None) -> Iterator[bytes]:
    """Yield the answer.

    Raises:
        ValueError: it asks for more memory than there is, or holds more text than is taken.
    """
    try:
        yield from _cells(raw, rows)
    except PasswordError:
        yield json.dumps({"fault": PASSWORD}).encode()
    except CalamineError as error:
        yield json.dumps({"fault": str(error)}).encode()
    except MemoryError as error:
        raise ValueError(f"it needs more than {MOST_MEMORY / 2**30:.1f} GB of memory") from error
    except ValueError:
        raise
    except BaseException as error:  # the library's panics are no exceptions of the usual kind
        raise ValueError(f"the library broke down over it: {error}") from error


def _cells(raw: bytes, rows: int | None) -> Iterator[bytes]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(raw))
    letters = 0
    for number, name in enumerate(book.sheet_names):
        sheet = book.get_sheet_by_name(name)
        held = (
            sheet.to_python(skip_empty_area=False) if rows is None else sheet.to_python(nrows=rows)
        )
        said = [name, [[_text(cell) for cell in row] for row in held]]
        told = json.dumps(said, ensure_ascii=False)
        letters += len(told)
        if letters > MOST_LETTERS:
            raise ValueError(f"it holds more than {MOST_LETTERS // 10**6} million letters")
        yield (b", " if number else b'{"sheets": [') + told.encode()
    yield b"]}" if book.sheet_names else b'{"sheets": []}'


def _text(cell: Cell) -> str:
    """A cell as it would be written: numbers without needless decimals, dates as YYYY-MM-DD."""
    if isinstance(cell, float):
        digits = format(Decimal(repr(cell)), "f")
        return digits.rstrip("0").rstrip(".") if "." in digits else digits
    if isinstance(cell, datetime):
        return cell.isoformat(" ").removesuffix(" 00:00:00")
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell)


def main(*given: str) -> int:
    """Answer for the workbook on standard input; return the exit code."""
    rows = int(given[1]) if given[:1] == ("head",) else None
    return apart.answer(lambda: cells(sys.stdin.buffer.read(), rows), memory=MOST_MEMORY)


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
