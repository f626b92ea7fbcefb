"""Tables as files: what stands in them to the letter, however the rows come in."""

from __future__ import annotations

import csv
import io
import json
from contextlib import nullcontext
from datetime import UTC, date, datetime
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.dictionary import Column, View
from pipeline.core.errors import ConflictError, InputError
from pipeline.core.ids import Country, Origin
from pipeline.delivery import whole
from pipeline.delivery.tables import folder, parquet
from pipeline.delivery.tables.csv_text import CsvFile, as_text
from pipeline.delivery.tables.folder import refuse_taken, whole_folder
from pipeline.delivery.tables.kinds import CsvStyle, Format
from pipeline.delivery.tables.notices import (
    About,
    Shown,
    attributions,
    cautions,
    rests_on_plans,
    said_of,
)
from pipeline.delivery.tables.package import Written, facts
from pipeline.delivery.tables.parquet import GeoParquetFile, ParquetFile
from pipeline.delivery.tables.workbook import Workbook

STYLES = [CsvStyle(), CsvStyle(";", ","), CsvStyle("\t")]
TEXTS = st.one_of(st.none(), st.text(st.characters(exclude_categories=("Cs",)), max_size=6))
NUMBERS = st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False))


def view(*names: str) -> View:
    return View("rain", "Rain.", tuple(Column(name, "text", f"The {name}.") for name in names))


def written(folder: Path, batch: pa.RecordBatch, style: CsvStyle) -> bytes:
    file = CsvFile(folder / "a.csv", view(*batch.schema.names), style)
    file.write(batch)
    file.close({})
    return file.path.read_bytes()


class TestCsv:
    @given(rows=st.lists(st.tuples(TEXTS, NUMBERS), min_size=1), style=st.sampled_from(STYLES))
    @settings(deadline=None, max_examples=60)
    def test_a_reader_finds_every_text_and_number(
        self, tmp_path_factory: pytest.TempPathFactory, rows: list[tuple], style: CsvStyle
    ) -> None:
        texts, numbers = zip(*rows, strict=True)
        batch = pa.RecordBatch.from_pydict(
            {"text": pa.array(texts, pa.string()), "number": pa.array(numbers, pa.float64())}
        )
        raw = written(tmp_path_factory.mktemp("csv"), batch, style)
        lines = csv.reader(
            io.StringIO(raw.decode("utf-8-sig"), newline=""), delimiter=style.separator
        )
        found = list(lines)[1:]
        assert [one[0] for one in found] == [text or "" for text in texts]
        said = [one[1].replace(style.decimal, ".") for one in found]
        assert [float(one) if one else None for one in said] == list(numbers)

    def test_it_stands_there_to_the_letter(self, tmp_path: Path) -> None:
        batch = pa.RecordBatch.from_pydict(
            {
                "name": ["İğdır; Навоий", None, "", '"x"', "=1"],
                "value": [-3.09, None, 1e-7, 2.0, 0.5],
                "at": [datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)] * 5,
                "month": [date(2026, 1, 1)] * 5,
                "is_dry": [True, None, False, True, True],
                "gauges": [["a", None], [], None, [], []],
            }
        )
        at = "2026-01-02T03:04:05.000006Z;2026-01-01"
        assert written(tmp_path, batch, CsvStyle(";", ",")).decode("utf-8-sig").splitlines() == [
            "name;value;at;month;is_dry;gauges",
            f'"İğdır; Навоий";-3,09;{at};true;"[""a"", null]"',
            f";;{at};;[]",
            f'"";1e-7;{at};false;',
            f'"""x""";2;{at};true;[]',
            f"=1;0,5;{at};true;[]",
        ]

    def test_the_comma_of_a_number_is_not_that_between_fields(self) -> None:
        with pytest.raises(InputError, match="two different signs"):
            CsvStyle(",", ",")

    def test_json_is_text(self) -> None:
        column = pa.array(['{"a": 1}'], pa.json_())
        assert as_text(column, CsvStyle()).to_pylist() == ['"{""a"": 1}"']


class TestParquet:
    @pytest.mark.parametrize("step", [1, 7, 100])
    def test_the_bytes_do_not_depend_on_how_the_rows_come(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
    ) -> None:
        monkeypatch.setattr(parquet, "ROWS_A_GROUP", 32)
        table = pa.table({"n": list(range(100)), "text": [f"row {n % 5}" for n in range(100)]})
        for name, size in (("a", step), ("b", 33)):
            file = ParquetFile(tmp_path / name, table.schema, view("n", "text"))
            for batch in table.to_batches(max_chunksize=size):
                file.write(batch)
            file.close({"origin": "real"})
        assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
        held = pq.ParquetFile(tmp_path / "a")
        groups = [held.metadata.row_group(n).num_rows for n in range(held.metadata.num_row_groups)]
        assert groups == [32, 32, 32, 4]
        assert held.read().equals(table)

    def test_no_rows_are_a_table_all_the_same(self, tmp_path: Path) -> None:
        file = ParquetFile(tmp_path / "a", pa.schema({"n": pa.int64()}), view("n"))
        file.close({})
        assert pq.read_table(tmp_path / "a").num_rows == 0

    def test_bounds_and_kinds_of_polygons(self, tmp_path: Path) -> None:
        shapes = [
            shapely.box(60, 38, 61, 39),
            None,
            shapely.MultiPolygon([shapely.box(70, 40, 71, 42)]),
        ]
        texts = [None if one is None else shapely.to_geojson(one) for one in shapes]
        batch = pa.RecordBatch.from_pydict(
            {"landscape_id": ["a", "b", "c"], "geometry_geojson": texts}
        )
        file = GeoParquetFile(
            tmp_path / "a", batch.schema, view("landscape_id", "geometry_geojson")
        )
        file.write(batch)
        file.close({})
        found = pq.read_table(tmp_path / "a")
        geo = json.loads(pq.read_metadata(tmp_path / "a").metadata[b"geo"])["columns"]["geometry"]
        assert geo["bbox"] == [60, 38, 71, 42]
        assert geo["geometry_types"] == ["MultiPolygon", "Polygon"]
        assert geo["crs"]["id"] == {"authority": "EPSG", "code": 4326}
        wkb = found["geometry"].to_pylist()
        assert [None if one is None else shapely.from_wkb(one) for one in wkb] == shapes


def test_excel_is_given_dates_before_1900_as_text(tmp_path: Path) -> None:
    """Its day 1 is 1 January 1900; what is before it shows as #####."""
    book = Workbook(tmp_path / "a.xlsx", None)
    days = [date(1881, 3, 1), date(1900, 1, 1), None]
    batch = pa.RecordBatch.from_pydict({"month": pa.array(days, pa.date32())})
    book.sheet(view("month")).write(batch)
    book.close([], [view("month", "geometry_geojson")])
    dictionary = openpyxl.load_workbook(tmp_path / "a.xlsx")["dictionary"]
    assert [row[-1] for row in dictionary.iter_rows(min_row=2, values_only=True)] == [
        "The month.",
        "The geometry_geojson. Not in this workbook: no cell of Excel holds a polygon; the other "
        "formats have it.",
    ]
    cells = [row[0] for row in openpyxl.load_workbook(tmp_path / "a.xlsx")["rain"].iter_rows(2)]
    assert [(cell.value, cell.data_type) for cell in cells[:2]] == [
        ("1881-03-01", "s"),
        (datetime(1900, 1, 1), "d"),  # noqa: DTZ001 - Excel knows no zones
    ]


class TestNotices:
    ABOUT = About(
        "software 1", "id", Origin.REAL, datetime(2026, 1, 1, tzinfo=UTC), None,
        {Country.UZBEKISTAN: ("uz 1",), Country.KAZAKHSTAN: ("kz 1",), Country.TURKIYE: ()},
    )  # fmt: skip

    def shown(self, *countries: Country, rests: bool = True, **chosen: str) -> Shown:
        return Shown(3, ("cfsr",), chosen, (), rests_on_plans=rests, countries=countries)

    def test_simulated_data_are_nobodys(self) -> None:
        told = attributions(["era5-land"], Origin.SIMULATED)
        assert told == ["era5-land: simulated by this software; no number of it was observed"]

    def test_era5_land_is_of_copernicus_and_a_file_of_the_agency_is_not(self) -> None:
        era5, cfsr = attributions(["era5-land", "cfsr"], Origin.REAL)
        assert "Contains modified Copernicus Climate Change Service information" in era5
        assert "Copernicus" not in cfsr

    def test_a_file_does_not_know_the_time_of_day(self) -> None:
        said = said_of(self.ABOUT, self.shown(country="UZ"), "rain", "Rain.")
        assert (said["rows"], said["filters"]) == ("3", "country UZ")
        assert "2026" not in json.dumps(said)
        assert "uz 1" in said["caution"]

    @pytest.mark.parametrize(
        ("countries", "plans"),
        [
            pytest.param((), ["(kz 1, uz 1)"], id="of all, where it was not cut"),
            pytest.param((Country.KAZAKHSTAN,), ["(kz 1)"], id="of the country chosen"),
            pytest.param(
                (Country.KAZAKHSTAN, Country.TURKIYE), ["(kz 1)"], id="and not of one with a law"
            ),
            pytest.param((Country.TURKIYE,), [], id="none, where all are law"),
            pytest.param((Country.TAJIKISTAN,), [], id="none, where there is no plan"),
        ],
    )
    def test_the_caution_names_the_plans_behind_the_rows(
        self, countries: tuple[Country, ...], plans: list[str]
    ) -> None:
        told = cautions(self.ABOUT, self.shown(*countries))
        assert [line[line.index("(") : line.index(")") + 1] for line in told] == plans
        assert cautions(self.ABOUT, self.shown(*countries, rests=False)) == []

    def test_a_view_that_nobody_thought_of_is_cautioned_about(self) -> None:
        assert rests_on_plans("stages_of_tomorrow")
        assert rests_on_plans("stage_month_ever")
        assert not rests_on_plans("index_month_ever")

    def test_readers_are_told_which_tables_a_caution_and_a_filter_are_of(self) -> None:
        def table(name: str, shown: Shown) -> Written:
            return Written(Path(f"{name}.csv"), Format.CSV, View(name, "", ()), shown)

        cut = self.shown(Country.UZBEKISTAN, country="UZ")
        whole = Shown(1, (), {}, ("from", "country"), rests_on_plans=True, countries=())
        lines = facts(self.ABOUT, [table("alert", cut), table("delivery", whole)])
        warned = [said for name, said in lines if name == "caution"]
        assert [
            (one[one.index("(") : one.index(")") + 1], one.split(". ")[-1]) for one in warned
        ] == [
            ("(uz 1)", "This is of alert."),
            ("(kz 1, uz 1)", "This is of delivery."),
        ]
        assert [said for name, said in lines if name == "table"] == [
            "alert: 3 rows; filters: country UZ",
            "delivery: 1 rows; filters: none (not cut by from, country)",
        ]
        alone = dict(facts(self.ABOUT, [table("alert", cut)]))
        assert alone["caution"].endswith("declares no drought.")


def spoiled(part: Path) -> None:
    (part / "half").touch()
    raise ValueError("half")


class TestFolder:
    def test_a_fault_leaves_nothing(self, tmp_path: Path) -> None:
        with (
            pytest.raises(ValueError, match="half"),
            whole_folder(tmp_path / "out", replace=False) as part,
        ):
            spoiled(part)
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize(
        "is_interrupted",
        [
            pytest.param(False, id="while we leave"),
            pytest.param(True, id="while we are interrupted"),
        ],
    )
    def test_what_another_run_begins_meanwhile_stays(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_interrupted: bool
    ) -> None:
        """Once the folder has its name, the hidden one is free, and we may not be through yet."""
        move = whole._move

        def slowly(part: Path, place: Path) -> None:
            move(part, place)
            part.mkdir()
            (part / "of another run").touch()
            if is_interrupted:
                raise KeyboardInterrupt

        monkeypatch.setattr(whole, "_move", slowly)
        with (
            pytest.raises(KeyboardInterrupt) if is_interrupted else nullcontext(),
            whole_folder(tmp_path / "out", replace=False) as part,
        ):
            (part / "whole").touch()
        assert [path.name for path in (tmp_path / "out").iterdir()] == ["whole"]
        assert [path.name for path in part.iterdir()] == ["of another run"]

    @pytest.mark.parametrize(
        ("step", "refusal"),
        [
            pytest.param("mkdir", InputError, id="before we begin: its export is not replaced"),
            pytest.param("open", ConflictError, id="before we open the folder: it is not there"),
            pytest.param("flock", ConflictError, id="before our lock: that is of its folder"),
        ],
    )
    def test_a_run_that_ends_meanwhile_keeps_what_it_wrote(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, refusal: type[Exception]
    ) -> None:
        owner = {"mkdir": Path, "open": whole.os, "flock": whole.fcntl}[step]
        place = tmp_path / "out"

        def after_another(*words: object, **named: object) -> object:
            monkeypatch.undo()
            with whole_folder(place, replace=False) as part:
                (part / folder.CHECKSUMS).touch()
                (part / folder.DESCRIPTION).touch()
            return getattr(owner, step)(*words, **named)

        monkeypatch.setattr(owner, step, after_another)
        with pytest.raises(refusal), whole_folder(place, replace=False):
            pytest.fail("two at once")
        assert [path.name for path in tmp_path.iterdir()] == ["out"]
        assert {path.name for path in place.iterdir()} == {folder.CHECKSUMS, folder.DESCRIPTION}

    def test_an_empty_folder_is_filled(self, tmp_path: Path) -> None:
        (tmp_path / "out").mkdir()
        with whole_folder(tmp_path / "out", replace=False) as part:
            (part / "whole").touch()
        assert [path.name for path in (tmp_path / "out").iterdir()] == ["whole"]

    def test_a_file_is_no_folder(self, tmp_path: Path) -> None:
        (tmp_path / "out").touch()
        with pytest.raises(InputError, match="a file; name another"):
            refuse_taken(tmp_path / "out", replace=True)
