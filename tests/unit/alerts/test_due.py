from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.alerts.due import (
    FAILURES_COUNTED,
    REFUSALS_THAT_HOLD,
    Manner,
    Waiting,
    is_open,
    parcels,
    pause,
)
from pipeline.alerts.recipients import Hours
from pipeline.core.ids import Country

SUNDAY = datetime(2026, 11, 8, 6, 0, tzinfo=UTC)
NIGHT_AND_DAY = Hours(0, 24, frozenset(range(1, 8)))
ALWAYS = Manner(NIGHT_AND_DAY, Country.UZBEKISTAN, digest_from=3)
WORKDAYS = Manner(Hours(), Country.UZBEKISTAN, digest_from=3)


def waiting(number: int, **said: object) -> Waiting:
    """A letter of alert `number`, the first of a chain of its own, to one recipient."""
    usual = Waiting(number, number, f"chain {number}", "desk", "letter", "en", manner=ALWAYS)
    return replace(usual, **said)  # type: ignore[arg-type]


def tried(*given_ones: Waiting, at: datetime = SUNDAY, **said: bool) -> list[list[int]]:
    return [parcel.delivery_ids for parcel in parcels(given_ones, at, **said)]


class TestHours:
    @pytest.mark.parametrize(
        ("country", "utc", "is_so"),
        [
            pytest.param("UZ", "2026-11-09T03:59", False, id="a minute before nine in Tashkent"),
            pytest.param("UZ", "2026-11-09T04:00", True, id="nine in Tashkent"),
            pytest.param("UZ", "2026-11-09T12:59", True, id="a minute before six in Tashkent"),
            pytest.param("UZ", "2026-11-09T13:00", False, id="six in Tashkent"),
            pytest.param("KG", "2026-11-09T03:00", True, id="nine in Bishkek"),
            pytest.param("TR", "2026-11-09T05:59", False, id="a minute before nine in Ankara"),
            pytest.param("TR", "2026-11-09T06:00", True, id="nine in Ankara"),
            pytest.param("KZ", "2026-11-08T06:00", False, id="noon of a Sunday"),
            pytest.param("KZ", "2026-11-13T06:00", True, id="noon of a Friday"),
        ],
    )
    def test_local_hours_of_workdays(self, country: str, utc: str, is_so: bool) -> None:
        moment = datetime.fromisoformat(utc).replace(tzinfo=UTC)
        assert is_open(Hours(), Country(country), moment) is is_so

    def test_the_day_is_the_local_one(self) -> None:
        mondays = Hours(0, 24, frozenset({1}))
        late_sunday = datetime(2026, 11, 8, 19, 0, tzinfo=UTC)
        assert is_open(mondays, Country.UZBEKISTAN, late_sunday)
        assert not is_open(mondays, Country.TURKIYE, late_sunday)

    @given(moment=st.datetimes(timezones=st.just(UTC)), country=st.sampled_from(Country))
    def test_who_wants_it_at_any_hour_gets_it_at_any(
        self, moment: datetime, country: Country
    ) -> None:
        safe = moment.replace(year=min(max(moment.year, 2), 9998))
        assert is_open(NIGHT_AND_DAY, country, safe)


class TestPauses:
    @pytest.mark.parametrize(
        ("attempts", "minutes"),
        [(1, 5), (2, 10), (3, 20), (4, 40), (5, 80), (6, 160), (7, 320), (8, 360), (5_000, 360)],
    )
    def test_five_minutes_doubling_up_to_six_hours(self, attempts: int, minutes: int) -> None:
        assert pause(attempts) == timedelta(minutes=minutes)

    def test_what_holds_a_chain_back_adds_up_to_a_day_beyond_what_a_channel_may_count(self) -> None:
        assert (FAILURES_COUNTED, REFUSALS_THAT_HOLD) == (8, 12)
        of_its_own = (pause(n + 1) for n in range(FAILURES_COUNTED, REFUSALS_THAT_HOLD))
        assert sum(of_its_own, timedelta()) == timedelta(days=1)


class TestParcels:
    def test_each_by_itself_in_the_order_of_decision(self) -> None:
        assert tried(waiting(2), waiting(1)) == [[1], [2]]

    def test_as_many_as_the_reader_says_are_one(self) -> None:
        assert tried(waiting(1), waiting(2), waiting(3)) == [[1, 2, 3]]

    @pytest.mark.parametrize(
        "other", [{"language": "ru"}, {"recipient": "committee"}], ids=["language", "recipient"]
    )
    def test_what_is_not_read_together_is_not_counted_together(
        self, other: dict[str, object]
    ) -> None:
        assert tried(waiting(1), waiting(2), waiting(3, **other)) == [[1], [2], [3]]

    def test_the_folder_and_old_addresses_get_each_by_itself(self) -> None:
        assert tried(*(waiting(n, manner=None) for n in (1, 2, 3))) == [[1], [2], [3]]

    def test_what_is_refused_waits_for_its_pause_and_no_longer(self) -> None:
        held = waiting(1, attempts=1, next_attempt_at=SUNDAY + timedelta(minutes=5))
        assert tried(held, waiting(2)) == [[2]]
        assert tried(held, at=SUNDAY + timedelta(minutes=5)) == [[1]]
        assert tried(held, ignores_pauses=True) == [[1]]

    def test_what_was_refused_most_often_is_tried_last(self) -> None:
        assert tried(waiting(1, attempts=4), waiting(2, attempts=1), waiting(3, form="sms")) == [
            [3],
            [2],
            [1],
        ]

    def test_outside_the_hours_only_what_may_come_at_once(self) -> None:
        asleep = waiting(1, manner=WORKDAYS)
        urgent = waiting(2, manner=WORKDAYS, is_at_once=True)
        assert tried(asleep, urgent) == [[2]]
        assert tried(asleep, ignores_pauses=True) == []

    def test_what_may_come_at_once_takes_with_it_what_it_follows_and_no_more(self) -> None:
        chain = [waiting(n, chain_id="c", manner=WORKDAYS) for n in (1, 2, 3)]
        chain[1] = replace(chain[1], is_at_once=True)
        assert tried(*chain, waiting(4, manner=WORKDAYS)) == [[1], [2]]

    def test_nothing_overtakes_what_waits_in_its_chain(self) -> None:
        held = waiting(1, chain_id="c", attempts=1, next_attempt_at=SUNDAY + timedelta(hours=1))
        behind = waiting(2, chain_id="c")
        assert tried(held, behind, waiting(3)) == [[3]]
        elsewhere = waiting(4, chain_id="c", recipient="committee")
        assert tried(held, behind, elsewhere) == [[4]]

    def test_a_chain_stays_in_order_though_its_first_was_refused(self) -> None:
        first = waiting(1, chain_id="c", attempts=3)
        assert tried(first, waiting(2, chain_id="c"), waiting(3, recipient="x")) == [[3], [1], [2]]

    def test_what_is_refused_for_good_is_tried_before_what_follows_and_holds_nothing_back(
        self,
    ) -> None:
        in_an_hour = SUNDAY + timedelta(hours=1)
        first = waiting(1, chain_id="c", attempts=12, next_attempt_at=in_an_hour)
        severe = waiting(2, chain_id="c")
        assert tried(first) == []
        assert tried(first, severe) == [[1], [2]]
        assert tried(replace(first, attempts=11), severe) == []
        # As long as what follows it rests too, it is not tried more often for that.
        refused = replace(severe, attempts=1, next_attempt_at=in_an_hour)
        assert tried(first, refused, waiting(3, chain_id="c")) == []

    def test_what_is_refused_for_good_comes_into_no_digest_and_before_it(self) -> None:
        first = waiting(2, chain_id="c", attempts=12, next_attempt_at=SUNDAY - timedelta(hours=1))
        others = [waiting(1), waiting(3, chain_id="c"), waiting(4)]
        assert tried(first, *others) == [[2], [1, 3, 4]]

    def test_a_digest_that_is_refused_for_good_holds_back_nothing(self) -> None:
        rests = {"attempts": 12, "next_attempt_at": SUNDAY + timedelta(hours=1)}
        made = [waiting(n, digest_id="d", **rests) for n in (1, 2)]
        assert tried(*made) == []
        assert tried(*made, waiting(3, chain_id="chain 2")) == [[1, 2], [3]]

    def test_hours_are_kept_all_the_same(self) -> None:
        first = waiting(1, chain_id="c", attempts=12, manner=WORKDAYS)
        assert tried(first, waiting(2, chain_id="c", manner=WORKDAYS)) == []
        severe = waiting(2, chain_id="c", manner=WORKDAYS, is_at_once=True)
        assert tried(first, severe) == [[1], [2]]
        # Nor is it tried all night for what waits until morning.
        rests = replace(first, is_at_once=True, next_attempt_at=SUNDAY + timedelta(hours=1))
        assert tried(rests, waiting(2, chain_id="c", manner=WORKDAYS)) == []

    def test_a_digest_that_was_made_stays_as_it_is(self) -> None:
        made = [waiting(n, digest_id="d") for n in (1, 2)]
        assert tried(*made, waiting(3)) == [[1, 2], [3]]
        held = [replace(one, next_attempt_at=SUNDAY + timedelta(hours=1)) for one in made]
        assert tried(*held, waiting(3, chain_id="chain 2")) == []

    @given(
        given_ones=st.lists(
            st.builds(
                lambda alert, chain, recipient, attempts, wait: waiting(
                    alert,
                    chain_id=chain,
                    recipient=recipient,
                    attempts=attempts,
                    next_attempt_at=SUNDAY + timedelta(minutes=wait),
                ),
                st.integers(1, 30),
                st.sampled_from("abc"),
                st.sampled_from(["desk", "committee"]),
                st.sampled_from([0, 1, 3, 11, 12, 20]),
                st.sampled_from([-1, 0, 1]),
            ),
            unique_by=lambda one: one.delivery_id,
            max_size=12,
        )
    )
    def test_each_at_most_once_and_never_before_what_came_before_it(
        self, given_ones: list[Waiting]
    ) -> None:
        found = [list(parcel.contents) for parcel in parcels(given_ones, SUNDAY)]
        left = [one for contents in found for one in contents]
        assert len({one.delivery_id for one in left}) == len(left)
        for one in left:
            assert one.next_attempt_at is not None
            assert one.next_attempt_at <= SUNDAY or one.attempts >= REFUSALS_THAT_HOLD
            before = [
                other.delivery_id
                for other in given_ones
                if (other.recipient, other.chain_id) == (one.recipient, one.chain_id)
                and other.alert_id < one.alert_id
            ]
            assert set(before) <= {other.delivery_id for other in left}
