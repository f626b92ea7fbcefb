"""Tables of indicators as agencies send them: encodings, separators, workbooks, titles."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import openpyxl
import pytest
import xlwt
import yaml

from pipeline.core.errors import InputError
from pipeline.core.indicators import Indicator
from pipeline.core.months import Month
from pipeline.plans.rule_document import Rule
from pipeline.sources.indicator_files import read

ENGLISH = (
    "indicator", "landscape_id", "issued_on", "period_from", "period_to", "value", "unit",
    "document_number", "issued_by",
)  # fmt: skip
RUSSIAN = (
    "Показатель", "Код ландшафта", "Дата выпуска", "Период с", "Период по", "Значение", "Единица",
    "№ документа", "Кем выпущено",
)  # fmt: skip
WATER = (
    "water_availability_forecast", "UZ-JI", "2026-03-10", "2026-04", "2026-09", "82.5",
    "percent_of_norm", "17", "Uzhydromet",
)  # fmt: skip
WATER_IN_RUSSIAN = (
    "Прогноз водности", "UZ-JI", "10.03.2026", "04.2026", "09.2026", "82,5", "% от нормы", "17",
    "Узгидромет",
)  # fmt: skip


def text(separator: str, *rows: Sequence[str]) -> str:
    return "".join(separator.join(row) + "\r\n" for row in rows)


def assert_is_water(path: Path, *, line: int = 2, issued_by: str = "Uzhydromet") -> None:
    (one,) = read(path).given
    assert one.line == line
    assert one.landscape_id == "UZ-JI"
    assert one.indicator == Indicator.parse("water_availability_forecast", "percent_of_norm")
    assert one.issue.value == 82.5
    assert one.issue.issued_on == date(2026, 3, 10)
    assert (one.issue.period_from, one.issue.period_to) == (Month(2026, 4), Month(2026, 9))
    assert (one.issue.document_number, one.issue.issued_by) == ("17", issued_by)


@pytest.mark.parametrize(
    ("separator", "encoding"),
    [
        pytest.param(",", "utf-8", id="commas"),
        pytest.param(";", "utf-8-sig", id="semicolons, with a mark"),
        pytest.param("\t", "utf-16", id="tabs in UTF-16, as Excel saves Unicode text"),
    ],
)
def test_text_of_any_kind_is_read(tmp_path: Path, separator: str, encoding: str) -> None:
    path = tmp_path / "water.csv"
    path.write_bytes(text(separator, ENGLISH, WATER).encode(encoding))
    assert_is_water(path)


def test_a_russian_table_in_windows_1251_with_a_title_is_read(tmp_path: Path) -> None:
    path = tmp_path / "water.csv"
    title = ("Прогноз; составлен 10 марта",)
    path.write_bytes(text(";", title, (), RUSSIAN, WATER_IN_RUSSIAN).encode("cp1251"))
    assert_is_water(path, line=4, issued_by="Узгидромет")


def test_a_workbook_with_days_and_numbers_in_its_cells_is_read(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.append(["Forecast of the Hydromet Service"])
    sheet.append([])
    sheet.append(ENGLISH)
    days = [date(2026, 3, 10), date(2026, 4, 1), date(2026, 9, 1)]
    sheet.append([*WATER[:2], *days, 82.5, WATER[6], 17, WATER[8]])
    workbook.save(tmp_path / "water.xlsx")
    assert_is_water(tmp_path / "water.xlsx", line=4)


def test_an_old_workbook_is_read(tmp_path: Path) -> None:
    workbook = xlwt.Workbook()
    sheet = workbook.add_sheet("water")
    for n, row in enumerate((RUSSIAN, WATER_IN_RUSSIAN)):
        for column, cell in enumerate(row):
            sheet.write(n, column, cell)
    workbook.save(str(tmp_path / "water.xls"))
    assert_is_water(tmp_path / "water.xls", issued_by="Узгидромет")


def test_a_bad_row_does_not_keep_the_others_out(tmp_path: Path) -> None:
    path = tmp_path / "water.csv"
    bad = ("rain", *WATER[1:])
    short = WATER[:4]
    path.write_text(text(",", ENGLISH, bad, WATER, short))
    file = read(path)
    assert [one.line for one in file.given] == [3]
    assert [one.line for one in file.refused] == [2, 4]
    assert file.refused[0].reason.startswith("indicator: expected one of")
    assert file.refused[0].text == ";".join(bad)
    assert file.refused[1].reason == "period_to: expected a value, got none"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"", "expected the column names", id="an empty file"),
        pytest.param(b"a;b\n1;2\n", "expected the column names", id="another table"),
        pytest.param(text(";", ENGLISH).encode(), "below the column names", id="no rows"),
        pytest.param(
            text(";", (*ENGLISH, "river"), WATER).encode(), "unknown column 'river'", id="a column"
        ),
        pytest.param(b"a\x00b\x00", "UTF-8 or Windows-1251", id="bytes that are no text"),
        pytest.param(b"PK\x03\x04 and no more", "an Excel workbook", id="a workbook cut short"),
        pytest.param(
            text(",", ENGLISH, ("rain", *WATER[1:])).encode(),
            "no row that can be understood; the first, line 2: indicator: expected one of",
            id="not one good row",
        ),
    ],
)
def test_what_is_no_such_table_is_refused_as_a_whole(
    tmp_path: Path, content: bytes, message: str
) -> None:
    path = tmp_path / "water.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=f"^water.csv: .*{message}"):
        read(path)


def test_a_sheet_that_is_not_read_is_said(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    for sheet in (workbook.create_sheet("march"), workbook.create_sheet("april")):
        sheet.append(ENGLISH)
        sheet.append(WATER)
    workbook.save(tmp_path / "water.xlsx")
    assert read(tmp_path / "water.xlsx").assumed == "sheet 'march' was read, not 'april'"


def test_a_line_with_a_lost_quotation_mark_costs_no_other(tmp_path: Path) -> None:
    path = tmp_path / "water.csv"
    path.write_text(text(",", ENGLISH, ('"water', *WATER[1:]), WATER))
    file = read(path)
    assert ([one.line for one in file.given], [one.line for one in file.refused]) == ([3], [2])


@pytest.mark.parametrize(
    ("ending", "assumed"),
    [
        pytest.param("\r\n", "", id="a whole line"),
        pytest.param("", "the last line has no line end; it was taken as whole", id="perhaps cut"),
    ],
)
def test_a_last_line_that_may_be_cut_is_said(tmp_path: Path, ending: str, assumed: str) -> None:
    path = tmp_path / "water.csv"
    path.write_bytes((text(";", ENGLISH, WATER).rstrip() + ending).encode())
    assert read(path).assumed == assumed


DOCUMENTED = Path(__file__).parents[3] / "docs" / "agency_indicators.md"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", DOCUMENTED.read_text("utf-8"), re.DOTALL)


def test_the_files_in_the_documentation_load(tmp_path: Path) -> None:
    values = []
    for n, block in enumerate(blocks("csv")):
        path = tmp_path / f"{n}.csv"
        path.write_text(block, encoding="utf-8")
        file = read(path)
        assert file.refused == ()
        values.append([(str(one.indicator), one.issue.value) for one in file.given])
    water = "water_availability_forecast_percent_of_norm"
    assert values == [
        [(water, 97.0), (water, 88.5), (water, 82.5)],
        [("snow_survey_mm", 212.5), ("snow_survey_percent_of_norm", 74.0)],
        [
            ("reservoir_storage_million_m3", 1240.5),
            ("soil_moisture_percent_of_field_capacity", 61.0),
        ],
    ]


def test_the_rule_in_the_documentation_is_one() -> None:
    (block,) = blocks("yaml")
    (rule,) = yaml.safe_load(block)["rules"]
    assert str(Rule.model_validate(rule).measure) == "water_availability_forecast_percent_of_norm"
