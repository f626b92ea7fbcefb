"""The real files of Uzhydromet and of Ankara, and the examples of the documentation."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pandas as pd
import pytest
import yaml

from pipeline.sources import agency_tables, ghcn_daily
from pipeline.sources.layouts import read_layout
from pipeline.stations.agency_fields import ALIASES, COLUMNS, STATION_LIST
from pipeline.stations.agency_layout import Layout
from pipeline.stations.observations import (
    Quantity,
    Resolution,
    Station,
    StationFile,
)
from tests.unit.sources.agency_values import Load

DOCUMENT = Path(__file__).parents[3] / "docs" / "agency_files.md"
RAIN, MEAN = Quantity.PRECIPITATION, Quantity.TEMPERATURE_MEAN


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def loaded(content: str | bytes, layout: Layout | None = None) -> StationFile:
        path = tmp_path / "gauge.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return agency_tables.read(path, layout)

    return loaded


STATIONS = "uzhydromet_chirchik_"


def test_chirchik_gives_what_stands_in_it(shared_data: Path) -> None:
    """1933-11-10,8.0,mm,P,38462,Pskem Meteo Station,dec
    1933-11-20,7.0,mm,P,38462,Pskem Meteo Station,dec
    1933-11-30,119.0,mm,P,38462,Pskem Meteo Station,dec
    38462,Pskem Meteo Station,1933,11,134.0,4.57
    """
    folder = shared_data / "stations"
    dekads = agency_tables.read(folder / f"{STATIONS}dekadal_raw.csv")
    assert dekads.resolution is Resolution.DEKADAL
    pskem = dekads.records[dekads.records["station_id"] == "38462"]
    november = pskem[(pskem["last_day"] >= "1933-11-01") & (pskem["last_day"] < "1933-12-01")]
    assert list(november[november["quantity"] == RAIN]["value"]) == [8.0, 7.0, 119.0]
    assert list(november[november["quantity"] == MEAN]["value"]) == [8.2, 4.5, 1.0]
    months = agency_tables.read(folder / f"{STATIONS}monthly.csv")
    of_pskem = months.records[months.records["station_id"] == "38462"]
    row = of_pskem[of_pskem["last_day"] == "1933-11-30"]
    assert dict(zip(row["quantity"], row["value"], strict=True)) == {RAIN: 134.0, MEAN: 4.57}


def test_sums_of_the_real_dekads_are_the_months_their_provider_derived(shared_data: Path) -> None:
    folder = shared_data / "stations"
    layout = documented_layouts()[1]
    path = folder / f"{STATIONS}dekadal_raw.csv"
    rain = agency_tables.read(path, layout).records.query("quantity == 'precipitation_mm'")
    with path.open() as lines:
        assert len(rain) == sum(
            row["type"] == "P" and row["data"] != "" for row in csv.DictReader(lines)
        )
    months = rain.groupby(["station_id", rain["last_day"].dt.strftime("%Y-%m")])["value"]
    whole = months.sum()[months.size() == 3]
    with (folder / f"{STATIONS}monthly.csv").open() as lines:
        derived = {
            (row["wmo_code"], f"{row['year']}-{int(row['month']):02d}"): float(row["precip_mm"])
            for row in csv.DictReader(lines)
            if row["precip_mm"]
        }
    assert len(derived) == 1899
    assert whole.to_dict() == pytest.approx(derived, abs=1e-9)


def test_the_conversion_of_ankara_gives_the_same_days_as_the_original(shared_data: Path) -> None:
    """2003,01,04,    9.6,    5.4,    2.5,-9999.0,-9999.0"""
    layout = Layout.model_validate(
        {
            "columns": {
                "year": "YYYY", "month": "MM", "day": "DD", "precipitation_mm": "PRCP",
                "temperature_max_c": "TMAX", "temperature_min_c": "TMIN",
            },
            "constants": {"station_id": "TUM00017130"}, "missing": [-9999], "disclosure": "open",
        }
    )  # fmt: skip
    folder = shared_data / "stations"
    csv_file = agency_tables.read(folder / "TUM00017130.csv", layout)
    fourth = csv_file.records[csv_file.records["last_day"] == "2003-01-04"]
    assert list(fourth["value"]) == [2.5, 9.6, 5.4]
    assert csv_file.assumed == "columns not read: SNOW, SNWD"
    original = ghcn_daily.read(folder / "TUM00017130.dly").records
    original = original[original["quantity"] != MEAN]
    keys = ["station_id", "quantity", "last_day", "value"]
    got, expected = (
        frame[keys].sort_values(keys).reset_index(drop=True)
        for frame in (csv_file.records, original)
    )
    pd.testing.assert_frame_equal(got, expected, check_dtype=False)


def test_the_real_list_of_stations_gives_their_positions(shared_data: Path) -> None:
    """P,38462,Pskem Meteo Station,70.3653,41.9147,1136.0,dec"""
    listed = agency_tables.read_stations(shared_data / "stations" / f"{STATIONS}stations.csv")
    assert [place.station for place in listed.places] == [
        Station("38462", "Pskem Meteo Station", 41.9147, 70.3653, 1136.0),
        Station("38471", "Chatkal Meteo Station", 41.8555, 71.2197, 1185.0),
    ]
    assert listed.unread == ()


def examples(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)


def documented_layouts() -> list[Layout]:
    return [Layout.model_validate(yaml.safe_load(text)) for text in examples("yaml")]


@pytest.mark.parametrize(
    ("number", "resolution", "total_mm"),
    [
        pytest.param(0, Resolution.DAILY, 3.2, id="the documented days"),
        pytest.param(1, Resolution.DEKADAL, 19.5, id="the documented dekads"),
        pytest.param(2, Resolution.MONTHLY, 63.5, id="the documented months"),
        pytest.param(3, Resolution.DEKADAL, 12.5, id="the documented rows of one quantity"),
    ],
)
def test_the_documented_examples_load(
    load: Load, number: int, resolution: Resolution, total_mm: float
) -> None:
    file = load(examples("csv")[number])
    assert file.resolution is resolution
    assert file.unread == ()
    assert file.records.query("quantity == 'precipitation_mm'")["value"].sum() == total_mm


def test_the_documented_list_of_stations_loads(tmp_path: Path) -> None:
    path = tmp_path / "stations.csv"
    path.write_text(examples("csv")[4])
    places = agency_tables.read_stations(path).places
    assert [(str(at.valid_from), at.station.elevation_m) for at in places] == [
        ("None", 1136.0), ("1986-05-01", 1142.0),
    ]  # fmt: skip


def test_the_documented_layouts_are_layouts(tmp_path: Path) -> None:
    texts = examples("yaml")
    assert len(texts) == 4
    for text in texts:
        path = tmp_path / "layout.yaml"
        path.write_text(text, encoding="utf-8")
        assert read_layout(path) is not None


def test_every_column_and_key_is_documented() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    names = {*COLUMNS, *STATION_LIST, *(set(ALIASES) - {"tmean_degc"}), "tmean_degC"}
    names |= set(Layout.model_fields)
    assert [name for name in sorted(names) if f"`{name}`" not in text] == []
