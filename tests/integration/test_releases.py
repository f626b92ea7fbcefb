"""What is expected of a source and when: late months, final values that are due, and who asks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Engine, NullPool, create_engine, text

from pipeline.core.errors import InputError
from pipeline.core.gaps import Gap
from pipeline.core.ids import Country, Release
from pipeline.core.months import Month
from pipeline.local.postgres import EmbeddedPostgres
from pipeline.sources import cds
from pipeline.steps.check import check
from pipeline.steps.installation import Installation
from pipeline.steps.settling import months_to_settle
from pipeline.steps.sources import expect, schedules
from pipeline.steps.status import status
from pipeline.warehouse.files import mark_averaged, read_pending_months, save_grid_months
from pipeline.warehouse.landscapes import read_landscapes, save_landscapes
from tests.integration.conftest import TEMPLATE
from tests.integration.little_world import SOURCE, grid_file, landscape, say_climate, told

pytestmark = pytest.mark.postgres

MAY, JUNE, JULY, AUGUST, SEPTEMBER, OCTOBER = (Month(2026, n) for n in range(5, 11))
P, F = Release.PRELIMINARY, Release.FINAL
ON_THE_8TH = datetime(2026, 11, 8, 6, tzinfo=UTC)


@pytest.fixture(scope="module")
def catalogue(postgres: EmbeddedPostgres) -> Iterator[Engine]:
    """The migrated warehouse, to ask for days only."""
    # A connection kept open would bar others from copying the template.
    engine = create_engine(postgres.url(TEMPLATE), poolclass=NullPool)
    yield engine
    engine.dispose()


@pytest.fixture
def world(warehouse: Engine) -> Engine:
    """Two landscapes of Uzbekistan and one of Tajikistan; four countries have none."""
    with warehouse.begin() as connection:
        save_landscapes(
            connection,
            [landscape("A"), landscape("B"), landscape("C", Country.TAJIKISTAN)],
        )
    return warehouse


def hold(
    warehouse: Engine,
    months: dict[Month, Release],
    names: str = "ABC",
    *,
    source: str = SOURCE,
    gap: Gap | None = None,
) -> None:
    """Put values, or gaps, of these months into the warehouse, and their file into its register."""
    with warehouse.begin() as connection:
        number = 1 + int(connection.execute(text("SELECT count(*) FROM ops.file")).scalar_one())
        file_id = grid_file(connection, number=number)
        save_grid_months(connection, file_id, source, months)
        connection.execute(text("UPDATE ops.grid_month SET averaged_over = 'these landscapes'"))
        for stored in read_landscapes(connection):
            for month, release in months.items():
                if stored.landscape.landscape_id in names:
                    say_climate(
                        connection,
                        stored.landscape_key,
                        month,
                        gap or 20.0,
                        source=source,
                        version=stored.version,
                        release=release,
                        coverage=0.0 if gap else 1.0,
                        file_id=file_id,
                    )


def at(installation: Installation, moment: datetime) -> Installation:
    return replace(installation, clock=lambda: moment)


def fresh(warehouse: Engine, moment: datetime, columns: str) -> dict[object, tuple[object, ...]]:
    rows = told(
        warehouse,
        f"SELECT country_code, {columns} FROM mart.freshness_at(:moment)",  # noqa: S608 - columns named in the test
        moment=moment,
    )
    return {row[0]: row[1:] for row in rows}


class TestDays:
    @pytest.mark.parametrize(
        ("moment", "month"),
        [
            pytest.param("2026-11-06 23:59+00", "2026-09", id="the day before October is due"),
            pytest.param("2026-11-07 00:00+00", "2026-10", id="the day October is due"),
            pytest.param(
                "2026-11-07 04:59+05", "2026-09", id="the 7th in Tashkent, the 6th in UTC"
            ),
            pytest.param("2024-03-06 12:00+00", "2024-01", id="six days after a leap February"),
            pytest.param("2024-03-07 12:00+00", "2024-02", id="seven days after a leap February"),
            pytest.param("2023-03-07 12:00+00", "2023-02", id="seven days after a short February"),
            pytest.param("2027-01-06 12:00+00", "2026-11", id="before December is due"),
            pytest.param("2027-01-07 12:00+00", "2026-12", id="in the year after"),
        ],
    )
    def test_a_month_is_due_seven_days_after_its_last(
        self, catalogue: Engine, moment: str, month: str
    ) -> None:
        for zone in ("UTC", "Asia/Tashkent"):
            with catalogue.connect() as connection:
                connection.execute(text(f"SET TIME ZONE '{zone}'"))
                due = connection.execute(
                    text("SELECT ops.newest_due_month(7, CAST(:at AS timestamptz))"),
                    {"at": moment},
                ).scalar_one()
            assert str(Month.of(due)) == month

    @pytest.mark.parametrize(
        ("month", "days", "day"),
        [
            pytest.param(Month(2023, 12), 60, date(2024, 2, 29), id="in a leap year"),
            pytest.param(Month(2022, 12), 60, date(2023, 3, 1), id="in another year"),
            pytest.param(Month(2024, 2), 0, date(2024, 2, 29), id="the last day of the month"),
            pytest.param(Month(2026, 8), 100, date(2026, 12, 9), id="a hundred days"),
        ],
    )
    def test_days_count_from_the_last_day_of_the_month(
        self, catalogue: Engine, month: Month, days: int, day: date
    ) -> None:
        found = told(
            catalogue, "SELECT ops.due_day(:month, :days)", month=month.first_day, days=days
        )
        assert found == [(day,)]


LATE = "newest_month, expected_month, months_late, oldest_late_month, late_since"


class TestFreshness:
    def test_it_counts_values_and_tells_the_release_of_the_newest_month(
        self, world: Engine
    ) -> None:
        hold(world, {JULY: F, AUGUST: F, SEPTEMBER: P, OCTOBER: P})
        hold(world, {SEPTEMBER: F}, "A")
        hold(world, {OCTOBER: F}, "C")
        columns = (
            "source, newest_month, release, landscapes_with_values, landscapes, newest_final_month"
        )
        assert fresh(world, ON_THE_8TH, columns) == {
            "UZ": (SOURCE, date(2026, 10, 1), "preliminary", 2, 2, date(2026, 8, 1)),
            "TJ": (SOURCE, date(2026, 10, 1), "final", 1, 1, date(2026, 10, 1)),
        }

    @pytest.mark.parametrize(
        ("day", "expected"),
        [
            pytest.param(6, (date(2026, 9, 1), 0, None, None), id="the 6th: September will do"),
            pytest.param(
                7,
                (date(2026, 10, 1), 1, date(2026, 10, 1), date(2026, 11, 7)),
                id="the 7th: October should be there",
            ),
        ],
    )
    def test_a_month_is_late_from_its_day_on(
        self, world: Engine, day: int, expected: tuple[object, ...]
    ) -> None:
        hold(world, {AUGUST: F, SEPTEMBER: P})
        moment = datetime(2026, 11, day, 12, tzinfo=UTC)
        assert fresh(world, moment, LATE)["UZ"] == (date(2026, 9, 1), *expected)

    def test_a_month_missing_in_the_middle_is_late_too(self, world: Engine) -> None:
        hold(world, {JUNE: F, JULY: F, SEPTEMBER: P, OCTOBER: P})
        hold(world, {AUGUST: F}, "C")
        assert fresh(world, ON_THE_8TH, LATE) == {
            "UZ": (
                *(date(2026, 10, 1), date(2026, 10, 1), 1),
                *(date(2026, 8, 1), date(2026, 9, 7)),
            ),
            "TJ": (date(2026, 10, 1), date(2026, 10, 1), 0, None, None),
        }

    def test_a_month_of_gaps_is_as_late_as_one_that_is_not_there(self, world: Engine) -> None:
        hold(world, {SEPTEMBER: P})
        hold(world, {OCTOBER: P}, gap=Gap.OUTSIDE_GRID)
        assert fresh(world, ON_THE_8TH, LATE)["UZ"][:3] == (date(2026, 9, 1), date(2026, 10, 1), 1)

    def test_a_country_that_never_had_a_value_shows_none_and_is_not_late(
        self, world: Engine, installation: Installation
    ) -> None:
        hold(world, {OCTOBER: P}, "AB")
        hold(world, {OCTOBER: P}, "C", gap=Gap.OUTSIDE_GRID)
        columns = "newest_month, release, landscapes_with_values, landscapes, months_late"
        assert fresh(world, ON_THE_8TH, columns)["TJ"] == (None, None, 0, 1, None)
        assert status(at(installation, ON_THE_8TH)).late == [
            "stages: 2026-10 has values of era5-land and no stages; run `drought compute` and "
            "`drought evaluate`"
        ]

    def test_a_country_without_landscapes_has_no_row(self, world: Engine) -> None:
        hold(world, {OCTOBER: P})
        assert fresh(world, ON_THE_8TH, "source").keys() == {"UZ", "TJ"}

    def test_a_landscape_that_comes_to_lie_in_another_country_is_counted_there(
        self, world: Engine
    ) -> None:
        hold(world, {SEPTEMBER: F, OCTOBER: P})
        with world.begin() as connection:
            save_landscapes(connection, [landscape("B", Country.TAJIKISTAN)])
        columns = "landscapes_with_values, landscapes"
        assert fresh(world, ON_THE_8TH, columns) == {"UZ": (1, 1), "TJ": (2, 2)}

    def test_values_that_are_taken_away_are_not_counted(self, world: Engine) -> None:
        hold(world, {SEPTEMBER: F, OCTOBER: P})
        with world.begin() as connection:
            connection.execute(
                text("DELETE FROM series.climate_month WHERE month = '2026-10-01' "
                     "AND landscape_key = 1")
            )  # fmt: skip
        assert fresh(world, ON_THE_8TH, "landscapes_with_values")["UZ"] == (1,)

    def test_a_source_without_a_schedule_has_no_lateness(self, world: Engine) -> None:
        hold(world, {Month(2014, 7): P}, source="cfsr")
        columns = "expected_month, months_late, late_since, preliminary_overdue"
        assert fresh(world, ON_THE_8TH, columns)["UZ"] == (None, None, None, None)

    @pytest.mark.parametrize(
        ("moment", "overdue"),
        [
            # The last day of July and 100 days: 8 November.
            pytest.param(ON_THE_8TH, (1, date(2026, 6, 1)), id="June only, July on its last day"),
            pytest.param(
                datetime(2026, 11, 9, tzinfo=UTC),
                (2, date(2026, 6, 1)),
                id="and July the day after",
            ),
        ],
    )
    def test_final_values_are_overdue_after_a_hundred_days(
        self, world: Engine, moment: datetime, overdue: tuple[object, ...]
    ) -> None:
        hold(world, {MAY: F, JUNE: P, JULY: P, AUGUST: P})
        columns = "preliminary_overdue, oldest_preliminary_overdue"
        assert fresh(world, moment, columns)["UZ"] == overdue

    def test_the_view_is_the_function_of_now(self, world: Engine) -> None:
        hold(world, {JULY: F, SEPTEMBER: P})
        query = "SELECT * FROM mart.freshness_at(now()) ORDER BY 1"
        shown = told(world, "SELECT * FROM mart.freshness ORDER BY 1")
        assert [row[:-1] for row in shown] == told(world, query)  # the view has a row_key more


class TestTheStatus:
    def test_it_says_what_is_late_since_when_and_what_to_do(
        self, world: Engine, installation: Installation
    ) -> None:
        hold(world, {MAY: P, JULY: F})
        (missing, overdue, _) = status(at(installation, ON_THE_8TH)).late
        assert missing.startswith(
            "TJ, UZ era5-land: 4 months late: 2026-06 has been due since 2026-07-07; run `drought "
            "ingest era5-land --from 2026-06 --to 2026-10`"
        )
        assert overdue.startswith(
            "TJ, UZ era5-land: 1 month still preliminary, though final values should have come: "
            "2026-05; they are asked for again each month"
        )

    def test_a_month_that_came_and_is_not_computed_is_said(
        self, world: Engine, installation: Installation
    ) -> None:
        with world.begin() as connection:
            save_grid_months(connection, grid_file(connection), SOURCE, {OCTOBER: P})
        assert status(at(installation, ON_THE_8TH)).late == [
            "era5-land: 1 month came and is not computed; run `drought compute` and `drought evaluate`"
        ]


class TestSchedules:
    def test_the_one_of_era5_land_is_there_and_says_where_it_comes_from(
        self, installation: Installation
    ) -> None:
        found = schedules(installation)[SOURCE]
        assert found is not None
        days = (found.preliminary_after_days, found.final_after_days, found.final_late_after_days)
        assert days == (7, 60, 100)
        assert "two to three months" in found.reference

    def test_an_agency_changes_it_and_lateness_follows(
        self, world: Engine, installation: Installation
    ) -> None:
        hold(world, {SEPTEMBER: P})
        changed = expect(installation, SOURCE, 10, reference="order 7")
        assert (changed.final_after_days, changed.final_late_after_days) == (60, 100)
        assert fresh(world, ON_THE_8TH, "months_late, expected_month")["UZ"] == (
            0,
            date(2026, 9, 1),
        )
        eleventh = datetime(2026, 11, 10, tzinfo=UTC)
        assert fresh(world, eleventh, "months_late, late_since")["UZ"] == (1, date(2026, 11, 10))

    def test_a_source_gets_one_and_is_late_from_then_on(
        self, world: Engine, installation: Installation
    ) -> None:
        hold(world, {Month(2014, 7): F}, source="cfsr")
        assert schedules(installation)["cfsr"] is None
        expect(installation, "cfsr", 20, is_first_final=True, reference="its page")
        # July 2014 to September 2026 are 147 months; October is due on 20 November.
        assert fresh(world, ON_THE_8TH, "months_late, preliminary_overdue")["UZ"] == (146, None)

    def test_days_for_final_values_bring_a_day_on_which_they_are_overdue(
        self, installation: Installation
    ) -> None:
        assert (
            expect(
                installation, SOURCE, 7, final_after_days=80, reference="a test"
            ).final_late_after_days
            == 120
        )

    def test_what_cannot_be_meant_is_refused(self, installation: Installation) -> None:
        with pytest.raises(InputError, match="got both; leave one out"):
            expect(
                installation,
                SOURCE,
                7,
                final_after_days=60,
                is_first_final=True,
                reference="a test",
            )
        with pytest.raises(InputError, match="expected one of era5-land, got 'era5land'"):
            expect(installation, "era5land", 7, reference="a test")


def asked(warehouse: Engine, month: Month, moment: datetime, state: str = "not_published") -> None:
    """Write down that the data store was asked for a month."""
    with warehouse.begin() as connection:
        connection.execute(
            text(
                "WITH asked AS (INSERT INTO ops.request "
                "(dataset, product_type, area, state, asked_at, ended_at) VALUES "
                "(:dataset, :product_type, '[]', :state, :moment, :ended_at) RETURNING request_id) "
                "INSERT INTO ops.request_month (request_id, dataset, product_type, month, is_open) "
                "SELECT request_id, :dataset, :product_type, :month, :is_open FROM asked"
            ),
            {
                "dataset": cds.DATASET,
                "product_type": cds.ProductType.MONTHS,
                "state": state,
                "moment": moment,
                "ended_at": None if state == "open" else moment,
                "is_open": state == "open",
                "month": month.first_day,
            },
        )


class TestMonthsToSettle:
    """July ends on the 31st: sixty days later it is 29 September. August: 30 October."""

    @pytest.mark.parametrize(
        ("moment", "months"),
        [
            pytest.param(datetime(2026, 9, 28, 23, tzinfo=UTC), [MAY], id="July is not due yet"),
            pytest.param(datetime(2026, 9, 29, tzinfo=UTC), [MAY, JULY], id="July is due"),
            pytest.param(ON_THE_8TH, [MAY, JULY, AUGUST], id="and August, long ago or not"),
        ],
    )
    def test_they_are_the_preliminary_ones_whose_day_has_come(
        self, world: Engine, installation: Installation, moment: datetime, months: list[Month]
    ) -> None:
        hold(world, {MAY: P, JUNE: F, JULY: P, AUGUST: P, SEPTEMBER: P})
        assert months_to_settle(at(installation, moment)) == months

    def test_a_month_is_settled_once_its_final_values_are_here(
        self, world: Engine, installation: Installation
    ) -> None:
        hold(world, {JULY: P, AUGUST: P})
        hold(world, {JULY: F})
        assert months_to_settle(at(installation, ON_THE_8TH)) == [AUGUST]

    def test_final_values_of_a_part_of_the_area_do_not_settle_a_month(
        self, world: Engine, installation: Installation
    ) -> None:
        hold(world, {JULY: P})
        hold(world, {JULY: F}, "A")
        assert months_to_settle(at(installation, ON_THE_8TH)) == [JULY]

    def test_a_final_file_that_is_not_computed_yet_may_hold_it_all(
        self, world: Engine, installation: Installation
    ) -> None:
        hold(world, {JULY: P})
        with world.begin() as connection:
            save_grid_months(connection, grid_file(connection, number=9), SOURCE, {JULY: F})
        assert months_to_settle(at(installation, ON_THE_8TH)) == []

    @pytest.mark.parametrize(
        ("moment", "state", "months"),
        [
            pytest.param(
                "2026-11-01 00:00+00", "not_published", [], id="asked this month: not again"
            ),
            pytest.param(
                "2026-10-31 23:59+00", "not_published", [JULY], id="asked last month: again"
            ),
            pytest.param("2026-11-01 04:59+05", "not_published", [JULY], id="last month in UTC"),
            pytest.param(
                "2026-11-07 06:00+00", "failed", [JULY], id="a request that failed: again"
            ),
            pytest.param(
                "2026-11-07 06:00+00", "open", [JULY], id="a request that is open: waited for"
            ),
        ],
    )
    def test_a_month_is_asked_for_once_a_calendar_month(
        self,
        world: Engine,
        installation: Installation,
        moment: str,
        state: str,
        months: list[Month],
    ) -> None:
        hold(world, {JULY: P})
        asked(world, JULY, datetime.fromisoformat(moment), state)
        asked(world, AUGUST, ON_THE_8TH)
        assert months_to_settle(at(installation, ON_THE_8TH)) == months

    def test_other_sources_and_schedules_without_final_values_have_none(
        self, world: Engine, installation: Installation
    ) -> None:
        hold(world, {JULY: P}, source="cfsr")
        hold(world, {JULY: P})
        expect(installation, SOURCE, 7, is_first_final=True, reference="a test")
        assert months_to_settle(at(installation, ON_THE_8TH)) == []


def test_a_release_that_is_corrected_while_means_are_taken_stays_to_be_taken(world: Engine) -> None:
    with world.begin() as connection:
        file_id = grid_file(connection)
        save_grid_months(connection, file_id, SOURCE, {JULY: P, AUGUST: P})
        (read,) = read_pending_months(connection, SOURCE, "these", None)
        save_grid_months(connection, file_id, SOURCE, {AUGUST: F})
        mark_averaged(connection, read.releases, read.months, "these")
        (left,) = read_pending_months(connection, SOURCE, "these", None)
        assert left.months == (AUGUST,)
        mark_averaged(connection, left.releases, left.months, "these")
        assert read_pending_months(connection, SOURCE, "these", None) == []


def test_a_final_value_replaced_by_a_preliminary_one_is_found(
    world: Engine, installation: Installation
) -> None:
    hold(world, {JULY: F})
    check(installation)
    with world.begin() as connection:
        connection.execute(
            text("UPDATE series.climate_month SET release = 'preliminary', precipitation_mm = 9")
        )
    with pytest.raises(InputError, match=r"final_replaced_by_preliminary: 3, e\.g"):
        check(installation)
