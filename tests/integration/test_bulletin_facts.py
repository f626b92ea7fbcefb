"""What the bulletins of a month say, read from the warehouse: all countries and the region at once."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import text

from pipeline.core.errors import InputError
from pipeline.core.gaps import Gap
from pipeline.core.ids import Country, DroughtType, LandUse
from pipeline.core.months import Month
from pipeline.delivery.bulletin import bulletin_html, bulletin_text
from pipeline.delivery.bulletin.facts import REGION, MonthOfRain
from pipeline.delivery.bulletin.year import SPI_HY
from pipeline.steps.bulletin_facts import read_bulletin_facts
from pipeline.steps.evaluate import evaluate
from pipeline.steps.installation import Installation
from pipeline.warehouse.bulletins import Note, save_note
from pipeline.warehouse.landscapes import read_landscapes
from tests.integration.bulletin import bulletin, facts_of
from tests.integration.little_world import (
    JANUARY,
    grid_file,
    landscape,
    say_climate,
    say_spi_3,
    settle,
)

pytestmark = pytest.mark.postgres

UZ, KZ = Country.UZBEKISTAN, Country.KAZAKHSTAN
MET = DroughtType.METEOROLOGICAL
MARCH = JANUARY + 2


@pytest.fixture
def world(installation: Installation) -> Installation:
    """District A dries out from month to month, B is usual, K lies in another country."""
    settle(
        installation.warehouse,
        [landscape("A", land_use=LandUse.IRRIGATED), landscape("B"), landscape("K", KZ)],
    )
    say_spi_3(
        installation.warehouse,
        {"A": [0.2, -1.2, -1.6], "B": [0.2, 0.1, 0.3], "K": [0.2, Gap.NOT_PUBLISHED, 0.2]},
    )
    evaluate(installation)
    return installation


def test_each_country_and_the_region_have_their_facts(world: Installation) -> None:
    with world.warehouse.connect() as connection:
        found = read_bulletin_facts(world, connection)
    assert list(found) == [KZ, UZ, REGION]
    assert [one.landscape_id for one in found[UZ].landscapes] == ["A", "B"]
    assert [one.landscape_id for one in found[REGION].landscapes] == ["K", "A", "B"]
    assert {facts.month for facts in found.values()} == {MARCH}
    assert all(facts.is_newest for facts in found.values())
    stage = found[UZ].landscapes[0].stages[MET]
    assert stage.now is not None
    assert stage.before is not None
    assert (stage.now.rank, stage.before.rank, stage.now.since) == (2, 1, MARCH)
    assert found[UZ].landscapes[0].plan == found[UZ].plans[0]
    outlines = found[UZ].outlines
    assert outlines is not None
    assert set(outlines.outlines) == {"A", "B"}


def test_a_month_of_the_past_is_told_as_it_stands_now(world: Installation) -> None:
    facts = facts_of(world, UZ, JANUARY + 1)
    stage = facts.landscapes[0].stages[MET]
    assert (facts.is_newest, stage.rank) == (False, 1)
    assert facts.months_overdue == 0
    with pytest.raises(InputError, match="at the latest 2021-03, got 2021-04"):
        facts_of(world, UZ, MARCH + 1)


def test_a_country_without_landscapes_has_no_bulletin(world: Installation) -> None:
    with pytest.raises(InputError, match="expected one of kz, uz, region, got tr"):
        facts_of(world, Country.TURKIYE)


def test_before_anything_was_decided_there_is_no_bulletin(installation: Installation) -> None:
    with pytest.raises(InputError, match="run `drought evaluate` first"):
        facts_of(installation)


def test_the_rain_of_the_year_stands_beside_its_normal(world: Installation) -> None:
    def rain(year: int, calendar_month: int) -> float:
        # In the calibration period 10 mm in even and 20 mm in odd years; in 2021 5 mm.
        return 5.0 if year == 2021 else 10.0 + 10.0 * (year % 2)

    with world.warehouse.begin() as connection:
        stored = {s.landscape.landscape_id: s for s in read_landscapes(connection)}
        file_id, key = grid_file(connection), stored["A"].landscape_key
        for year in (*range(1991, 2021), 2021):
            for calendar_month in (1, 2, 3) if year > 1995 else (1, 2):
                month = Month(year, calendar_month)
                say_climate(connection, key, month, rain(year, calendar_month), file_id=file_id)
    district = facts_of(world).landscapes[0]
    assert len(district.rain) == 12
    *_, january, february, march = district.rain
    assert january == MonthOfRain(JANUARY, 5.0, 15.0)
    assert february == MonthOfRain(JANUARY + 1, 5.0, 15.0)
    # 1996 to 2020 are 25 years, of which 13 are even: (13 x 10 + 12 x 20) / 25.
    assert march == MonthOfRain(MARCH, 5.0, pytest.approx(14.8))  # type: ignore[arg-type]
    assert district.rain[0] == MonthOfRain(Month(2020, 4), None, None)
    assert district.indices[SPI_HY] == pytest.approx(0.4)


def test_alerts_are_counted_by_their_answer(world: Installation) -> None:
    assert "approved: 0; waiting for approval: 0." in bulletin(world)
    with world.warehouse.begin() as connection:
        connection.execute(
            text("UPDATE alert.approval SET state = 'pending' WHERE state = 'not_needed'")
        )
    counts = facts_of(world).countries[0].alerts
    assert (len(counts.approved), counts.waiting, counts.waiting_on_others) == (0, 1, 1)
    assert facts_of(world, KZ).countries[0].alerts.waiting == 0


def test_the_forecasters_note_is_that_of_the_scope(world: Installation) -> None:
    body = "Snow is thin.\n\n<script>alert(1)</script>"
    with world.warehouse.begin() as connection:
        note = Note(MARCH, "UZ", "en", body, "R. Karimov", "karimov", datetime.now().astimezone())
        save_note(connection, note)
    assert "Snow is thin. <script>alert(1)</script> (R. Karimov, " in bulletin(world)
    assert "<script" not in bulletin_html(facts_of(world), "en")
    assert "Snow is thin" not in bulletin(world, KZ)
    assert "Snow is thin" not in bulletin_text(facts_of(world, REGION), "ru")
