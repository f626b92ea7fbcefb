"""What lies beside the tables: README.txt, dictionary.csv, datapackage.json, SHA256SUMS."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.core.dictionary import Column, View
from pipeline.delivery.tables.kinds import CsvStyle, Format
from pipeline.delivery.tables.notices import (
    NO_OPINION,
    About,
    Shown,
    attributions,
    cautions,
    in_words,
    moment,
)
from pipeline.delivery.tables.workbook import columns_of

CHECKSUMS, DESCRIPTION = "SHA256SUMS", "datapackage.json"
_MEDIA = {
    Format.PARQUET: "application/vnd.apache.parquet",
    Format.GEOPARQUET: "application/vnd.apache.parquet",
    Format.CSV: "text/csv",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Format.GEOPACKAGE: "application/geopackage+sqlite3",
}
_TYPES = {
    "boolean": "boolean", "date": "date", "timestamp with time zone": "datetime",
    "smallint": "integer", "integer": "integer", "bigint": "integer", "real": "number",
    "double precision": "number", "numeric": "number", "jsonb": "object",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Written:
    """A table that was written, in one format."""

    path: Path
    format: Format
    view: View
    shown: Shown


def describe(
    folder: Path, about: About, tables: Sequence[Written], left_out: Sequence[str], style: CsvStyle
) -> None:
    """Write all that lies beside the tables, the checksums last."""
    views = {one.view.name: one.view for one in tables}
    (folder / "README.txt").write_text(readme(about, tables, left_out), encoding="utf-8")
    _write_dictionary(folder / "dictionary.csv", list(views.values()), style)
    sums = {path.name: _sha256(path) for path in sorted(folder.iterdir())}
    described = _package(about, tables, sums, style)
    (folder / DESCRIPTION).write_text(
        json.dumps(described, ensure_ascii=False, indent=2) + "\n", encoding="utf-8"
    )
    sums[DESCRIPTION] = _sha256(folder / DESCRIPTION)
    lines = (f"{sums[name]}  {name}\n" for name in sorted(sums))
    (folder / CHECKSUMS).write_text("".join(lines), encoding="utf-8")


def listed(folder: Path) -> set[str]:
    """Return the names of the files of an export, by its own list."""
    lines = (folder / CHECKSUMS).read_text(encoding="utf-8").splitlines()
    return {line.partition("  ")[2] for line in lines} | {CHECKSUMS}


def facts(about: About, tables: Sequence[Written]) -> list[tuple[str, str]]:
    """Return what the export is, as names and what is said: of README.txt and the first sheet."""
    sources = sorted({source for one in tables for source in one.shown.sources})
    lines = [("label", about.label)] if about.label else []
    lines += [("caution", line) for line in _warned(about, tables)]
    lines += [
        ("origin of the data", about.origin.value if about.origin else "nothing ingested yet"),
        ("exported at", moment(about.exported_at)),
        ("newest change", moment(about.newest_change) if about.newest_change else "none"),
        ("software", about.software),
        ("installation", about.installation_id),
    ]
    lines += [("source", line) for line in attributions(sources, about.origin)]
    lines.append(("boundaries", NO_OPINION))
    for name, shown in {one.view.name: one.shown for one in tables}.items():
        lines.append(("table", f"{name}: {shown.rows} rows; filters: {in_words(shown)}"))
    return [(name, said) for name, said in lines if said]


def _warned(about: About, tables: Sequence[Written]) -> list[str]:
    """Return each caution once, and of which tables it is, if not of all."""
    shown = {one.view.name: one.shown for one in tables}
    of: dict[str, list[str]] = {}
    for name, one in shown.items():
        for line in cautions(about, one):
            of.setdefault(line, []).append(name)
    return [
        line if len(names) == len(shown) else f"{line} This is of {', '.join(names)}."
        for line, names in of.items()
    ]


def readme(about: About, tables: Sequence[Written], left_out: Sequence[str]) -> str:
    """Return README.txt."""
    lines = ["Drought warehouse: tables exported by `drought export`", ""]
    lines += [f"{name}: {said}" for name, said in facts(about, tables)]
    lines += ["", *(f"left out: {line}" for line in left_out)]
    lines += ["", "files:"]
    lines += [f"  {name}: {said}" for name, said in _said_of_files(tables).items()]
    return "\n".join([*lines, "", *_READING]) + "\n"


_READING = (
    "dictionary.csv says what each column means, with its unit. A null (in CSV an empty field) has",
    "its reason in `gap`, or in `gaps` by index; it is neither 0 nor normal. A month is the date of",
    "its first day, a moment is in UTC. CSV begins with a byte-order mark (in R: fileEncoding =",
    '"UTF-8-BOM"); texts in it are as they are, so open files of others\' making with care: a text',
    "that begins with = is a formula to a spreadsheet. datapackage.json says the same to programs.",
    "`sha256sum -c SHA256SUMS` checks that the files are whole.",
)


def _said_of_files(tables: Sequence[Written]) -> dict[str, str]:
    return {
        one.path.name: "all tables as sheets, with what they are and the dictionary"
        if one.format is Format.XLSX
        else one.view.meaning
        for one in tables
    }


def _write_dictionary(path: Path, views: Sequence[View], style: CsvStyle) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        rows = csv.writer(file, delimiter=style.separator, lineterminator="\n")
        rows.writerow(("view", "column", "type", "unit", "meaning"))
        for view in views:
            for column in view.columns:
                rows.writerow((view.name, column.name, column.type, column.unit, column.meaning))


def _package(
    about: About, tables: Sequence[Written], sums: dict[str, str], style: CsvStyle
) -> dict[str, Any]:
    """Return a Frictionless data package."""
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "drought-warehouse",
        "title": f"{about.label}: drought warehouse" if about.label else "Drought warehouse",
        "created": moment(about.exported_at),
        "origin": about.origin.value if about.origin else None,
        "software": about.software,
        "installation_id": about.installation_id,
        "newest_change": moment(about.newest_change) if about.newest_change else None,
        "sources": [
            {"title": line}
            for line in attributions(
                sorted({s for one in tables for s in one.shown.sources}), about.origin
            )
        ],
        "resources": [_resource(about, one, sums[one.path.name], style) for one in tables],
    }


def _resource(about: About, one: Written, sha256: str, style: CsvStyle) -> dict[str, Any]:
    resource: dict[str, Any] = {
        "name": f"{one.view.name.replace('_', '-')}-{one.format}",
        "path": one.path.name,
        "format": one.path.suffix.removeprefix("."),
        "mediatype": _MEDIA[one.format],
        "bytes": one.path.stat().st_size,
        "hash": f"sha256:{sha256}",
        "description": one.view.meaning,
        "rows": one.shown.rows,
        "filters": one.shown.chosen,
        "caution": " ".join(cautions(about, one.shown)),
    }
    is_csv = one.format is Format.CSV
    if is_csv:
        resource["encoding"] = "utf-8"
        resource["dialect"] = {"delimiter": style.separator, "lineTerminator": "\n", "header": True}
    if one.format is Format.XLSX:
        resource["dialect"] = {"sheetName": one.view.name}
    columns = columns_of(one.view) if one.format is Format.XLSX else one.view.columns
    resource["schema"] = {
        "fields": [_field(c, style if is_csv else None) for c in columns],
        "missingValues": [""],
        **({"primaryKey": ["row_key"]} if one.view.has("row_key") else {}),
    }
    return resource


def _field(column: Column, style: CsvStyle | None) -> dict[str, Any]:
    kind = "array" if column.type.endswith("[]") else _TYPES.get(column.type, "string")
    field: dict[str, Any] = {"name": column.name, "type": kind, "description": column.meaning}
    if column.unit is not None:
        field["unit"] = column.unit
    if style and kind == "number" and style.decimal != ".":
        field["decimalChar"] = style.decimal
    return field


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
