"""Exports, read back by the programs that people use: the same rows, the same polygons, whole or not at all."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path

import duckdb
import geopandas as gpd
import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely
from sqlalchemy import Engine, create_engine, text
from typer.testing import CliRunner

from pipeline import wiring
from pipeline.cli import app
from pipeline.core.errors import ConflictError, DeliveryError, InputError
from pipeline.core.gaps import Gap
from pipeline.core.ids import Country, IndexCode, Origin
from pipeline.core.moments import Moment
from pipeline.core.months import Month
from pipeline.delivery.tables import workbook
from pipeline.delivery.tables.folder import whole_folder
from pipeline.delivery.tables.kinds import CsvStyle, Format
from pipeline.delivery.tables.notices import rests_on_plans
from pipeline.landscapes.landscape import Landscape
from pipeline.local.postgres import EmbeddedPostgres
from pipeline.settings import Settings
from pipeline.steps import export as export_module
from pipeline.steps.dictionary import dictionary_page
from pipeline.steps.evaluate import evaluate
from pipeline.steps.export import Asked, export
from pipeline.steps.installation import Installation
from pipeline.warehouse import marts
from pipeline.warehouse.dictionary import read_dictionary
from pipeline.warehouse.marts import Choice, is_readable
from pipeline.warehouse.plans import read_plans, save_plan
from tests.integration.conftest import NOW, TEMPLATE
from tests.integration.little_world import (
    grid_file,
    landscape,
    say_climate,
    say_spi_3,
    settle,
    told,
)
from tests.integration.test_warehouse import save_gauges

pytestmark = pytest.mark.postgres

ROOT = Path(__file__).parents[2]
ODD = ['=1+1;"quoted"', "İğdır, Şırnak", "Навоий\nвилояти", "+998 @home"]
"""Names of landscapes: a formula, a separator, quotes, Turkish and Cyrillic letters, a new line."""
SPOKEN: Mapping[str, list[float | Gap]] = {
    ODD[0]: [-1.2, -1.7, Gap.NOT_PUBLISHED, 0.5],
    ODD[1]: [0.25, -0.125, 1.5, 3.09],
    ODD[2]: [-2.5, -2.5, -2.5, -2.5],
    ODD[3]: [0.1, 0.2, 0.3, 0.4],
}


def named(name: str, number: int) -> Landscape:
    """A landscape with an odd name, its square shifted by `number` degrees; the last in Türkiye."""
    country = Country.TURKIYE if number == 3 else Country.UZBEKISTAN
    one = landscape(f"l{number}", country)
    west = 60.0 + number + 1 / 3
    shape = shapely.MultiPolygon(
        [shapely.box(west, 38.1, west + 0.5, 39.0), shapely.box(west, 40.0, west + 0.5, 41.0)]
    )
    return Landscape(
        **{f: getattr(one, f) for f in ("landscape_id", "country", "land_use", "is_salt_affected",
                                        "is_derived", "headwater_landscape_id")},
        name_en=name, names={"en": name, "ru": f"Район {name}"},
        geometry=shape if number % 2 else shape.geoms[0],
    )  # fmt: skip


def fill(warehouse: Engine, origin: Origin = Origin.REAL) -> None:
    settle(warehouse, [named(name, n) for n, name in enumerate(ODD)], origin)
    by_id = {f"l{n}": SPOKEN[name] for n, name in enumerate(ODD)}
    say_spi_3(warehouse, by_id, origin=origin)


def now(held: Installation) -> Moment:
    """This moment by the clock of the database."""
    at = told(held.warehouse, "SELECT clock_timestamp()")[0][0]
    assert isinstance(at, datetime)
    return Moment(at, at, "now")


RESTING = {
    "alert", "area_in_drought", "bulletin", "delivery", "drought_event", "evaluation", "latest_status",
    "latest_status_wide", "alert_comparison", "plan_action", "plan_rule", "plan_timeline", "revision_report", "revision_stage",
    "stage_month", "stage_month_wide",
}  # fmt: skip
"""Views whose rows would be others if a plan had other thresholds, as the dictionary describes them."""


@pytest.fixture
def world(installation: Installation) -> Installation:
    fill(installation.warehouse)
    return installation


@pytest.fixture(scope="module")
def filled(
    postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """The same world with stages, for tests that only read it."""
    admin = create_engine(postgres.url("postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE exported TEMPLATE {TEMPLATE}"))
    admin.dispose()
    engine = create_engine(postgres.url("exported"))
    held = Installation(Settings(var=tmp_path_factory.mktemp("filled")), engine, clock=lambda: NOW)
    fill(engine)
    evaluate(held)
    yield held
    engine.dispose()


@pytest.fixture(scope="module")
def exported(
    filled: Installation, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Installation, Path]:
    """An export of views of every kind, in every format."""
    asked = Asked(
        views=("landscape", "index_month_wide", "index_month", "stage_month", "alert",
               "latest_status_wide", "calibration"),
        formats=tuple(Format),
        style=CsvStyle(";", ","),
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("exported") / "out"
    export(filled, folder, asked)
    return filled, folder


class TestReaders:
    """Each reader finds what the warehouse holds."""

    def truth(self, held: Installation, query: str) -> list[tuple[object, ...]]:
        return told(held.warehouse, query)

    WIDE = (
        "SELECT landscape_id, month, spi_3, gaps ->> 'spi_3', known_from, row_key "
        "FROM mart.index_month_wide ORDER BY landscape_id, month"
    )

    def test_pandas_reads_parquet_with_types(self, exported: tuple[Installation, Path]) -> None:
        held, folder = exported
        found = pd.read_parquet(folder / "index_month_wide.parquet")
        gaps = [json.loads(one).get("spi_3") for one in found["gaps"]]
        values = [None if pd.isna(v) else v for v in found["spi_3"]]
        known = [moment.to_pydatetime() for moment in found["known_from"]]
        rows = zip(found["landscape_id"], found["month"], values, gaps, known, found["row_key"],
                   strict=True)  # fmt: skip
        assert list(rows) == self.truth(held, self.WIDE)
        assert isinstance(found["month"].iloc[0], date)
        assert (values[2], gaps[2]) == (None, "not_published")

    def test_duckdb_reads_parquet_with_types(self, exported: tuple[Installation, Path]) -> None:
        held, folder = exported
        with duckdb.connect() as duck:
            duck.execute("SET TimeZone = 'UTC'")
            duck.read_parquet(str(folder / "index_month_wide.parquet")).create_view("wide")
            found = duck.execute(
                "SELECT landscape_id, month, spi_3, gaps::json ->> 'spi_3', known_from, row_key "
                "FROM wide"
            ).fetchall()
            types = dict(row[:2] for row in duck.execute("DESCRIBE wide").fetchall())
        assert found == self.truth(held, self.WIDE)
        assert (types["month"], types["spi_3"], types["known_from"]) == (
            "DATE", "DOUBLE", "TIMESTAMP WITH TIME ZONE",
        )  # fmt: skip

    def test_pandas_reads_csv_of_a_comma_locale(self, exported: tuple[Installation, Path]) -> None:
        held, folder = exported
        found = pd.read_csv(folder / "index_month.csv", sep=";", decimal=",")
        wanted = self.truth(
            held,
            "SELECT landscape_id, month::text, index_code, value, gap FROM mart.index_month "
            "ORDER BY landscape_id, index_code, month",
        )
        ours = found[["landscape_id", "month", "index_code", "value", "gap"]]
        rows = ours.astype(object).where(ours.notna(), None).itertuples(index=False, name=None)
        assert list(rows) == wanted

    def test_odd_names_pass_through_csv(self, exported: tuple[Installation, Path]) -> None:
        _, folder = exported
        raw = (folder / "landscape.csv").read_bytes()
        assert raw.startswith(b"\xef\xbb\xbflandscape_id;")
        found = pd.read_csv(folder / "landscape.csv", sep=";", decimal=",")
        assert found["name_en"].tolist() == ODD
        assert [json.loads(one)["ru"] for one in found["names"]] == [f"Район {o}" for o in ODD]

    def test_geopandas_and_duckdb_read_the_same_polygons(
        self, exported: tuple[Installation, Path]
    ) -> None:
        held, folder = exported
        path = folder / "landscape.geo.parquet"
        by_geopandas = gpd.read_parquet(path)
        with duckdb.connect() as duck:
            duck.read_parquet(str(path)).create_view("landscape")
            by_duckdb = duck.execute(
                "SELECT landscape_id, name_en, ST_AsWKB(geometry) FROM landscape"
            ).fetchall()
        shapes = [shapely.to_wkb(shape, byte_order=1) for shape in by_geopandas.geometry]
        ids, names = by_geopandas["landscape_id"], by_geopandas["name_en"]
        assert list(zip(ids, names, shapes, strict=True)) == by_duckdb
        loaded = [shapely.to_wkb(named(n, i).geometry, byte_order=1) for i, n in enumerate(ODD)]
        assert shapes == loaded
        assert names.tolist() == ODD
        assert by_geopandas.crs.to_epsg() == 4326
        assert {shape.geom_type for shape in by_geopandas.geometry} == {"Polygon", "MultiPolygon"}
        assert self.truth(held, "SELECT count(*) FROM mart.landscape") == [(len(ODD),)]

    def test_a_map_of_the_latest_status(self, exported: tuple[Installation, Path]) -> None:
        _, folder = exported
        found = gpd.read_parquet(folder / "latest_status_wide.geo.parquet")
        assert sorted(found["landscape_id"]) == ["l0", "l1", "l2", "l3"]
        assert found.geometry.is_valid.all()

    def test_geopackage_opens(self, exported: tuple[Installation, Path]) -> None:
        _, folder = exported
        found = gpd.read_file(folder / "landscape.gpkg")
        assert found["name_en"].tolist() == ODD
        assert found.crs.to_epsg() == 4326
        info = pyogrio.read_info(folder / "landscape.gpkg")
        assert info["geometry_type"] == "MultiPolygon"
        same = zip(found.geometry, [named(n, i).geometry for i, n in enumerate(ODD)], strict=True)
        assert all(one.equals(other) for one, other in same)

    def test_excel_has_text_that_is_no_formula(self, exported: tuple[Installation, Path]) -> None:
        _, folder = exported
        book = openpyxl.load_workbook(folder / "drought.xlsx")
        assert book.sheetnames[:3] == ["about", "dictionary", "landscape"]
        sheet = book["landscape"]
        names = [cell.value for cell in sheet[1]]
        cells = [row[names.index("name_en")] for row in sheet.iter_rows(min_row=2)]
        assert [(cell.value, cell.data_type) for cell in cells] == [(odd, "s") for odd in ODD]
        assert "geometry_geojson" not in names

    def test_excel_has_dates_numbers_and_empty_gaps(
        self, exported: tuple[Installation, Path]
    ) -> None:
        _, folder = exported
        sheet = openpyxl.load_workbook(folder / "drought.xlsx")["index_month_wide"]
        rows = [
            dict(zip([cell.value for cell in sheet[1]], row, strict=True))
            for row in sheet.iter_rows(min_row=2, values_only=True)
        ]
        assert [row["spi_3"] for row in rows[:4]] == [-1.2, -1.7, None, 0.5]
        assert json.loads(rows[2]["gaps"])["spi_3"] == "not_published"
        assert rows[0]["month"] == datetime(2021, 1, 1)  # noqa: DTZ001 - Excel knows no zones
        dictionary = openpyxl.load_workbook(folder / "drought.xlsx")["dictionary"]
        meanings = {row[:2]: row[2:] for row in dictionary.iter_rows(values_only=True)}
        assert meanings["index_month_wide", "pn_3"][:2] == ("double precision", "percent")

    def test_r_reads_numbers_and_letters(self, exported: tuple[Installation, Path]) -> None:
        r = shutil.which("Rscript")
        if r is None:
            pytest.skip("Rscript is not installed; `make apt` installs r-base-core")
        _, folder = exported
        script = f"""
        wide <- read.csv2("{folder}/index_month_wide.csv", fileEncoding = "UTF-8-BOM")
        stopifnot(is.numeric(wide$spi_3), names(wide)[1] == "landscape_id")
        stopifnot(identical(wide$spi_3[1:4], c(-1.2, -1.7, NA, 0.5)))
        stopifnot(identical(as.Date(wide$month)[2], as.Date("2021-02-01")))
        land <- read.csv2("{folder}/landscape.csv", fileEncoding = "UTF-8-BOM")
        cat(land$name_en[2], land$name_en[3], sep = "|")
        """
        environment = {**os.environ, "LC_ALL": "C.UTF-8"}
        done = subprocess.run([r, "-e", script], capture_output=True, text=True, env=environment)
        assert done.returncode == 0, done.stderr
        assert done.stdout == f"{ODD[1]}|{ODD[2]}"


class TestWhatFilesSay:
    def test_the_checksums_are_those_of_sha256sum(
        self, exported: tuple[Installation, Path]
    ) -> None:
        _, folder = exported
        done = subprocess.run(
            ["sha256sum", "--check", "--strict", "SHA256SUMS"],
            cwd=folder, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        files = {path.name for path in folder.iterdir()} - {"SHA256SUMS"}
        assert len(done.stdout.splitlines()) == len(files)

    def test_parquet_carries_units_meanings_and_whose_data_they_are(
        self, exported: tuple[Installation, Path]
    ) -> None:
        _, folder = exported
        schema = pq.read_schema(folder / "index_month_wide.parquet")
        assert schema.field("pn_3").metadata[b"unit"] == b"percent"
        assert b"3 months" in schema.field("spi_3").metadata[b"meaning"]
        said = pq.read_metadata(folder / "index_month_wide.parquet").metadata
        assert said[b"origin"] == b"real"
        assert b"Copernicus" in said[b"attribution"]
        assert b"label" not in said
        columns = {one["name"]: one for one in json.loads(said[b"columns"])}
        assert columns["spi_3"]["unit"] == "1"

    def test_of_every_view_it_is_decided_whether_it_rests_on_plans(
        self, filled: Installation
    ) -> None:
        with filled.warehouse.connect() as connection:
            views = read_dictionary(connection).views
        shown = {one.name for one in views if not one.name.endswith(("_ever", "_map"))}
        assert {name for name in shown if rests_on_plans(name)} == RESTING
        telling = re.compile(r"(^|_)(stage|stages|rank|plan_id)$|^alert_id$")
        for view in views:
            if view.name == "recipient":
                continue  # its from_stage is a wish, and no landscape stands there
            if any(telling.search(column.name) for column in view.columns):
                assert rests_on_plans(view.name), view.name

    def test_what_rests_on_plans_says_in_each_file_that_their_thresholds_are_generic(
        self, filled: Installation, tmp_path: Path
    ) -> None:
        out = tmp_path / "out"
        cautioned = {*RESTING, "stage_month_ever"}
        export(filled, out, Asked((*sorted(cautioned), "index_month", "landscape"), tuple(Format)))
        caution = "Stages rest on thresholds not all of which are adopted by national law"
        (line,) = [one for one in (out / "README.txt").read_text().splitlines() if caution in one]
        assert set(line.partition("This is of ")[2].rstrip(".").split(", ")) == cautioned
        about = openpyxl.load_workbook(out / "drought.xlsx")["about"]
        assert ("caution", line.removeprefix("caution: ")) in list(
            about.iter_rows(values_only=True)
        )
        package = json.loads((out / "datapackage.json").read_text())
        for one in package["resources"]:
            view = one["name"].rpartition("-")[0].replace("-", "_")
            assert (caution in one["caution"]) == (view in cautioned), one["name"]
        for path in out.glob("*.parquet"):
            said = pq.read_metadata(path).metadata.get(b"caution", b"").decode()
            assert (caution in said) == (path.name.partition(".")[0] in cautioned), path.name
        for view in ("latest_status_wide", "landscape"):
            metadata = pyogrio.read_info(out / f"{view}.gpkg")["layer_metadata"]
            assert (caution in metadata.get("caution", "")) == (view in cautioned), view

    def test_of_a_country_only_its_own_plans_are_named(
        self, filled: Installation, tmp_path: Path
    ) -> None:
        choice = Choice(countries=(Country.TURKIYE,), first=Month(2021, 1))
        asked = Asked(("stage_month_wide", "evaluation"), (Format.PARQUET,), choice)
        export(filled, tmp_path / "out", asked)
        cut, whole = (
            pq.read_metadata(tmp_path / "out" / f"{view}.parquet").metadata for view in asked.views
        )
        plans = re.compile(rb"([a-z]{2})-[a-z]+ version")
        assert plans.findall(cut[b"caution"]) == [b"tr"]
        assert plans.findall(whole[b"caution"]) == sorted(one.lower().encode() for one in Country)
        assert cut[b"filters"] == b"from 2021-01; country TR"
        assert whole[b"filters"] == b"none (not cut by from, country)"

    def test_of_the_past_the_plans_that_ruled_then_are_named(
        self, world: Installation, tmp_path: Path
    ) -> None:
        evaluate(world)
        then = now(world)
        with world.warehouse.begin() as connection:
            (_, plan), *_ = read_plans(connection)[Country.TURKIYE].plans
            ours = plan.model_copy(update={"version": "ours"})
            save_plan(connection, ours, is_shipped=False)
        for name, as_of in (("then", then), ("now", None)):
            asked = Asked(("stage_month",), (Format.PARQUET,), as_of=as_of)
            export(world, tmp_path / name, asked)
            said = pq.read_metadata(tmp_path / name / "stage_month.parquet").metadata[b"caution"]
            assert (b"version ours" in said) == (name == "now")
            assert (f"{plan.plan_id} version {plan.version}".encode() in said) == (name == "then")

    def test_the_data_package_describes_every_table(
        self, exported: tuple[Installation, Path]
    ) -> None:
        _, folder = exported
        package = json.loads((folder / "datapackage.json").read_text())
        paths = {one["path"] for one in package["resources"]}
        tables = {"README.txt", "dictionary.csv", "datapackage.json", "SHA256SUMS"}
        assert paths == {path.name for path in folder.iterdir()} - tables
        csv = next(one for one in package["resources"] if one["path"] == "index_month.csv")
        fields = {one["name"]: one for one in csv["schema"]["fields"]}
        assert fields["month"]["type"] == "date"
        assert fields["value"] == {
            "name": "value", "type": "number", "decimalChar": ",",
            "description": fields["value"]["description"],
        }  # fmt: skip
        assert (csv["rows"], csv["dialect"]["delimiter"]) == (4 * 4 * 31, ";")

    def test_simulated_data_are_labelled_wherever_they_show(
        self, installation: Installation, tmp_path: Path
    ) -> None:
        fill(installation.warehouse, Origin.SIMULATED)
        asked = Asked(("index_month_wide", "landscape"), tuple(Format))
        done = export(installation, tmp_path / "out", asked)
        label = "EXERCISE - SIMULATED DATA - no real drought"
        assert done.label == label
        out = tmp_path / "out"
        assert label in (out / "README.txt").read_text()
        assert label in (out / "datapackage.json").read_text()
        for name in ("index_month_wide.parquet", "landscape.geo.parquet"):
            assert pq.read_metadata(out / name).metadata[b"label"].decode() == label
            assert pq.read_table(out / name).schema.metadata[b"label"].decode() == label
        book = openpyxl.load_workbook(out / "drought.xlsx")
        assert book["about"]["B1"].value == label
        assert label in book["index_month_wide"].oddHeader.center.text
        assert label in str(pyogrio.read_info(out / "landscape.gpkg")["layer_metadata"])
        assert "Copernicus" not in (out / "README.txt").read_text()


class TestChoosing:
    def rows(
        self,
        world: Installation,
        folder: Path,
        view: str,
        choice: Choice,
        as_of: Moment | None = None,
    ) -> pd.DataFrame:
        export(world, folder / "out", Asked((view,), (Format.PARQUET,), choice, as_of))
        return pd.read_parquet(folder / "out" / f"{view}.parquet")

    @pytest.mark.parametrize(
        ("choice", "rows"),
        [
            pytest.param(Choice(), 4 * 4 * 31, id="everything"),
            pytest.param(Choice(countries=(Country.TURKIYE,)), 4 * 31, id="a country"),
            pytest.param(
                Choice(first=Month(2021, 2), last=Month(2021, 3)), 8 * 31, id="two months"
            ),
            pytest.param(Choice(indices=(IndexCode.parse("spi_3"),)), 16, id="an index"),
            pytest.param(Choice(sources=("era5-land",)), 4 * 4 * 31, id="the source"),
            pytest.param(Choice(calibrations=("1991-2020",)), 4 * 4 * 31, id="the calibration"),
        ],
    )
    def test_rows_are_chosen_by(
        self, filled: Installation, tmp_path: Path, choice: Choice, rows: int
    ) -> None:
        assert len(self.rows(filled, tmp_path, "index_month", choice)) == rows

    def test_of_indices_side_by_side_the_columns(
        self, filled: Installation, tmp_path: Path
    ) -> None:
        choice = Choice(indices=(IndexCode.parse("spi_3"),))
        found = self.rows(filled, tmp_path, "index_month_wide", choice)
        assert [name for name in found if name.startswith(("spi_", "spei_", "pn_"))] == ["spi_3"]

    @pytest.mark.parametrize(
        "is_dated",
        [pytest.param(False, id="as it is"), pytest.param(True, id="as of a moment")],
    )
    def test_a_large_view_is_read_in_parts_to_the_same_bytes(
        self,
        filled: Installation,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        is_dated: bool,
    ) -> None:
        as_of = now(filled) if is_dated else None
        asked = Asked(("index_month",), (Format.PARQUET, Format.CSV), as_of=as_of)
        export(filled, tmp_path / "one", asked)
        monkeypatch.setattr(marts, "_ROWS_A_PART", 1)
        done = export(filled, tmp_path / "other", asked)
        assert done.rows == {"index_month": 4 * 4 * 31}
        for name in ("index_month.parquet", "index_month.csv"):
            assert (tmp_path / "one" / name).read_bytes() == (
                tmp_path / "other" / name
            ).read_bytes()

    def test_in_parts_too_rows_of_no_known_landscape_come_once(
        self, world: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with world.warehouse.begin() as connection:
            connection.execute(
                text(
                    "CREATE VIEW mart.odd AS SELECT landscape_id, value FROM mart.index_month "
                    "UNION ALL VALUES (NULL, 1.0), ('elsewhere', 2.0)"
                )
            )
            connection.execute(text("GRANT SELECT ON mart.odd TO drought_analyst"))
        monkeypatch.setattr(marts, "_ROWS_A_PART", 1)
        found = self.rows(world, tmp_path, "odd", Choice())["landscape_id"].fillna("of none")
        assert found.value_counts().to_dict() == {
            **{f"l{n}": 4 * 31 for n in range(4)},
            "elsewhere": 1,
            "of none": 1,
        }

    def test_the_past_as_it_was_known(self, world: Installation, tmp_path: Path) -> None:
        then = now(world)
        say_spi_3(world.warehouse, {"l0": [2.5]})
        choice = Choice(indices=(IndexCode.parse("spi_3"),))
        assert self.rows(world, tmp_path, "index_month", choice, then)["value"].iloc[0] == -1.2
        newest = self.rows(world, tmp_path / "now", "index_month", choice)
        assert newest["value"].iloc[0] == 2.5

    def test_a_day_means_until_it_ends_or_now(
        self, world: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As it does for `drought evaluate`: what became known in the course of the day is in it."""
        monkeypatch.setattr(wiring, "installation", lambda *, reads_only: world)
        day = now(world).first.astimezone(UTC).date()
        ours = ["export", "--view", "index_month", "--index", "spi_3", "--format", "parquet"]
        done = CliRunner().invoke(app, [*ours, "--to", str(tmp_path / "out"), "--as-of", str(day)])
        assert done.exit_code == 0, done.output
        found = pd.read_parquet(tmp_path / "out" / "index_month.parquet")
        assert len(found) == 16
        assert f"as of {day}T" in (tmp_path / "out" / "README.txt").read_text()

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            pytest.param("2026-11-01T06:00", "without an offset; add Z", id="without an offset"),
            pytest.param("yesterday", "expected a date such as", id="in words"),
        ],
    )
    def test_a_moment_is_refused(self, tmp_path: Path, text: str, why: str) -> None:
        done = CliRunner().invoke(app, ["export", "--to", str(tmp_path / "out"), "--as-of", text])
        assert done.exit_code == 2
        assert why in re.sub(r"[\s│]+", " ", done.output)

    def test_what_the_past_does_not_hold_is_said_where_no_view_is_named(
        self, filled: Installation, tmp_path: Path
    ) -> None:
        undated = [
            str(name)
            for (name,) in told(
                filled.warehouse,
                "SELECT relname FROM pg_class WHERE relnamespace = 'mart'::regnamespace "
                "AND relkind = 'v' AND relname !~ '_ever$' AND relname || '_as_of' NOT IN "
                "(SELECT proname FROM pg_proc WHERE pronamespace = 'mart'::regnamespace) "
                'ORDER BY relname COLLATE "C"',
            )
        ]
        assert {"alert", "drought_event", "climate_month_long"} < set(undated)
        done = export(filled, tmp_path / "out", Asked(as_of=now(filled)))
        assert set(done.rows) == {
            "climate_month", "index_month_wide", "indicator", "landscape", "stage_month",
        }  # fmt: skip
        assert done.left_out == (
            "area_share: a row for each class (--view area_share)",
            "index_month: a row for each index; index_month_wide has them side by side "
            "(--view index_month)",
            f"{len(undated)} views: not kept as they were at each moment (README.txt names them)",
            "geometry_geojson as XLSX: no cell of Excel holds a polygon; the other formats have it",
        )
        line = f"{', '.join(undated)}: not kept as they were at each moment"
        readme = (tmp_path / "out" / "README.txt").read_text().splitlines()
        assert f"left out: {line}" in readme
        about = openpyxl.load_workbook(tmp_path / "out" / "drought.xlsx")["about"]
        assert ("left out", line) in list(about.iter_rows(values_only=True))
        newest = export(filled, tmp_path / "now", Asked(formats=(Format.CSV,)))
        assert "each moment" not in " ".join(newest.left_out)

    def test_what_is_left_out_points_to_what_is_not(
        self, filled: Installation, tmp_path: Path
    ) -> None:
        done = export(filled, tmp_path / "out", Asked(formats=(Format.CSV,)))
        assert done.left_out[0] == (
            "area_share: a row for each class; area_share_wide has them side by side "
            "(--view area_share)"
        )
        for line in done.left_out:
            what = line.partition(": ")[2].partition("(--view")[0]
            named = {word for word in re.findall(r"\w+", what) if "_" in word}
            assert named <= set(done.rows), line

    @pytest.mark.parametrize(
        ("asked", "message"),
        [
            pytest.param(Asked(("rain",)), "expected one of .*index_month", id="an unknown view"),
            pytest.param(
                Asked(("ingest",), choice=Choice(first=Month(2021, 1))),
                "--from: none of the views has it",
                id="a filter no view has",
            ),
            pytest.param(
                Asked(("index_month",), choice=Choice(sources=("ERA5",))),
                "expected rows, got none for source ERA5",
                id="a filter that leaves nothing",
            ),
            pytest.param(
                Asked(("stage_month",), (Format.GEOPARQUET,)),
                "expected a view with polygons",
                id="a map of no polygons",
            ),
            pytest.param(
                Asked(("alert",), as_of=Moment.parse("2026-11-08T06:00Z")),
                "alert is not kept as it was",
                id="the past of a view without one",
            ),
            pytest.param(
                Asked(as_of=Moment.parse("9999-12-30")),
                "expected one in the past, got 9999-12-30",
                id="the future",
            ),
            pytest.param(
                Asked(("index_month",), as_of=Moment.parse("2000-01-01")),
                r"got none for as of 2000-01-01T23:59.* known here before 20.* leave --as-of out",
                id="a moment before all that is known",
            ),
        ],
    )
    def test_refused_is(
        self, filled: Installation, tmp_path: Path, asked: Asked, message: str
    ) -> None:
        with pytest.raises(InputError, match=message):
            export(filled, tmp_path / "out", asked)
        assert list(tmp_path.glob("*out*")) == []

    def test_more_rows_than_excel_holds(
        self, filled: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(export_module, "MOST_ROWS", 15)
        asked = Asked(("index_month_wide", "landscape"), (Format.XLSX,))
        with pytest.raises(InputError, match=r"index_month_wide: more rows .*--country"):
            export(filled, tmp_path / "out", asked)
        done = export(filled, tmp_path / "out", Asked(asked.views))
        assert done.left_out == (
            "index_month_wide as XLSX: more than 15 rows",
            "geometry_geojson as XLSX: no cell of Excel holds a polygon; the other formats have it",
        )
        book = openpyxl.load_workbook(tmp_path / "out" / "drought.xlsx")
        assert book.sheetnames == ["about", "dictionary", "landscape"]
        said = list(book["about"].iter_rows(values_only=True))
        assert [("left out", line) for line in done.left_out] == said[-2:]
        readme = (tmp_path / "out" / "README.txt").read_text()
        assert "drought.xlsx: all tables as sheets" in readme
        assert all(f"left out: {line}\n" in readme for line in done.left_out)
        package = json.loads((tmp_path / "out" / "datapackage.json").read_text())
        fields = {one["path"]: one["schema"]["fields"] for one in package["resources"]}
        of_polygons = {path for path, held in fields.items()
                       if any(one["name"] == "geometry_geojson" for one in held)}  # fmt: skip
        assert of_polygons == {"landscape.parquet", "landscape.geo.parquet", "landscape.csv"}
        assert (tmp_path / "out" / "index_month_wide.parquet").exists()
        monkeypatch.setattr(export_module, "MOST_ROWS", 16)
        export(filled, tmp_path / "fits", asked)

    def test_a_text_too_long_for_a_cell_is_not_cut(self) -> None:
        assert workbook.fitting("ж" * 32_767) == "ж" * 32_767
        assert workbook.fitting("ж" * 32_768).startswith("[32768 letters: more than a cell")


class TestWhoMaySee:
    def test_no_row_of_a_restricted_gauge_leaves(self, world: Installation, tmp_path: Path) -> None:
        save_gauges(world.warehouse)
        views = ("station", "station_month", "station_position", "observation", "quarantine")
        export(world, tmp_path / "out", Asked(views, (Format.CSV,)))
        for view in views:
            found = (tmp_path / "out" / f"{view}.csv").read_text()
            assert "gauge-open" in found, view
            for hidden in ("gauge-restricted", "gauge-agency", "42.5", "43.5"):
                assert hidden not in found, (view, hidden)

    def test_no_blended_value_of_a_closed_landscape_leaves(
        self, world: Installation, tmp_path: Path
    ) -> None:
        save_gauges(world.warehouse)
        with world.warehouse.begin() as connection:
            file_id = grid_file(connection, number=7)
            for key in (1, 2):
                say_climate(connection, key, Month(2021, 1), 77.0, file_id=file_id)
            connection.execute(
                text(
                    "INSERT INTO series.landscape_gauge (landscape_key, station_id) "
                    "VALUES (1, 'gauge-restricted'), (2, 'gauge-open')"
                )
            )
            connection.execute(
                text("UPDATE series.climate_month SET source = 'blended', file_id = NULL")
            )
        export(world, tmp_path / "out", Asked(("climate_month",), (Format.PARQUET,)))
        found = pd.read_parquet(tmp_path / "out" / "climate_month.parquet")
        assert found[["landscape_id", "source"]].values.tolist() == [["l1", "blended"]]

    def test_it_reads_as_the_analyst(self, filled: Installation) -> None:
        with (
            filled.warehouse.execution_options(isolation_level="REPEATABLE READ").connect() as one,
            marts.snapshot(one) as held,
            pytest.raises(ConnectionError, match="permission denied"),
            held._arrow.cursor() as cursor,
            marts._told_as_ours(),
        ):
            cursor.execute("SELECT * FROM series.station")

    @pytest.mark.parametrize(
        ("grants", "reads_as"),
        [
            pytest.param(["drought_analyst"], "drought_analyst", id="who may, as the analyst"),
            pytest.param(
                ["drought_analyst WITH SET FALSE"], "clerk", id="a member who may not, as itself"
            ),
            pytest.param([], "clerk", id="one that is no member, as itself"),
        ],
    )
    def test_a_login_of_the_pipeline_exports_all_the_same(
        self, world: Installation, tmp_path: Path, grants: list[str], reads_as: str
    ) -> None:
        """Since Postgres 16 to be a member of a role and to take it are two things."""
        admin = world.warehouse.execution_options(isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(
                text("CREATE ROLE clerk LOGIN PASSWORD 'open-sesame' IN ROLE drought_pipeline")
            )
            for role, _, how in (grant.partition(" ") for grant in grants):
                connection.execute(text(f"GRANT {role} TO clerk {how}"))
        url = world.warehouse.url.set(username="clerk", password="open-sesame")
        clerk = Installation(world.settings, create_engine(url), clock=lambda: NOW)
        asked = Asked(formats=(Format.CSV,))
        try:
            isolated = clerk.warehouse.execution_options(isolation_level="REPEATABLE READ")
            with (
                isolated.connect() as one,
                marts.snapshot(one) as held,
                held._arrow.cursor() as cursor,
            ):
                cursor.execute("SELECT current_user::text")
                assert cursor.fetchone() == (reads_as,)
            done = export(clerk, tmp_path / "clerk", asked)
            assert done.rows["index_month_wide"] == 4 * 4
            assert done == export(world, tmp_path / "owner", asked)
        finally:
            clerk.warehouse.dispose()
            with admin.connect() as connection:
                connection.execute(text("DROP OWNED BY clerk"))
                connection.execute(text("DROP ROLE clerk"))


CHANGED = (
    "SELECT spi_3 FROM mart.index_month_wide WHERE (landscape_id, month) = ('l0', '2021-01-01')"
)


class TestOneMoment:
    def test_nor_what_is_committed_between_its_two_connections(
        self, world: Installation, tmp_path: Path
    ) -> None:
        told_times = count(1)

        def clock() -> datetime:
            if next(told_times) == 1:  # the export has looked around, and read no row yet
                say_spi_3(world.warehouse, {"l0": [2.5]})
            return NOW

        meddled = Installation(world.settings, world.warehouse, clock=clock)
        export(meddled, tmp_path / "out", Asked(("index_month_wide",), (Format.PARQUET,)))
        wide = pd.read_parquet(tmp_path / "out" / "index_month_wide.parquet")
        assert wide["spi_3"].iloc[0] == -1.2
        assert told(world.warehouse, CHANGED) == [(2.5,)]

    def test_what_is_committed_meanwhile_is_in_no_file(
        self, world: Installation, tmp_path: Path
    ) -> None:
        def meddle(view: str, done: int, of: int) -> None:
            say_spi_3(world.warehouse, {"l0": [2.5]})

        asked = Asked(("index_month", "index_month_wide"), (Format.PARQUET,))
        export(world, tmp_path / "out", asked, advance=meddle)
        wide = pd.read_parquet(tmp_path / "out" / "index_month_wide.parquet")
        assert wide["spi_3"].iloc[0] == -1.2
        assert told(world.warehouse, CHANGED) == [(2.5,)]

    def test_the_same_state_gives_the_same_bytes(
        self, filled: Installation, tmp_path: Path
    ) -> None:
        asked = Asked(formats=(Format.PARQUET, Format.GEOPARQUET, Format.CSV))
        later = Installation(
            filled.settings, filled.warehouse, clock=lambda: NOW + timedelta(hours=3)
        )
        export(filled, tmp_path / "one", asked)
        export(later, tmp_path / "other", asked)
        names = {path.name for path in (tmp_path / "one").iterdir()}
        assert {"alert.csv", "landscape.geo.parquet", "index_month_wide.parquet"} < names
        differ = {
            name for name in names
            if (tmp_path / "one" / name).read_bytes() != (tmp_path / "other" / name).read_bytes()
        }  # fmt: skip
        assert differ == {"README.txt", "datapackage.json", "SHA256SUMS"}


NO_ROOM = """
import resource, sys
from pathlib import Path
from sqlalchemy import create_engine
from pipeline.core.errors import DeliveryError
from pipeline.delivery.tables.kinds import Format
from pipeline.settings import Settings
from pipeline.steps.export import Asked, export
from pipeline.steps.installation import Installation

held = Installation(Settings(), create_engine(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
for kind in Format:
    try:
        view = "landscape" if kind.is_map else "index_month"
        export(held, Path(sys.argv[2]), Asked((view,), (kind,)))
    except DeliveryError as error:
        print(kind, str(error).partition(": ")[2].partition(":")[0])
"""


class TestTheFolder:
    ASKED = Asked(("landscape",), (Format.CSV,))

    def test_an_earlier_export_stays_unless_told_otherwise(
        self, filled: Installation, tmp_path: Path
    ) -> None:
        out = tmp_path / "out"
        export(filled, out, Asked(("landscape", "stage_month"), (Format.CSV,)))
        with pytest.raises(InputError, match="--replace"):
            export(filled, out, self.ASKED)
        assert (out / "stage_month.csv").exists()
        export(filled, out, self.ASKED, replace=True)
        assert not (out / "stage_month.csv").exists()
        assert [path.name for path in tmp_path.iterdir() if "out" in path.name] == ["out"]

    def test_files_of_others_are_never_replaced(self, filled: Installation, tmp_path: Path) -> None:
        out = tmp_path / "out"
        export(filled, out, self.ASKED)
        (out / "thesis.docx").write_text("years of work")
        with pytest.raises(InputError, match=r"got also thesis\.docx"):
            export(filled, out, self.ASKED, replace=True)
        other = tmp_path / "other"
        other.mkdir()
        (other / "thesis.docx").write_text("years of work")
        with pytest.raises(InputError, match=r"one that holds thesis\.docx"):
            export(filled, other, self.ASKED, replace=True)
        assert (out / "thesis.docx").exists()
        assert (other / "thesis.docx").exists()

    def test_two_at_once_do_not_meet(self, filled: Installation, tmp_path: Path) -> None:
        with whole_folder(tmp_path / "out", replace=False) as part:
            (part / "SHA256SUMS").touch()
            with pytest.raises(ConflictError, match="something else is being written"):
                export(filled, tmp_path / "out", self.ASKED)
            assert (part / "SHA256SUMS").exists()

    def test_a_killed_run_leaves_nothing_under_the_name(
        self, filled: Installation, tmp_path: Path
    ) -> None:
        part = tmp_path / ".out.part"
        part.mkdir()
        (part / "index_month.csv").write_text("half of ")
        assert not (tmp_path / "out").exists()
        export(filled, tmp_path / "out", self.ASKED)
        assert not part.exists()
        assert not (tmp_path / "out" / "index_month.csv").exists()

    def test_a_full_disk_leaves_nothing_whatever_the_format(
        self, filled: Installation, tmp_path: Path
    ) -> None:
        """In a process of its own no file may be longer than 2 kB, as if there was no room."""
        url = filled.warehouse.url.render_as_string(hide_password=False)
        done = subprocess.run(
            [sys.executable, "-c", NO_ROOM, url, tmp_path / "out"],
            capture_output=True, text=True, cwd=ROOT,
        )  # fmt: skip
        assert done.stdout.splitlines() == [f"{kind} could not be written" for kind in Format], done
        assert "Traceback" not in done.stderr, done.stderr
        assert list(tmp_path.glob("*out*")) == []

    def test_a_full_disk_is_a_failure_of_delivery(self, tmp_path: Path) -> None:
        with (
            pytest.raises(DeliveryError, match="No space left"),
            whole_folder(tmp_path / "out", replace=False),
        ):
            raise OSError(28, "No space left on device")
        assert list(tmp_path.glob("*out*")) == []


def test_the_warehouse_page_names_the_views_without_a_row_key(filled: Installation) -> None:
    page = (ROOT / "docs" / "warehouse.md").read_text(encoding="utf-8")
    said = page.partition("Eleven views have none: ")[2].partition(" is a version")[0]
    said = re.sub(r"\(.*?\)", "", said)
    with filled.warehouse.connect() as connection:
        views = [one for one in read_dictionary(connection).views if is_readable(one)]
    without = {one.name for one in views if not one.has("row_key")}
    assert set(re.findall(r"`(\w+)`", said)) == without
    assert len(without) == 11
    # Two views have gained columns since, which stand behind it.
    keyed = [one for one in views if one.name not in {*without, "plan_rule", "plan_timeline"}]
    assert {one.columns[-1].name for one in keyed} == {"row_key"}


def test_the_views_that_are_said_to_have_no_origin_have_none(filled: Installation) -> None:
    page = (ROOT / "docs" / "analyst.md").read_text(encoding="utf-8")
    without = page.partition("FROM mart.ingest`)")[2].partition("which have none")[0]
    with filled.warehouse.connect() as connection:
        views = {one.name: one for one in read_dictionary(connection).views}
    named = re.findall(r"`(\w+)`", without)
    assert len(named) == 3
    assert views["ingest"].has("origin")
    assert not any(views[name].has("origin") for name in named)


def test_the_dictionary_of_the_documentation_is_current(warehouse: Engine) -> None:
    committed = (ROOT / "docs" / "dictionary.md").read_text(encoding="utf-8")
    assert committed == dictionary_page(warehouse), (
        "run `drought dictionary --to docs/dictionary.md`"
    )
