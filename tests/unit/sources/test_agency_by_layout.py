from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.core.errors import InputError
from pipeline.sources import agency_tables
from pipeline.stations.agency_layout import Layout
from pipeline.stations.observations import (
    Disclosure,
    Quantity,
    Resolution,
    Station,
    StationFile,
)
from tests.unit.sources.agency_values import Load, values

RAIN, MEAN = Quantity.PRECIPITATION, Quantity.TEMPERATURE_MEAN


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def loaded(content: str | bytes, layout: Layout | None = None) -> StationFile:
        path = tmp_path / "gauge.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return agency_tables.read(path, layout)

    return loaded


ACROSS = Layout.model_validate(
    {
        "encoding": "windows-1251", "separator": ";", "decimal": ",", "header_row": 3,
        "columns": {"station_id": "Индекс", "name": "станция", "year": "Год"},
        "across": {"steps": "dekads_of_year", "first_column": 4},
        "constants": {"quantity": "precipitation_mm"},
        "missing": ["-", 9999], "trace": ["сл."], "disclosure": "agency",
        "stations": {38462: {"latitude": 41.9147, "longitude": 70.3653}},
    }
)  # fmt: skip
TITLES = "Узгидромет\n\nИндекс;Станция;Год" + ";I;II;III" * 12 + "\n"


def dekads_of_year(year: int, cells: dict[int, str]) -> str:
    return ";".join(["38462", "Пскем", str(year), *(cells.get(n, "-") for n in range(36))]) + "\n"


def test_dekads_side_by_side_are_read_as_their_agency_keeps_them(load: Load) -> None:
    cells = {0: "12,5", 4: "0", 5: "сл.", 7: "9999", 35: "7,0"}
    file = load((TITLES + dekads_of_year(2004, cells)).encode("cp1251"), ACROSS)
    assert file.resolution is Resolution.DEKADAL
    assert values(file) == {
        (RAIN, "2004-01-10"): 12.5, (RAIN, "2004-02-20"): 0.0, (RAIN, "2004-02-29"): 0.0,
        (RAIN, "2004-12-31"): 7.0,
    }  # fmt: skip
    assert list(file.records["n_days"]) == [10, 10, 9, 11]
    assert list(file.records["text"]) == ["12,5", "0", "сл.", "7,0"]
    assert file.stations == (Station("38462", "Пскем", 41.9147, 70.3653, None, Disclosure.AGENCY),)


def test_a_bad_year_costs_the_row_and_a_bad_cell_the_cell(load: Load) -> None:
    rows = [
        dekads_of_year(2004, dict.fromkeys(range(36), "1,0")),
        dekads_of_year(20005, dict.fromkeys(range(36), "1,0")),
        dekads_of_year(2006, {3: "1,0", 4: "много"}),
    ]
    file = load((TITLES + "".join(rows)).encode("cp1251"), ACROSS)
    assert [(unread.line, unread.reason, unread.record[:5]) for unread in file.unread] == [
        (5, "year: expected a number, years 1800 to 2199", "38462"),
        (6, "column 8, precipitation_mm: expected a number, or nothing where the value is missing",
         "много"),
    ]  # fmt: skip
    assert len(file.records) == 37


@pytest.mark.parametrize(
    ("across", "row", "n_values", "expected"),
    [
        pytest.param(
            {"steps": "months_of_year", "first_column": 3},
            "G1;2001;" + ";".join(map(str, range(1, 13))),
            12,
            {"2001-01-31": 1, "2001-12-31": 12},
            id="months of a year",
        ),
        pytest.param(
            {"steps": "dekads_of_year", "first_column": 3, "columns_a_month": 4},
            "G1;2001;" + ";".join(f"{m};{m};{m};{3 * m}" for m in range(1, 13)),
            36,
            {"2001-01-31": 1, "2001-02-10": 2, "2001-12-31": 12},
            id="dekads with the month's sum behind them",
        ),
        pytest.param(
            {"steps": "dekads_of_month", "first_column": 4},
            "G1;2001;2;5;6;7",
            3,
            {"2001-02-10": 5, "2001-02-20": 6, "2001-02-28": 7},
            id="dekads of a month",
        ),
        pytest.param(
            {"steps": "days_of_month", "first_column": 4},
            "G1;2001;2;" + ";".join(str(n) for n in range(1, 29)) + ";;;",
            28,
            {"2001-02-01": 1, "2001-02-28": 28},
            id="days of a month",
        ),
    ],
)
def test_values_side_by_side(
    load: Load, across: dict[str, object], row: str, n_values: int, expected: dict[str, float]
) -> None:
    columns = {"station_id": 1, "year": 2}
    if str(across["steps"]).endswith("month"):
        columns["month"] = 3
    layout = Layout.model_validate(
        {"header_row": 0, "columns": columns, "across": across, "constants": {"quantity": "P"}}
    )
    got = {day: value for (_, day), value in values(load(row + "\n", layout)).items()}
    assert {day: got[day] for day in expected} == expected
    assert len(got) == n_values


def test_rain_on_the_30th_of_february_is_one_unread_cell(load: Load) -> None:
    layout = Layout.model_validate(
        {
            "header_row": 0,
            "columns": {"station_id": 1, "month": 2},
            "across": {"steps": "days_of_month", "first_column": 3},
            "constants": {"quantity": "P"},
        }
    )
    file = load("G1;2001-02;" + "1;" * 28 + ";3;\n", layout)
    assert [(unread.reason, unread.line) for unread in file.unread] == [
        ("column 32: expected a day that the month has", 1)
    ]
    assert len(file.records) == 28


@pytest.mark.parametrize(
    ("unit", "written", "expected"),
    [
        pytest.param({"precipitation_mm": "0.1 mm"}, "3", 0.3, id="tenths of mm"),
        pytest.param({"precipitation_mm": "cm"}, "1.2", 12.0, id="centimetres"),
        pytest.param({"precipitation_mm": "inch"}, "0.5", 12.7, id="inches"),
        pytest.param({"temperature_mean_c": "0.1 degC"}, "-64", -6.4, id="tenths of a degree"),
        pytest.param({"temperature_mean_c": "K"}, "273.25", 0.1, id="kelvin"),
    ],
)
def test_units_of_a_layout(load: Load, unit: dict[str, str], written: str, expected: float) -> None:
    (quantity,) = unit
    layout = Layout.model_validate({"units": unit})
    file = load(f"station_id,month,{quantity}\nG1,2001-02,{written}\n", layout)
    assert list(file.records["value"]) == [expected]
    assert list(file.records["text"]) == [written]


@pytest.mark.parametrize(
    ("written", "format_", "expected"),
    [
        pytest.param("27.02.2001", "DD.MM.YYYY", "2001-02-27", id="days first"),
        pytest.param("7.2.2001", "DD.MM.YYYY", "2001-02-07", id="without noughts"),
        pytest.param("02/27/2001", "MM/DD/YYYY", "2001-02-27", id="months first"),
        pytest.param("27.02.2001 0:00:00", "DD.MM.YYYY", "2001-02-27", id="with a midnight"),
        pytest.param("2001-02-27", "DD.MM.YYYY", "2001-02-27", id="as the standard has it"),
        pytest.param("20010227", "YYYYMMDD", "2001-02-27", id="without marks"),
    ],
)
def test_dates_of_a_layout(load: Load, written: str, format_: str, expected: str) -> None:
    file = load(f"station_id,date,precipitation_mm\nG1,{written},1\n", Layout(date_format=format_))
    assert [str(day.date()) for day in file.records["last_day"]] == [expected]


def test_months_may_have_names_and_a_date_may_stand_for_its_month(load: Load) -> None:
    names = ("янв", "фев", "мар", "апр", "май", "июн", "июл", "авг", "сен", "окт", "ноя", "дек")
    named = load(
        "station_id,year,month,precipitation_mm\nG1,2001,Фев,1\n", Layout(month_names=names)
    )
    dated = load(
        "station_id,date,precipitation_mm\nG1,2001-02-01,1\n",
        Layout(constants={"resolution": "monthly"}),
    )
    for file in (named, dated):
        assert file.resolution is Resolution.MONTHLY
        assert values(file) == {(RAIN, "2001-02-28"): 1.0}


def test_columns_that_a_layout_does_not_read_are_said(load: Load) -> None:
    layout = Layout(
        columns={"station_id": "пост", "date": "дата", "precipitation_mm": "осадки,  мм"}
    )
    file = load("Пост;Дата;Осадки, мм;Ветер\nG1;2001-02-27;1,5;3\n", layout)
    assert values(file) == {(RAIN, "2001-02-27"): 1.5}
    assert file.assumed == "columns not read: Ветер"


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        pytest.param({"date": "День"}, "expected one column 'День', got 0 among", id="not there"),
        pytest.param({"date": "Дата"}, "expected one column 'Дата', got 2 among", id="there twice"),
    ],
)
def test_a_column_that_a_layout_names_must_be_there_once(
    load: Load, columns: dict[str, str | int], message: str
) -> None:
    layout = Layout(columns={"station_id": 1, "precipitation_mm": 4, **columns})
    with pytest.raises(InputError, match=message):
        load("Пост;Дата;Дата;мм\nG1;2001-02-27;;1,5\n", layout)


def test_remapped_characters_change_names_and_cells(load: Load) -> None:
    layout = Layout(
        characters={"³": "ӣ"},
        columns={"station_id": 1, "name": "номӣ", "month": 3, "precipitation_mm": 4},
    )
    file = load("id;ном³;month;mm\nG1;Диѓ³;2001-02;1\n", layout)
    assert file.stations[0].name == "Диѓӣ"


def test_a_word_of_a_trace_is_no_temperature(load: Load) -> None:
    layout = Layout(trace=("сл.",))
    file = load(
        "station_id,month,precipitation_mm,temperature_mean_c\n"
        "G1,2001-01,сл.,1\nG1,2001-02,СЛ.,сл.\n", layout,
    )  # fmt: skip
    assert values(file) == {
        (RAIN, "2001-01-31"): 0.0, (MEAN, "2001-01-31"): 1.0, (RAIN, "2001-02-28"): 0.0,
    }  # fmt: skip
    assert [unread.reason[:18] for unread in file.unread] == ["temperature_mean_c"]
