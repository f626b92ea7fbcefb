from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.core.errors import InputError
from pipeline.sources.layouts import layout_for, layouts_in, read_layout
from pipeline.stations.agency_layout import Layout
from pipeline.steps.check_layout import check_layout


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            "seprtr: ';'", "seprtr: unknown key; remove it or correct its spelling",
            id="a misspelt key",
        ),
        pytest.param(
            "columns: {rain: Осадки}", "columns: unknown field 'rain', expected some of station_id",
            id="a field we do not have",
        ),
        pytest.param(
            "columns: {date: 0}", "columns.date", id="columns are counted from 1"
        ),
        pytest.param(
            "units: {precipitation_mm: mile}", "units.precipitation_mm: expected 'mm', "
            "'0.1 mm', 'cm', 'inch', 'degC', '0.1 degC' or 'K'", id="a unit outside the list",
        ),
        pytest.param(
            "units: {precipitation_mm: K}", "units: K is no unit of precipitation_mm",
            id="a unit of something else",
        ),
        pytest.param(
            "columns: {year: 1}\nconstants: {year: 2001}",
            "year is a column and a constant; leave one out", id="two ways of saying one thing",
        ),
        pytest.param(
            "header_row: 0\ncolumns: {year: Год}",
            "header_row 0 means no names; give each column its number", id="names without a header",
        ),
        pytest.param(
            "header_row: 4\nfirst_row: 4", "first_row must lie below header_row", id="rows reversed"
        ),
        pytest.param(
            "across: {steps: dekads_of_year, first_column: 4, columns_a_month: 2}\n"
            "columns: {year: 1}",
            "across: columns_a_month: expected at least 3, got 2", id="too few columns a month",
        ),
        pytest.param(
            "across: {steps: weeks, first_column: 4}", "across.steps: expected '",
            id="steps we do not know",
        ),
        pytest.param("date_format: DD.MM", "date_format: expected YYYY, MM and DD", id="no year"),
        pytest.param("characters: {ab: c}", "characters: expected one character, got 'ab'",
                     id="two characters"),
        pytest.param("encoding: ebcdic", "encoding: expected '", id="another encoding"),
        pytest.param("missing: ['-'\n", "mend the YAML", id="no YAML"),
        pytest.param("files: [a]\nfiles: [b]", "the key 'files' is written twice", id="a key twice"),
        pytest.param("- a", "expected the keys of a layout, got a list", id="a list"),
        pytest.param("stations: {1: {latitude: 91}}", "stations.1.latitude", id="off the Earth"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_layout_is_named_with_its_place(
    tmp_path: Path, text: str, message: str
) -> None:
    path = tmp_path / "kept.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as error:
        read_layout(path)
    assert str(error.value).startswith("kept.yaml: ")
    assert message in str(error.value)


def test_numbers_of_yaml_are_texts_of_the_table(tmp_path: Path) -> None:
    path = tmp_path / "kept.yaml"
    path.write_text("missing: [9999, -]\nconstants: {station_id: 34}\nstations: {34: {name: A}}\n")
    layout = read_layout(path)
    assert layout.missing == ("9999", "-")
    assert layout.constants == {"station_id": "34"}
    assert list(layout.stations) == ["34"]


class TestLayoutsOfAFolder:
    def test_each_file_has_the_layout_that_names_it(self, tmp_path: Path) -> None:
        (tmp_path / "rain.yaml").write_text("files: ['Осадки_*.xls', '*.csv']", encoding="utf-8")
        (tmp_path / "heat.yml").write_text("files: ['temp?.xlsx']")
        (tmp_path / "data.csv").write_text("x")
        layouts = layouts_in(tmp_path)
        assert sorted(layouts) == ["heat.yml", "rain.yaml"]
        assert layout_for(Path("осадки_2001.XLS"), layouts) == layouts["rain.yaml"]
        assert layout_for(Path("in/temp1.xlsx"), layouts) == layouts["heat.yml"]
        assert layout_for(Path("temp10.xlsx"), layouts) is None

    def test_two_layouts_for_one_file_are_a_contradiction(self) -> None:
        layouts = {"a.yaml": Layout(files=("*.csv",)), "b.yaml": Layout(files=("gauge*",))}
        with pytest.raises(InputError, match=r"gauge\.csv: expected one layout, got a.yaml and b"):
            layout_for(Path("gauge.csv"), layouts)

    def test_a_broken_layout_is_refused_by_name(self, tmp_path: Path) -> None:
        (tmp_path / "rain.yaml").write_text("flies_: []")
        with pytest.raises(InputError, match=r"rain\.yaml: flies_: unknown key"):
            layouts_in(tmp_path)


def test_a_check_shows_what_would_be_understood(tmp_path: Path) -> None:
    layout, data = tmp_path / "kept.yaml", tmp_path / "gauge.csv"
    layout.write_text("files: ['other*']\nmissing: ['-']\nstations: {G1: {latitude: 1.5}}\n")
    data.write_text("station_id,month,precipitation_mm\nG1,2001-01,2\nG1,2001-02,-\nG1,2001-13,2\n")
    shown = list(check_layout(layout, data))
    assert shown[0] == "kept.yaml: a layout for other*"
    assert shown[1] == "gauge.csv: none of its patterns names this file"
    assert shown[2] == "gauge.csv: monthly, 1 stations, 1 values, 1 unread"
    assert shown[4] == "line 2: G1 precipitation_mm 2, 31 days to 2001-01-31, written '2'"
    assert shown[5].startswith("unread line 4: month: expected a month as YYYY-MM")
