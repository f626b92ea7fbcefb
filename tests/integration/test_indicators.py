"""An agency's own forecasts, from the file to the stage, the letter and the correction."""

from __future__ import annotations

import copy
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from pipeline import wiring
from pipeline.alerts.letters import letter
from pipeline.cli import main
from pipeline.core.errors import ConflictError, InputError
from pipeline.core.ids import Country, Origin
from pipeline.core.indicators import LIMITS, Indicator, IndicatorCode, IndicatorUnit
from pipeline.core.months import Month
from pipeline.plans.document import Plan
from pipeline.plans.reading import from_mapping
from pipeline.plans.shipped import shipped_plans
from pipeline.steps.evaluate import evaluate
from pipeline.steps.explain import explained
from pipeline.steps.ingest_indicator import ingest_indicator
from pipeline.steps.installation import Installation
from pipeline.warehouse.alerts import read_alerts
from pipeline.warehouse.indicators import read_issues
from pipeline.warehouse.outcomes import save_live_from
from pipeline.warehouse.plans import save_plan
from tests.integration.bulletin import bulletin
from tests.integration.little_world import landscape, say_spi_3, settle, told

pytestmark = pytest.mark.postgres

COLUMNS = (
    "indicator;landscape_id;issued_on;period_from;period_to;value;unit;document_number;"
    "issued_by;disclosure\n"
)
WATER = Indicator(IndicatorCode.WATER_AVAILABILITY_FORECAST, IndicatorUnit.PERCENT_OF_NORM)


def forecast(
    issued_on: str, value: str, document: str, *, landscape_id: str = "A", disclosure: str = "open"
) -> str:
    return (
        f"water_availability_forecast;{landscape_id};{issued_on};2021-04;2021-09;{value};"
        f"percent_of_norm;{document};Uzhydromet;{disclosure}\n"
    )


JANUARY = forecast("2021-01-10", "97", "1/21")
FEBRUARY = forecast("10.02.2021", "88,5", "2/21")
MARCH = forecast("2021-03-10", "82,5", "3/21")


def given_file(folder: Path, name: str, *rows: str) -> Path:
    path = folder / name
    path.write_text(COLUMNS + "".join(rows), encoding="utf-8")
    return path


def water_plan() -> Plan:
    """The shipped plan of Uzbekistan, its hydrological ladder on the forecast of water."""
    plan = next(plan for plan in shipped_plans() if plan.country is Country.UZBEKISTAN)
    raw: dict[str, Any] = copy.deepcopy(plan.as_json())
    raw |= {"plan_id": "uz-water", "effective_from": "1950-02"}
    ladder = raw["ladders"]["hydrological"]
    for stage, enter_at in zip(ladder, (85, 70, 50), strict=True):
        del stage["review_after"]
        for rule in stage["rules"]:
            del rule["index"]
            rule |= {
                "indicator": "water_availability_forecast",
                "unit": "percent_of_norm",
                "enter_at": enter_at,
                "exit_at": 95,
                "calendar_months": list(range(1, 10)),
            }
    return from_mapping(raw, "the test")


@pytest.fixture
def dry_spring(installation: Installation) -> Installation:
    """A landscape with usual rain until September 2021, live from January, under the water plan."""
    settle(installation.warehouse, [landscape("A"), landscape("B")])
    say_spi_3(installation.warehouse, {"A": [0.3] * 9, "B": [0.3] * 9})
    with installation.warehouse.begin() as connection:
        save_plan(connection, water_plan(), is_shipped=False)
        save_live_from(connection, Month(2021, 1))
    return installation


def stages(warehouse: Engine) -> list[str]:
    rows = told(
        warehouse,
        "SELECT stage FROM mart.stage_month WHERE landscape_id = 'A' "
        "AND drought_type = 'hydrological' ORDER BY month",
    )
    return [str(stage) for (stage,) in rows]


def as_analyst(warehouse: Engine, query: str, **values: object) -> list[tuple[object, ...]]:
    with warehouse.connect() as connection:
        connection.execute(text("SET ROLE drought_analyst"))
        return [tuple(row) for row in connection.execute(text(query), values)]


def test_falling_forecasts_begin_a_stage_that_cites_the_document(
    dry_spring: Installation, tmp_path: Path
) -> None:
    warehouse = dry_spring.warehouse
    done = ingest_indicator(dry_spring, given_file(tmp_path, "water.csv", JANUARY, FEBRUARY, MARCH))
    assert str(done) == "3 records read = 3 stored + 0 quarantined + 0 unchanged"
    evaluate(dry_spring)
    # 97 and 88.5 are above 85; the issue of March is not, and speaks until September.
    assert stages(warehouse) == ["none"] * 2 + ["watch"] * 7

    with warehouse.connect() as connection:
        (alert,) = read_alerts(connection)
    assert (alert.month, alert.to_stage) == (Month(2021, 3), "watch")
    line = alert.evidence.comparisons[0]
    assert (line.indicator, line.unit, line.value, line.enter_at) == (
        "water_availability_forecast",
        "percent_of_norm",
        82.5,
        85,
    )
    assert line.document is not None
    assert (line.document.document_number, str(line.document.issued_on)) == ("3/21", "2021-03-10")
    body = " ".join(letter(alert, "en").body.split())
    assert "the agency's indicator has crossed the plan's threshold" in body
    assert "document 3/21 of 10 March 2021, Uzhydromet; for April 2021 - September 2021" in body
    assert "82.5%" in body
    assert "at or below 85%: stage" in body
    assert "3/21 of 2021-03-10, Uzhydromet" in str(explained(alert).tables)
    assert "District A" in bulletin(dry_spring)


def test_a_correction_of_an_issue_corrects_the_stage_and_the_old_value_stays_known(
    dry_spring: Installation, tmp_path: Path
) -> None:
    warehouse = dry_spring.warehouse
    ingest_indicator(dry_spring, given_file(tmp_path, "water.csv", JANUARY, FEBRUARY, MARCH))
    evaluate(dry_spring)
    ((before,),) = told(warehouse, "SELECT now()")
    corrected = given_file(tmp_path, "corrected.csv", forecast("2021-03-10", "92,5", "3/21"))
    assert ingest_indicator(dry_spring, corrected).counts.stored == 1
    evaluate(dry_spring)

    assert stages(warehouse) == ["none"] * 9
    changes = "SELECT change, month, from_stage, to_stage FROM mart.alert ORDER BY alert_id"
    assert [str(row[0]) for row in told(warehouse, changes)] == ["began", "corrected"]
    value = "SELECT value FROM {} WHERE issued_on = '2021-03-10'"
    assert as_analyst(warehouse, value.format("mart.indicator")) == [(92.5,)]
    then = value.format("mart.indicator_as_of(:at)")
    assert as_analyst(warehouse, then, at=before) == [(82.5,)]
    with warehouse.connect() as connection:
        known = read_issues(connection, at=before)["A"][WATER]  # type: ignore[arg-type]
        assert sorted(issue.value for issue in known) == [82.5, 88.5, 97.0]
        now = read_issues(connection)["A"][WATER]
        assert sorted(issue.value for issue in now) == [88.5, 92.5, 97.0]


def test_every_indicator_is_stored_in_every_unit_of_its_own(
    dry_spring: Installation, tmp_path: Path
) -> None:
    rows = [
        f"{code};A;2021-03-10;2021-03;2021-03;{min(61, most)};{unit};7;;open\n"
        for (code, unit), (_, most) in LIMITS.items()
    ]
    done = ingest_indicator(dry_spring, given_file(tmp_path, "all.csv", *rows))
    assert done.counts.stored == len(LIMITS)
    with dry_spring.warehouse.connect() as connection:
        assert {(one.code, one.unit) for one in read_issues(connection)["A"]} == set(LIMITS)


def test_an_old_file_once_more_undoes_no_correction(
    dry_spring: Installation, tmp_path: Path
) -> None:
    first = given_file(tmp_path, "water.csv", MARCH)
    corrected = given_file(tmp_path, "corrected.csv", forecast("2021-03-10", "92,5", "3/21"))
    counts = [
        str(ingest_indicator(dry_spring, path)) for path in (first, corrected, first, corrected)
    ]
    stored = "1 records read = 1 stored + 0 quarantined + 0 unchanged"
    unchanged = "1 records read = 0 stored + 0 quarantined + 1 unchanged"
    assert counts == [stored, stored, unchanged, unchanged]
    assert told(dry_spring.warehouse, "SELECT value FROM series.indicator") == [(92.5,)]
    history = "SELECT value FROM series.indicator_superseded"
    assert told(dry_spring.warehouse, history) == [(82.5,)]


def test_what_cannot_stand_is_quarantined_and_the_rest_is_stored(
    dry_spring: Installation, tmp_path: Path
) -> None:
    tomorrow = (dry_spring.clock() + timedelta(days=2)).date().isoformat()
    rows = (
        MARCH,
        MARCH,
        forecast("2021-03-10", "80", "4/21", landscape_id="Atlantis"),
        forecast(tomorrow, "80", "5/21").replace("2021-04;2021-09", "2026-11;2026-12"),
        FEBRUARY,
        FEBRUARY.replace("88,5", "66"),
        JANUARY.replace("97", "0,97"),
        JANUARY.replace("2021-04;2021-09", "2021-09;2021-04"),
        JANUARY.replace("percent_of_norm", "mm"),
    )
    done = ingest_indicator(dry_spring, given_file(tmp_path, "mixed.csv", *rows))
    assert str(done) == "9 records read = 1 stored + 7 quarantined + 1 unchanged"
    kept = told(
        dry_spring.warehouse, "SELECT line, reason FROM series.quarantine ORDER BY quarantine_id"
    )
    reasons = {int(str(line)): str(reason) for line, reason in kept}
    assert sorted(reasons) == [4, 5, 6, 7, 8, 9, 10]
    assert reasons[4].endswith("got 'Atlantis'")
    assert reasons[5].startswith("issued_on: expected no day after today")
    assert reasons[6] == reasons[7] == "different values for one issue, in lines 6, 7"
    assert "write 85 for 85 percent" in reasons[8]
    assert reasons[9].startswith("period: expected its end from 2021-09")
    assert reasons[10].startswith("unit of water_availability_forecast")
    held = told(
        dry_spring.warehouse,
        "SELECT n_read, n_stored, n_quarantined, n_unchanged, kind FROM mart.ingest",
    )
    assert held == [(9, 1, 7, 1, "indicator")]


ROWS = st.lists(
    st.sampled_from(
        [
            JANUARY,
            FEBRUARY,
            MARCH,
            MARCH.replace("82,5", "70"),
            MARCH.replace(";A;", ";B;"),
            MARCH.replace(";A;", ";Atlantis;"),
            JANUARY.replace("97", "no number"),
            "no row at all\n",
        ]
    ),
    min_size=1,
    max_size=10,
)


@given(rows=ROWS, cut=st.integers(0, 40))
@settings(
    deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_every_row_is_stored_quarantined_or_unchanged(
    installation: Installation, tmp_path: Path, rows: list[str], cut: int
) -> None:
    warehouse = installation.warehouse
    settle(warehouse, [landscape("A"), landscape("B")])
    with warehouse.begin() as connection:
        connection.execute(text("DELETE FROM series.indicator"))
        connection.execute(text("DELETE FROM series.quarantine"))
    path = given_file(tmp_path, "water.csv", *rows)
    whole = path.read_bytes()
    path.write_bytes(whole[: max(len(whole) - cut, len(COLUMNS) + 1)])
    held = (
        "SELECT (SELECT count(*) FROM series.indicator), (SELECT count(*) FROM series.quarantine)"
    )
    try:
        first = ingest_indicator(installation, path).counts
    except InputError:  # not one good row: the file is kept under refused/
        assert told(warehouse, held) == [(0, 0)]
        return
    assert first.read == len(path.read_text().splitlines()) - 1
    assert told(warehouse, held) == [(first.stored, first.quarantined)]
    again = ingest_indicator(installation, path).counts
    assert (again.read, again.stored, again.quarantined) == (first.read, 0, first.quarantined)
    assert told(warehouse, held) == [(first.stored, first.quarantined)]


def test_a_landscape_loaded_later_lets_the_row_in(
    installation: Installation, tmp_path: Path
) -> None:
    settle(installation.warehouse, [landscape("A")])
    path = given_file(
        tmp_path, "water.csv", MARCH, forecast("2021-03-10", "80", "3/21", landscape_id="B")
    )
    assert ingest_indicator(installation, path).counts.quarantined == 1
    settle(installation.warehouse, [landscape("B")])
    again = ingest_indicator(installation, path)
    assert str(again) == "2 records read = 1 stored + 0 quarantined + 1 unchanged"


def values_seen(rows: Sequence[tuple[object, ...]]) -> str:
    return " ".join(str(cell) for row in rows for cell in row)


@pytest.mark.parametrize("disclosure", ["", "agency", "restricted"])
def test_a_value_that_is_not_open_moves_the_stage_and_reaches_no_reader(
    dry_spring: Installation, tmp_path: Path, disclosure: str
) -> None:
    warehouse = dry_spring.warehouse
    secret = forecast("2021-03-10", "82,345", "3/21", disclosure=disclosure)
    refused = forecast("2021-03-10", "82,345", "3/21", disclosure="whoever")
    assert ingest_indicator(
        dry_spring, given_file(tmp_path, "w.csv", secret, refused)
    ).counts.stored
    evaluate(dry_spring)
    assert stages(warehouse)[2] == "watch"

    with warehouse.connect() as connection:
        (alert,) = read_alerts(connection)
    bodies = [letter(alert, language).body for language in ("en", "ru")]
    messages = told(warehouse, "SELECT draft, body FROM alert.message")
    shown = " ".join([*bodies, str(explained(alert)), values_seen(messages)])
    flat = " ".join(shown.split())
    assert "82.3" not in flat
    assert "82,3" not in flat
    assert "document 3/21 of 10 March 2021" in flat
    assert "the value is not open to everyone" in flat
    assert "at or below 85%: stage" in flat

    seen = values_seen(
        [
            *as_analyst(warehouse, "SELECT * FROM mart.indicator"),
            *as_analyst(warehouse, "SELECT * FROM mart.indicator_as_of(now())"),
            *as_analyst(warehouse, "SELECT * FROM mart.quarantine"),
            *as_analyst(warehouse, "SELECT * FROM mart.alert"),
        ]
    )
    assert "3/21" in seen
    assert "82.3" not in seen
    assert "82,3" not in seen


def test_what_is_closed_later_is_not_shown_as_it_was(
    dry_spring: Installation, tmp_path: Path
) -> None:
    warehouse = dry_spring.warehouse
    ingest_indicator(dry_spring, given_file(tmp_path, "open.csv", MARCH))
    ((at,),) = told(warehouse, "SELECT now()")
    then = "SELECT value FROM mart.indicator_as_of(:at)"
    assert as_analyst(warehouse, then, at=at) == [(82.5,)]
    ingest_indicator(
        dry_spring, given_file(tmp_path, "closed.csv", MARCH.replace("open", "agency"))
    )
    assert as_analyst(warehouse, then, at=at) == []


def test_no_condition_of_a_reader_sees_a_closed_value(
    dry_spring: Installation, tmp_path: Path
) -> None:
    warehouse = dry_spring.warehouse
    ingest_indicator(dry_spring, given_file(tmp_path, "w.csv", MARCH.replace("open", "agency")))
    # Cheaper than the test of disclosure, so that the planner would like to try it first.
    spy = (
        "CREATE FUNCTION pg_temp.spy(seen double precision) RETURNS boolean LANGUAGE plpgsql "
        "COST 0.0001 AS $$ BEGIN RAISE EXCEPTION 'seen: %', seen; END $$"
    )
    with warehouse.connect() as connection:
        connection.execute(text("SET ROLE drought_analyst"))
        connection.execute(text(spy))
        seen = connection.execute(text("SELECT * FROM mart.indicator WHERE pg_temp.spy(value)"))
        assert seen.all() == []


def test_documents_are_real_and_do_not_mix_with_an_exercise(
    installation: Installation, tmp_path: Path
) -> None:
    settle(installation.warehouse, [landscape("A")], Origin.SIMULATED)
    with pytest.raises(ConflictError, match="simulated"):
        ingest_indicator(installation, given_file(tmp_path, "water.csv", MARCH))


def test_a_file_without_one_good_row_is_refused_and_kept(
    dry_spring: Installation, tmp_path: Path
) -> None:
    path = given_file(tmp_path, "water.csv", MARCH.replace("82,5", "little"))
    with pytest.raises(InputError, match="line 2: value: expected a number"):
        ingest_indicator(dry_spring, path)
    refused = told(dry_spring.warehouse, "SELECT name FROM ops.refused_file")
    assert refused == [("water.csv",)]


@pytest.mark.parametrize(
    ("rows", "code", "printed", "complained"),
    [
        pytest.param(
            (MARCH, forecast("2021-03-10", "80", "3/21", landscape_id="Atlantis")),
            0,
            "water.csv: 2 records read = 1 stored + 1 quarantined + 0 unchanged\n",
            "water.csv: line 3: landscape_id: expected one of `drought landscapes list`, got "
            "'Atlantis'\n",
            id="rows in quarantine are named",
        ),
        pytest.param(
            (MARCH.replace("82,5", "little"),),
            1,
            "",
            "error: water.csv: expected issues of indicators below the column names, got no row that "
            "can be understood; the first, line 2: value: expected a number, got 'little'\n",
            id="a file without a good row fails",
        ),
    ],
)
def test_the_command_counts_what_came(
    warehouse_url: str,
    warehouse: Engine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    rows: tuple[str, ...],
    code: int,
    printed: str,
    complained: str,
) -> None:
    settle(warehouse, [landscape("A")])
    path = given_file(tmp_path, "water.csv", *rows)
    monkeypatch.setenv("DROUGHT_VAR", str(tmp_path / "var"))
    monkeypatch.setenv("DROUGHT_DATABASE_URL", warehouse_url)
    monkeypatch.setattr(sys, "argv", ["drought", "ingest", "indicator", str(path)])
    wiring.settings.cache_clear()
    try:
        main()
        ended: object = 0
    except SystemExit as end:
        ended = end.code or 0
    finally:
        wiring.settings.cache_clear()
    said = capsys.readouterr()
    assert (ended, said.out, said.err) == (code, printed, complained)


def test_the_clock_of_the_east_decides_what_is_today(
    dry_spring: Installation, tmp_path: Path
) -> None:
    night = replace(dry_spring, clock=lambda: datetime(2021, 3, 9, 19, 0, tzinfo=UTC))
    assert ingest_indicator(night, given_file(tmp_path, "water.csv", MARCH)).counts.stored == 1
