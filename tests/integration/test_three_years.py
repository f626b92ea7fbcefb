"""Three years of monthly runs: what was known then stays the answer, and each decision repeats."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from pipeline.core.moments import Moment
from pipeline.core.months import Month, months_between
from pipeline.local.postgres import EmbeddedPostgres
from pipeline.steps.differences import Difference, Kind
from pipeline.steps.replay import Replay, replay
from tests.integration.little_world import told
from tests.integration.years_world import (
    BEGAN,
    ENDED,
    NEW_CALIBRATION,
    Story,
    answers,
    three_years,
)

pytestmark = pytest.mark.postgres

MONTHS = list(months_between(BEGAN, ENDED))


@pytest.fixture(scope="module")
def story(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    with three_years(postgres, tmp_path_factory.mktemp("years")) as lived:
        yield lived


def test_the_years_were_eventful(story: Story) -> None:
    warehouse = story.installation.warehouse
    changes = {change for (change,) in told(warehouse, "SELECT change FROM mart.alert")}
    assert {"began", "escalated", "ended", "corrected", "in_force"} <= changes
    assert sum(1 for one in story.evaluations.values() if one.told) > 6
    assert told(warehouse, "SELECT max(version) FROM mart.landscape") == [(2,)]
    ((sent,),) = told(warehouse, "SELECT count(*) FROM mart.delivery WHERE state = 'sent'")
    assert sent
    for twin in (
        "series.indicator",
        "series.climate_month",
        "index.value_month",
        "index.area_share",
    ):
        ((rows,),) = told(warehouse, f"SELECT count(*) FROM {twin}_superseded")  # noqa: S608 - names of ours
        assert rows, twin
    used = "SELECT DISTINCT plan_version FROM mart.stage_month WHERE plan_id = 'uz-trial'"
    assert set(told(warehouse, used)) == {("1",), ("2",)}


REPORTED = """
SELECT
    r.changed_at, c.country_code, r.source, r.quantity, r.calibration, r.month,
    count(*) AS landscapes,
    count(*) FILTER (WHERE r.old_value IS NULL AND r.new_value IS NOT NULL) AS filled,
    count(*) FILTER (WHERE r.old_value IS NOT NULL AND r.new_value IS NULL) AS lost,
    round(avg(r.new_value - r.old_value)::numeric, 9) AS mean_change,
    max(abs(r.new_value - r.old_value)) AS largest
FROM mart.revision_value AS r
INNER JOIN mart.landscape AS c USING (landscape_id)
GROUP BY r.changed_at, c.country_code, r.source, r.quantity, r.calibration, r.month
"""


def test_the_report_of_revisions_adds_up_the_revised_values(story: Story) -> None:
    """It adds up index beside index; here value by value."""
    warehouse = story.installation.warehouse
    by_value = set(told(warehouse, REPORTED))
    reported = told(
        warehouse,
        "SELECT changed_at, country_code, source, quantity, calibration, month, landscapes, filled, "
        "lost, round(mean_change::numeric, 9), abs(largest_change) "
        "FROM mart.revision_report WHERE stages_changed IS NULL",
    )
    assert len(reported) == len(by_value) > 100
    assert set(reported) == by_value
    assert {row[3] for row in reported} >= {"precipitation_mm", "spi_3", "spei_12"}
    assert any(row[7] for row in reported)


def test_what_was_known_at_a_moment_is_answered_alike_ever_after(story: Story) -> None:
    """Also of moments at which a transaction was under way: asked in its midst, and now."""
    assert len(story.asked) == 3 * len(MONTHS)
    functions = set.intersection(*(set(said) for said in story.asked.values()))
    assert {"index_month_as_of", "stage_month_as_of", "landscape_as_of"} <= functions
    changed = {
        when: sorted(name for name in said if said[name] != now[name])
        for (when, at), said in story.asked.items()
        if (now := answers(story.installation.warehouse, at)) != said
    }
    assert changed == {}


def test_the_answers_of_two_months_differ(story: Story) -> None:
    """Else the test before would hold for functions that answer nothing."""
    after = [said for (when, _), said in story.asked.items() if when.startswith("after")]
    for name in ("index_month_as_of", "index_month_wide_as_of", "climate_month_as_of"):
        assert len({said[name] for said in after}) == len(MONTHS), name
    for name in ("indicator_as_of", "landscape_as_of", "area_share_as_of"):
        assert len({said[name] for said in after}) > 1, name


def replayed(story: Story, month: Month) -> tuple[Replay, list[Difference]]:
    """What comes of the decision of a month, and all that differs."""
    differences: list[Difference] = []
    at = story.moments[month]
    return replay(story.installation, Moment(at, at, "then"), tell=differences.append), differences


def test_each_decision_repeats_from_what_was_known_then(story: Story) -> None:
    for month in MONTHS:
        found, differences = replayed(story, month)
        assert differences == [], month
        assert (found.waiting, found.other_versions, found.is_failure) == (0, {}, False)
        assert found.landscapes == 3
        assert found.compared[Kind.CHANGE] == story.evaluations[month].transitions
        assert found.compared[Kind.STAGE] >= story.evaluations[month].stage_rows
        assert found.compared[Kind.INDEX] > 30_000
        period = "1992-2021" if month >= NEW_CALIBRATION else "1991-2020"
        assert str(found.evaluation.period) == period


class TestWhatWasChangedBehindOurBack:
    """By hand, with the triggers off that would have kept what was shown. In the end it is undone."""

    MONTH = Month(2023, 3)

    @pytest.fixture
    def by_hand(self, story: Story, request: pytest.FixtureRequest) -> Iterator[Story]:
        change, undo = request.param
        self.say(story, change)
        yield story
        self.say(story, undo)

    def say(self, story: Story, statement: str) -> None:
        with story.installation.warehouse.begin() as connection:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            assert connection.execute(text(statement)).rowcount == 1

    ONE_STAGE = (
        "UPDATE plan.stage_month SET silent_months = {} WHERE month = '2021-06-01' "
        "AND drought_type = 'meteorological' AND landscape_key = (SELECT landscape_key "
        "FROM landscape.landscape WHERE landscape_id = 'east')"
    )

    @pytest.mark.parametrize(
        "by_hand", [(ONE_STAGE.format(7), ONE_STAGE.format(0))], indirect=True, ids=["a stage"]
    )
    def test_a_stage_is_named(self, by_hand: Story) -> None:
        found, differences = replayed(by_hand, self.MONTH)
        assert differences == [
            Difference(
                Kind.STAGE,
                "east",
                Month(2021, 6),
                "meteorological",
                "silent months 7",
                "silent months 0",
            )
        ]
        assert found.is_failure

    ONE_VALUE = (
        "UPDATE index.value_month SET pn_9 = pn_9 + {} WHERE month = '2001-06-01' "
        "AND source = 'grid' AND calibration = '1992-2021' AND landscape_key = (SELECT "
        "landscape_key FROM landscape.landscape WHERE landscape_id = 'south')"
    )

    @pytest.mark.parametrize(
        "by_hand", [(ONE_VALUE.format(2), ONE_VALUE.format(-2))], indirect=True, ids=["a value"]
    )
    def test_a_value_is_named_that_no_rule_hears(self, by_hand: Story) -> None:
        found, (difference,) = replayed(by_hand, self.MONTH)
        said = (difference.kind, difference.landscape_id, str(difference.month), difference.of)
        assert said == (Kind.INDEX, "south", "2001-06", "pn_9")
        assert float(difference.was) - float(difference.now) == pytest.approx(2)
        assert found.differing == Counter({Kind.INDEX: 1})
        (tally,) = (one for one in found.indices[0].tallies.values() if one.differing)
        assert (tally.index, tally.differing) == ("pn_9", 1)
        assert tally.largest == pytest.approx(2)
        assert found.is_failure
        # A decision by the other calibration did not rest on it.
        before, none = replayed(by_hand, NEW_CALIBRATION - 1)
        assert (none, before.is_failure) == ([], False)
