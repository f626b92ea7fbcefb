"""Writing the tables of an export: each batch of rows goes into every format as it comes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.core.dictionary import View
from pipeline.delivery.tables.csv_text import CsvFile
from pipeline.delivery.tables.geopackage import GeoPackageFile
from pipeline.delivery.tables.kinds import CsvStyle, Format, TableFile
from pipeline.delivery.tables.notices import About, Shown, rests_on_plans, said_of
from pipeline.delivery.tables.package import Written, facts
from pipeline.delivery.tables.parquet import GeoParquetFile, ParquetFile
from pipeline.delivery.tables.workbook import Workbook
from pipeline.warehouse.marts import Choice

WORKBOOK = "drought.xlsx"


@dataclass(slots=True)
class Writing:
    """The files of an export while they are written; open it with `writing`."""

    folder: Path
    about: About
    choice: Choice
    style: CsvStyle
    book: Workbook | None
    opened: ExitStack
    written: list[Written] = field(default_factory=list)

    def write(
        self,
        view: View,
        formats: Sequence[Format],
        batches: Iterable[pa.RecordBatch],
        seen: Callable[[str, int], None],
    ) -> None:
        """Write a view in each of the formats; `seen` is told its name and the rows of each batch."""
        tally = _Tally()
        files: list[TableFile] = []
        for batch in _ahead(iter(batches)):
            files = files or [self._file(kind, view, batch.schema) for kind in formats]
            tally.see(batch)
            for file in files:
                file.write(batch)
            seen(view.name, batch.num_rows)
        shown = _shown(view, self.choice, tally)
        for file, kind in zip(files, formats, strict=True):
            file.close(said_of(self.about, shown, view.name, view.meaning))
            self.written.append(Written(file.path, kind, view, shown))

    def finish(self, left_out: Sequence[str]) -> None:
        """Finish the workbook, which is one for all views, and says what it lacks."""
        if self.book is not None:
            sheets = [one for one in self.written if one.format is Format.XLSX]
            lines = facts(self.about, sheets) + [("left out", line) for line in left_out]
            self.book.close(lines, [one.view for one in sheets])

    def _file(self, kind: Format, view: View, schema: pa.Schema) -> TableFile:
        file = self._opened(kind, view, schema)
        self.opened.callback(file.abandon)
        return file

    def _opened(self, kind: Format, view: View, schema: pa.Schema) -> TableFile:
        said = self.about.said_of_all()
        match kind:
            case Format.PARQUET:
                return ParquetFile(self.folder / f"{view.name}.parquet", schema, view, said)
            case Format.GEOPARQUET:
                return GeoParquetFile(self.folder / f"{view.name}.geo.parquet", schema, view, said)
            case Format.CSV:
                return CsvFile(self.folder / f"{view.name}.csv", view, self.style)
            case Format.GEOPACKAGE:
                return GeoPackageFile(self.folder / f"{view.name}.gpkg", view)
            case Format.XLSX:
                assert self.book is not None  # noqa: S101 - there is one where a sheet is wanted
                return self.book.sheet(view)


@contextmanager
def writing(
    folder: Path, about: About, choice: Choice, style: CsvStyle, *, has_sheets: bool
) -> Iterator[Writing]:
    """Give what writes into `folder`; at the end it lets go of every file, finished or not."""
    with ExitStack() as opened:
        book = Workbook(folder / WORKBOOK, about.label) if has_sheets else None
        if book is not None:
            opened.callback(book.abandon)
        yield Writing(folder, about, choice, style, book, opened)


def _ahead(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Yield each batch while the next one is read: the database works while we write."""
    with ThreadPoolExecutor(1) as reader:
        following = reader.submit(next, batches, None)
        while (batch := following.result()) is not None:
            following = reader.submit(next, batches, None)
            yield batch


@dataclass(slots=True)
class _Tally:
    rows: int = 0
    sources: set[str] = field(default_factory=set)

    def see(self, batch: pa.RecordBatch) -> None:
        self.rows += batch.num_rows
        if "source" in batch.schema.names:
            self.sources |= set(pc.unique(batch["source"]).to_pylist())


def _shown(view: View, choice: Choice, tally: _Tally) -> Shown:
    named = sorted(source for source in tally.sources if source)
    heard = choice.heard_by(view)
    return Shown(
        rows=tally.rows,
        sources=tuple(named),
        chosen=heard,
        deaf_to=tuple(name for name in filters_of(choice) if name not in heard),
        rests_on_plans=rests_on_plans(view.name),
        countries=choice.countries if "country" in heard else (),
    )


def filters_of(choice: Choice) -> list[str]:
    """Return the names of the filters that are set and that a view may be deaf to."""
    held = {
        "from": choice.first,
        "until": choice.last,
        "country": choice.countries,
        "index": choice.indices,
        "source": choice.sources,
        "calibration": choice.calibrations,
    }
    return [name for name, value in held.items() if value]
