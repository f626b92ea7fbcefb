"""CSV after RFC 4180, in UTF-8 with a byte-order mark, by which Excel knows the letters.

An empty field is a null; an empty text is written as `""`. Text is written as it is, also where it
begins with `=`: a guard would change the value.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.core.dictionary import View
from pipeline.delivery.tables.kinds import CsvStyle

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_MOMENT = "%Y-%m-%dT%H:%M:%SZ"


class CsvFile:
    """A CSV file being written."""

    def __init__(self, path: Path, view: View, style: CsvStyle) -> None:
        self.path = path
        self._style = style
        self._file = path.open("wb")
        self._file.write(BYTE_ORDER_MARK)
        self._file.write(style.separator.join(c.name for c in view.columns).encode() + b"\n")

    def write(self, batch: pa.RecordBatch) -> None:
        """Write some rows."""
        if batch.num_rows:
            fields = [as_text(column, self._style) for column in batch.columns]
            sign = self._style.separator
            joined = pc.binary_join_element_wise(
                *fields, sign, null_handling="replace", null_replacement=""
            )
            ended = pc.binary_join_element_wise(joined, "", "\n")
            # The texts of a column lie one after the other: that is the file already.
            self._file.write(ended.buffers()[2])

    def close(self, said: Mapping[str, str]) -> None:
        """Finish the file. CSV has no place to say anything: it stands beside, in README.txt."""
        self._file.close()

    def abandon(self) -> None:
        """Let go of the file."""
        with suppress(OSError):
            self._file.close()


def as_text(column: pa.Array, style: CsvStyle) -> pa.Array:
    """Return each value as it stands in the file; nulls stay null.

    Numbers have as many digits as it takes to read the same number back; months are
    YYYY-MM-DD, moments are in UTC; arrays and JSON are JSON.
    """
    kind = column.type
    if isinstance(kind, pa.BaseExtensionType):
        column, kind = column.storage, kind.storage_type
    if pa.types.is_floating(kind):
        text = pc.cast(column, pa.string())
        return text if style.decimal == "." else pc.replace_substring(text, ".", style.decimal)
    if pa.types.is_timestamp(kind):
        return pc.strftime(column, format=_MOMENT)
    if pa.types.is_list(kind):
        return _quoted(pa.array([as_json(one) for one in column.to_pylist()], pa.string()), style)
    text = pc.cast(column, pa.string())
    return _quoted(text, style) if pa.types.is_string(kind) else text


def as_json(value: object) -> str | None:
    """Return a list as JSON; None stays None."""
    return None if value is None else json.dumps(value, ensure_ascii=False)


def _quoted(text: pa.Array, style: CsvStyle) -> pa.Array:
    needs = pc.match_substring_regex(text, f'[{style.separator}"\\r\\n]|^$|^\\s|\\s$')
    if not pc.any(needs).as_py():
        return text
    doubled = pc.replace_substring(text, '"', '""')
    return pc.if_else(needs, pc.binary_join_element_wise('"', doubled, '"', ""), text)
