from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import openpyxl
import pytest
import xlwt

from pipeline.core.errors import InputError
from pipeline.sources import agency_tables
from pipeline.stations.agency_layout import Layout

Sheets = dict[str, Sequence[Sequence[object]]]
Save = Callable[[Path, Sheets], None]

ROWS = [
    ["station_id", "date", "precipitation_mm", "note"],
    [34.0, date(2001, 2, 27), 1.5, None],
    ["34", "2001-02-28", "0,2", "text in both"],
    [34, date(2001, 3, 1), 12, None],
    [34, date(2001, 3, 2), None, None],
    [None, None, None, None],
]
EXPECTED = [(2, "34", "2001-02-27", 1.5), (3, "34", "2001-02-28", 0.2), (4, "34", "2001-03-01", 12)]


def save_xlsx(path: Path, sheets: Sheets) -> None:
    book = openpyxl.Workbook()
    del book["Sheet"]
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    with path.open("wb") as file:
        book.save(file)


def save_xls(path: Path, sheets: Sheets) -> None:
    book, as_date = xlwt.Workbook(), xlwt.easyxf(num_format_str="DD.MM.YYYY")
    for name, rows in sheets.items():
        sheet = book.add_sheet(name)
        for r, row in enumerate(rows):
            for c, cell in enumerate(row):
                if isinstance(cell, date):
                    sheet.write(r, c, cell, as_date)
                elif cell is not None:
                    sheet.write(r, c, cell)
    with path.open("wb") as file:
        book.save(file)


KINDS = pytest.mark.parametrize(
    ("save", "name"),
    [
        pytest.param(save_xlsx, "gauge.xlsx", id="XLSX"),
        pytest.param(save_xls, "gauge.xls", id="XLS"),
        pytest.param(save_xlsx, "gauge.csv", id="XLSX under another name"),
    ],
)


def read(path: Path, layout: Layout | None = None) -> list[tuple[int, str, str, float]]:
    records = agency_tables.read(path, layout).records
    days = records["last_day"].dt.strftime("%Y-%m-%d")
    columns = records["line"], records["station_id"], days, records["value"]
    return list(zip(*columns, strict=True))


@KINDS
def test_numbers_dates_and_texts_of_cells(tmp_path: Path, save: Save, name: str) -> None:
    save(tmp_path / name, {"Data": ROWS})
    assert read(tmp_path / name) == EXPECTED
    assert agency_tables.read(tmp_path / name).unread == ()


@KINDS
def test_the_first_sheet_with_rows_is_read_and_the_others_are_named(
    tmp_path: Path, save: Save, name: str
) -> None:
    save(tmp_path / name, {"Пусто": [], "Осадки": ROWS, "Ветер": [["x"]]})
    assert read(tmp_path / name) == EXPECTED
    assert agency_tables.read(tmp_path / name).assumed == "sheet 'Осадки' was read, not 'Ветер'"


@KINDS
def test_a_layout_names_the_sheet_and_the_rows(tmp_path: Path, save: Save, name: str) -> None:
    rows = [["Наблюдения", None, None], [], ["Дата", "Осадки,\n0,1 мм", "Т"], [1, 2, 3],
            [date(2001, 2, 27), 15, "нет"], ["28.02.2001", "сл.", -2.5]]  # fmt: skip
    save(tmp_path / name, {"Титул": [["x"]], "Пост": rows})
    layout = Layout.model_validate(
        {
            "sheet": "Пост", "header_row": 3, "first_row": 5, "date_format": "DD.MM.YYYY",
            "columns": {"date": "дата", "precipitation_mm": "Осадки, 0,1 мм",
                        "temperature_mean_c": 3},
            "constants": {"station_id": 38457}, "units": {"precipitation_mm": "0.1 mm"},
            "missing": ["нет"], "trace": ["сл."],
        }
    )  # fmt: skip
    assert read(tmp_path / name, layout) == [
        (5, "38457", "2001-02-27", 1.5),
        (6, "38457", "2001-02-28", 0.0),
        (6, "38457", "2001-02-28", -2.5),
    ]


def test_merged_names_hold_their_text_once(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["Пост", "2001 год"], ["", *["I", "II", "III"] * 12], ["G1", *range(36)]):
        sheet.append(row)
    sheet.merge_cells("B1:AK1")
    with (tmp_path / "wide.xlsx").open("wb") as file:
        book.save(file)
    layout = Layout.model_validate(
        {
            "header_row": 1, "first_row": 3, "columns": {"station_id": "Пост"},
            "across": {"steps": "dekads_of_year", "first_column": "2001 год"},
            "constants": {"year": 2001, "quantity": "P"},
        }
    )  # fmt: skip
    got = read(tmp_path / "wide.xlsx", layout)
    assert [got[0], got[-1], len(got)] == [
        (3, "G1", "2001-01-10", 0.0), (3, "G1", "2001-12-31", 35.0), 36,
    ]  # fmt: skip


def test_a_year_of_which_the_last_dekads_are_still_to_come(tmp_path: Path) -> None:
    save_xlsx(tmp_path / "wide.xlsx", {"A": [["G1", 2026, 1.5, 2]]})
    layout = Layout.model_validate(
        {
            "header_row": 0, "columns": {"station_id": 1, "year": 2},
            "across": {"steps": "dekads_of_year", "first_column": 3},
            "constants": {"quantity": "P"},
        }
    )  # fmt: skip
    assert [row[2:] for row in read(tmp_path / "wide.xlsx", layout)] == [
        ("2026-01-10", 1.5), ("2026-01-20", 2.0),
    ]  # fmt: skip


def test_a_number_that_a_spreadsheet_took_for_a_date_is_unread(tmp_path: Path) -> None:
    """In a Russian or Turkish Excel a typed 3.5 becomes the 3rd of May."""
    rows = [*ROWS[:4], ["34", "2001-03-03", date(2001, 5, 3)]]
    save_xlsx(tmp_path / "gauge.xlsx", {"Data": rows})
    (unread,) = agency_tables.read(tmp_path / "gauge.xlsx").unread
    assert (unread.line, unread.record) == (5, "2001-05-03")


@pytest.mark.parametrize(
    ("sheets", "layout", "message"),
    [
        pytest.param({"A": []}, None, "expected a sheet with rows, got 'A'", id="nothing in it"),
        pytest.param(
            {"A": ROWS}, Layout(sheet="B"), "expected a sheet 'B', got 'A'", id="no such sheet"
        ),
    ],
)
def test_a_workbook_without_the_sheet_is_refused(
    tmp_path: Path, sheets: Sheets, layout: Layout | None, message: str
) -> None:
    save_xlsx(tmp_path / "gauge.xlsx", sheets)
    with pytest.raises(InputError, match=message):
        agency_tables.read(tmp_path / "gauge.xlsx", layout)


def test_half_a_workbook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "gauge.xlsx"
    save_xlsx(path, {"Data": ROWS})
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(InputError, match="expected an Excel workbook, got"):
        agency_tables.read(path)
