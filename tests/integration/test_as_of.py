"""What was known at a moment: the same whenever it is asked, whoever was at work then.

Two hands write, each in a transaction of its own and in any order; a third looks on. What it saw at
a moment is what the functions `mart.…_as_of` must tell of that moment ever after.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, create_engine, make_url, text

from pipeline.core.gaps import Gap
from pipeline.core.ids import (
    AREA_CLASSES,
    CELL_INDEX_CODES,
    INDEX_CODES,
    DroughtType,
    IndexCode,
    Origin,
    Release,
)
from pipeline.core.months import Month
from pipeline.core.panels import Panel, gap_code
from pipeline.local.postgres import EmbeddedPostgres
from pipeline.plans.stages import StageMonth
from pipeline.warehouse.area_shares import MonthShares, save_area_shares
from pipeline.warehouse.calibrations import Series
from pipeline.warehouse.checks import read_checks, run_checks
from pipeline.warehouse.indices import save_index_values
from pipeline.warehouse.landscapes import read_landscape_keys, save_landscapes
from pipeline.warehouse.stages import StageRow, save_stages
from tests.integration.conftest import TEMPLATE
from tests.integration.little_world import (
    JANUARY,
    PERIOD,
    SOURCE,
    grid_file,
    landscape,
    say_climate,
    settle,
    told,
)

pytestmark = pytest.mark.postgres

VIEWS = (
    "climate_month",
    "index_month",
    "index_month_wide",
    "area_share",
    "stage_month",
    "landscape",
)
SPOKEN = tuple(IndexCode.parse(code) for code in ("spi_3", "spei_veg", "sma_1"))
Word = float | Gap
Words = tuple[Word, Word, Word]
"""What is said of the three indices."""
PLAIN: Words = (0.5, 0.5, 0.5)


def save_values(
    connection: Connection,
    key: int,
    words: Words,
    month: Month = JANUARY,
    release: Release = Release.FINAL,
) -> int:
    """Save all indices of a landscape in a month: those spoken of, and 0.25 of any other."""
    said: dict[IndexCode, Word] = dict.fromkeys(INDEX_CODES, 0.25)
    said |= dict(zip(SPOKEN, words, strict=True))
    panels = {
        code: Panel(
            month,
            np.array([[np.nan if isinstance(word, Gap) else word]]),
            np.array([[gap_code(word) if isinstance(word, Gap) else 0]], dtype=np.uint8),
        )
        for code, word in said.items()
    }
    series = Series(SOURCE, PERIOD, (key,), (1,))
    is_preliminary = np.array([[release is Release.PRELIMINARY]])
    return save_index_values(connection, series, panels, is_preliminary, Origin.REAL)


def save_shares(connection: Connection, key: int, words: Words, month: Month = JANUARY) -> int:
    """Save the shares of a landscape in a month: of an index one number, whatever the class."""
    shares = np.full((len(CELL_INDEX_CODES), 1, 1 + len(AREA_CLASSES)), 0.75, dtype=np.float32)
    gaps = np.zeros((len(CELL_INDEX_CODES), 1), dtype=np.uint8)
    for at, word in enumerate(words):
        shares[at] = np.nan if isinstance(word, Gap) else abs(word)
        gaps[at] = gap_code(word) if isinstance(word, Gap) else 0
    of_month = MonthShares(month, shares, gaps, Release.FINAL, fingerprint=1)
    series = Series(SOURCE, PERIOD, (key,), (1,))
    return save_area_shares(connection, series, [of_month], Origin.REAL)


def save_stage(connection: Connection, key: int, rank: int) -> int:
    """Save the stage of a landscape in a month."""
    stage = StageMonth(JANUARY, ("none", "watch", "warning")[rank], rank, JANUARY, True, 0, ())
    return save_stages(
        connection, [StageRow(key, DroughtType.METEOROLOGICAL, "uz-generic", "2", stage)]
    )


def shown(watcher: Connection, relation: str, ids: Sequence[str]) -> list[str]:
    """Return the whole rows of `relation` for landscapes of these ids, as text."""
    rows = watcher.execute(
        text(
            f"SELECT to_jsonb(v)::text FROM {relation} AS v "  # noqa: S608 - names of ours
            "WHERE landscape_id = ANY(:ids) ORDER BY 1"
        ),
        {"ids": list(ids)},
    )
    return [row[0] for row in rows]


def clock(watcher: Connection) -> datetime:
    now = watcher.execute(text("SELECT clock_timestamp()")).scalar_one()
    assert isinstance(now, datetime)
    return now


@dataclass
class Hand:
    """One who writes: a connection, and what its transaction has taken hold of."""

    connection: Connection
    holds: set[str] = field(default_factory=set)

    def begin(self) -> None:
        """Begin a transaction now, where none runs: the time of all it will write."""
        self.connection.execute(text("SELECT now()"))

    def end(self, *, well: bool = True) -> None:
        self.connection.commit() if well else self.connection.rollback()
        self.holds.clear()


@dataclass
class Desk:
    """Two hands at work on two landscapes, and what was seen when."""

    hands: tuple[Hand, Hand]
    watcher: Connection
    ids: tuple[str, str]
    keys: tuple[int, int]
    file_id: int
    seen: list[tuple[datetime, dict[str, list[str]]]] = field(default_factory=list)

    def take(self, hand: Hand, what: str) -> None:
        """Take hold of something; if the other hand has it, that one ends first.

        A landscape is had by whoever writes anything of it: by a foreign key.
        """
        for other in self.hands:
            is_apart = what not in other.holds and "landscapes" not in (what, *other.holds)
            if other is not hand and other.holds and not is_apart:
                other.end()
        hand.begin()
        hand.holds.add(what)

    def look(self) -> None:
        """Note what everybody can see now."""
        at = clock(self.watcher)
        self.seen.append(
            (at, {view: shown(self.watcher, f"mart.{view}", self.ids) for view in VIEWS})
        )

    def retold(self, at: datetime) -> dict[str, list[str]]:
        """What the functions tell of that moment."""
        moment = f"('{at.isoformat()}')"
        return {view: shown(self.watcher, f"mart.{view}_as_of{moment}", self.ids) for view in VIEWS}


@pytest.fixture(scope="module")
def story(postgres: EmbeddedPostgres) -> Iterator[Engine]:
    """A warehouse that holds one landscape's worth of nothing; each example adds its own two."""
    admin = create_engine(postgres.url("postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE as_of TEMPLATE {TEMPLATE}"))
    engine = create_engine(postgres.url("as_of"))
    settle(engine, [])
    yield engine
    engine.dispose()
    with admin.connect() as connection:
        connection.execute(text("DROP DATABASE as_of WITH (FORCE)"))
    admin.dispose()


_numbers = count(1)


@pytest.fixture
def desk(story: Engine) -> Iterator[Desk]:
    number = next(_numbers)
    with at_work(story, number) as one:
        yield one


class at_work:  # noqa: N801 - used as a context
    """A desk with two landscapes of its own."""

    def __init__(self, story: Engine, number: int) -> None:
        self.story, self.ids = story, (f"A{number}", f"B{number}")

    def __enter__(self) -> Desk:
        with self.story.begin() as connection:
            save_landscapes(connection, [landscape(name) for name in self.ids])
            known = read_landscape_keys(connection)
            file_id = grid_file(connection)
        watcher = self.story.connect().execution_options(isolation_level="AUTOCOMMIT")
        hands = (Hand(self.story.connect()), Hand(self.story.connect()))
        first, second = (known[name] for name in self.ids)
        self.desk = Desk(hands, watcher, self.ids, (first, second), file_id)
        return self.desk

    def __exit__(self, *_: object) -> None:
        for connection in (*(hand.connection for hand in self.desk.hands), self.desk.watcher):
            connection.close()


class TestTheLaw:
    """Whatever is done by whomever in which order."""

    WORDS = st.tuples(*[st.sampled_from([0.5, -1.5, Gap.NOT_PUBLISHED, Gap.REJECTED])] * 3)
    DEEDS = st.one_of(
        st.tuples(st.just("values"), WORDS),
        st.tuples(st.just("values"), WORDS),
        st.tuples(st.just("preliminary values"), WORDS),
        st.tuples(st.just("values taken back"), WORDS),
        st.tuples(st.just("shares"), WORDS),
        st.tuples(st.just("shares"), WORDS),
        st.tuples(st.just("rain"), st.sampled_from([1.0, 2.0, Gap.REJECTED])),
        st.tuples(st.just("stage"), st.integers(0, 2)),
        st.tuples(st.just("name"), st.integers(0, 2)),
        st.tuples(
            st.just("deletion"),
            st.sampled_from(
                [
                    "index.value_month",
                    "index.area_share",
                    "series.climate_month",
                    "plan.stage_month",
                ]
            ),
        ),
        st.tuples(st.just("beginning"), st.none()),
        st.tuples(st.just("commit"), st.none()),
        st.tuples(st.just("commit"), st.none()),
        st.tuples(st.just("rollback"), st.none()),
    )
    STEPS = st.lists(
        st.tuples(st.integers(0, 1), st.integers(0, 1), DEEDS), min_size=4, max_size=20
    )

    @staticmethod
    def do(desk: Desk, hand: Hand, place: int, deed: str, what: object) -> None:
        key = desk.keys[place]
        connection = hand.connection
        match deed, what:
            case "beginning", _:
                hand.begin()
            case "commit", _:
                hand.end()
            case "rollback", _:
                hand.end(well=False)
            case "deletion", str(table):
                desk.take(hand, "indices" if table.startswith("index") else table)
                connection.execute(
                    text(f"DELETE FROM {table} WHERE landscape_key = :key"),  # noqa: S608
                    {"key": key},
                )
            case "values" | "preliminary values" | "values taken back", tuple(words):
                desk.take(hand, "indices")
                savepoint = connection.begin_nested()
                release = Release.PRELIMINARY if "preliminary" in deed else Release.FINAL
                save_values(connection, key, words, release=release)
                savepoint.rollback() if "back" in deed else savepoint.commit()
            case "shares", tuple(words):
                desk.take(hand, "indices")
                save_shares(connection, key, words)
            case "rain", float() | Gap():
                desk.take(hand, "series.climate_month")
                say_climate(connection, key, JANUARY, what, file_id=desk.file_id)
            case "stage", int(rank):
                desk.take(hand, "plan.stage_month")
                save_stage(connection, key, rank)
            case "name", int(number):
                desk.take(hand, "landscapes")
                save_landscapes(
                    connection, [replace(landscape(desk.ids[place]), name_en=f"Name {number}")]
                )
            case _:
                raise AssertionError(deed)

    @settings(
        deadline=None,
        max_examples=15,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )
    @given(steps=STEPS)
    def test_what_was_seen_at_a_moment_is_told_of_it_ever_after(
        self, story: Engine, steps: list[tuple[int, int, tuple[str, object]]]
    ) -> None:
        with at_work(story, next(_numbers)) as desk:
            desk.look()
            for number, place, (deed, what) in steps:
                self.do(desk, desk.hands[number], place, deed, what)
                desk.look()
            for hand in desk.hands:
                hand.end()
                desk.look()
            for at, saw in desk.seen:
                assert desk.retold(at) == saw
        with story.connect() as connection:
            names = ["latest_stages_that_disagree", "months_held_that_disagree"]
            kept = list(run_checks(connection, read_checks(names)))
        assert [(one.count, one.trouble) for one in kept] == [(0, None)] * 2


class TestWhoWasAtWork:
    """The cases of that law that have a name."""

    def holds(self, desk: Desk) -> None:
        for at, saw in desk.seen:
            assert desk.retold(at) == saw

    def wide(self, desk: Desk, at: datetime | None = None) -> list[tuple[object, ...]]:
        relation = (
            f"mart.index_month_wide_as_of('{at.isoformat()}')" if at else "mart.index_month_wide"
        )
        rows = desk.watcher.execute(
            text(
                f"SELECT spi_3, spei_veg, sma_1, gaps FROM {relation} "  # noqa: S608
                "WHERE landscape_id = :id"
            ),
            {"id": desk.ids[0]},
        )
        return [tuple(row) for row in rows]

    def test_what_is_written_is_not_known_before_it_is_committed(self, desk: Desk) -> None:
        one, _ = desk.hands
        one.begin()
        save_values(one.connection, desk.keys[0], PLAIN)
        between = clock(desk.watcher)
        one.end()
        after = clock(desk.watcher)
        assert self.wide(desk, between) == []
        assert self.wide(desk, after) == [(0.5, 0.5, 0.5, {})]

    def test_of_two_that_overlap_the_one_committed_last_is_the_last_truth(self, desk: Desk) -> None:
        early, late = desk.hands
        key = desk.keys[0]
        save_values(late.connection, key, (0.1, 0.1, 0.1))
        late.end()
        early.begin()
        late.begin()
        save_values(late.connection, key, (0.2, 0.2, Gap.REJECTED))
        late.end()
        desk.look()
        save_values(early.connection, key, (0.3, 0.2, 0.3))
        desk.look()
        between = desk.seen[-1][0]
        early.end()
        desk.look()
        assert self.wide(desk, between) == [(0.2, 0.2, None, {"sma_1": "rejected"})]
        assert self.wide(desk, clock(desk.watcher)) == [(0.3, 0.2, 0.3, {})]
        self.holds(desk)

    def test_a_value_is_filled_from_the_next_row_that_tells_it(self, desk: Desk) -> None:
        one, _ = desk.hands
        told_of: tuple[Words, ...] = (
            (0.1, Gap.NOT_PUBLISHED, 0.1),
            (0.2, Gap.NOT_PUBLISHED, 0.1),
            (0.2, 0.5, 0.4),
            (0.3, 0.6, Gap.REJECTED),
            (0.3, Gap.REJECTED, 0.7),
        )
        for words in told_of:
            save_values(one.connection, desk.keys[0], words)
            save_shares(one.connection, desk.keys[0], words)
            one.end()
            desk.look()
        self.holds(desk)

    def test_values_replaced_twice_in_one_transaction_leave_the_first_as_it_was(
        self, desk: Desk
    ) -> None:
        one, _ = desk.hands
        key = desk.keys[0]
        first: Words = (0.1, Gap.NOT_PUBLISHED, 0.3)
        save_values(one.connection, key, first)
        save_shares(one.connection, key, first)
        one.end()
        desk.look()
        for words in (
            (0.1, Gap.NOT_PUBLISHED, 0.9),
            (0.7, 0.8, 0.9),
            (Gap.REJECTED, 0.8, 0.3),
        ):
            save_values(one.connection, key, words)
            save_shares(one.connection, key, words)
        one.end()
        desk.look()
        assert self.wide(desk, desk.seen[0][0]) == [(0.1, None, 0.3, {"spei_veg": "not_published"})]
        self.holds(desk)

    @pytest.mark.parametrize("at_once", [True, False], ids=["at once", "later"])
    def test_a_row_deleted_and_written_again_leaves_the_first_as_it_was(
        self, desk: Desk, at_once: bool
    ) -> None:
        one, _ = desk.hands
        key = desk.keys[0]
        save_values(one.connection, key, (0.1, Gap.NOT_PUBLISHED, 0.3))
        one.end()
        save_values(one.connection, key, (0.2, Gap.NOT_PUBLISHED, 0.3))
        one.end()
        desk.look()
        one.connection.execute(
            text("DELETE FROM index.value_month WHERE landscape_key = :key"), {"key": key}
        )
        if not at_once:
            one.end()
            desk.look()
        save_values(one.connection, key, (0.9, 0.9, 0.9))
        one.end()
        desk.look()
        self.holds(desk)
        changes = desk.watcher.execute(
            text(
                "SELECT old_value, new_value, old_gap FROM mart.revision_value "
                "WHERE landscape_id = :id AND quantity IN ('spi_3', 'spei_veg') "
                "ORDER BY changed_at, quantity DESC"
            ),
            {"id": desk.ids[0]},
        ).all()
        now = 0.9 if at_once else None
        assert changes == [(0.1, 0.2, None), (0.2, now, None), (None, now, "not_published")]

    def test_what_was_rolled_back_never_was(self, desk: Desk) -> None:
        one, _ = desk.hands
        moments = "SELECT count(*) FROM ops.moment"
        ((before,),) = desk.watcher.execute(text(moments))
        save_values(one.connection, desk.keys[0], PLAIN)
        one.end(well=False)
        assert desk.watcher.execute(text(moments)).scalar_one() == before
        assert self.wide(desk, clock(desk.watcher)) == []

    def test_a_transaction_that_undoes_a_part_is_known_from_its_commit_all_the_same(
        self, desk: Desk
    ) -> None:
        one, _ = desk.hands
        savepoint = one.connection.begin_nested()
        save_values(one.connection, desk.keys[0], (0.9, 0.9, 0.9))
        savepoint.rollback()
        save_values(one.connection, desk.keys[0], PLAIN)
        between = clock(desk.watcher)
        one.end()
        assert self.wide(desk, between) == []
        assert self.wide(desk, clock(desk.watcher)) == [(0.5, 0.5, 0.5, {})]

    def test_a_clock_set_back_makes_no_two_truths_of_one_moment(self, desk: Desk) -> None:
        one, _ = desk.hands
        key = desk.keys[0]
        save_values(one.connection, key, (0.1, 0.1, 0.1))
        one.end()
        before = clock(desk.watcher)
        save_values(one.connection, key, (0.2, 0.2, 0.2))
        one.end()
        ahead = before + timedelta(hours=1)
        one.connection.execute(text("SET LOCAL session_replication_role = replica"))
        for table, column in (("", "known_from"), ("_superseded", "known_until")):
            one.connection.execute(
                text(
                    f"UPDATE index.value_month{table} SET {column} = :ahead "  # noqa: S608
                    "WHERE landscape_key = :key"
                ),
                {"ahead": ahead, "key": key},
            )
        one.end()
        save_values(one.connection, key, (0.3, 0.3, 0.3))
        one.end()
        for minutes, words in ((0, 0.1), (59, 0.1), (61, 0.3)):
            at = before + timedelta(minutes=minutes)
            assert self.wide(desk, at) == [(words, words, words, {})]
        assert self.wide(desk, ahead) == [(0.2, 0.2, 0.2, {})]

    def test_a_moment_from_a_backup_keeps_its_commit(self, desk: Desk) -> None:
        one, _ = desk.hands
        at = clock(desk.watcher) - timedelta(days=9)
        minute = timedelta(minutes=1)
        one.connection.execute(
            text("INSERT INTO ops.moment (known_from, committed_at) VALUES (:at, :committed)"),
            {"at": at, "committed": at + minute},
        )
        one.end()
        unseen = text("SELECT mart.unseen_at(:at)")
        asked = [desk.watcher.execute(unseen, {"at": at + n * minute}).scalar() for n in (-1, 0, 1)]
        assert asked == [[], [at], []]


class TestWhatIsKept:
    """Of a row that was replaced no more than what changed."""

    @staticmethod
    def size(desk: Desk, table: str = "value_month_superseded") -> int:
        query = (
            f"SELECT max(pg_column_size(v.*)) FROM index.{table} AS v WHERE landscape_key = :key"  # noqa: S608
        )
        found = desk.watcher.execute(text(query), {"key": desk.keys[0]}).scalar_one()
        assert isinstance(found, int)
        return found

    def test_a_row_that_only_becomes_final_leaves_its_keys_and_times(self, desk: Desk) -> None:
        one, _ = desk.hands
        for release in (Release.PRELIMINARY, Release.FINAL):
            save_values(one.connection, desk.keys[0], PLAIN, release=release)
            one.end()
        assert self.size(desk) < 140 < 300 < self.size(desk, "value_month")

    def test_gaps_that_are_filled_leave_a_number(self, desk: Desk) -> None:
        one, _ = desk.hands
        for gap in (Gap.NOT_PUBLISHED, None):
            words: Words = (gap or 0.5, gap or 0.5, gap or 0.5)
            save_values(one.connection, desk.keys[0], words)
            save_shares(one.connection, desk.keys[0], words)
            one.end()
        assert self.size(desk) < 140
        assert self.size(desk, "area_share_superseded") < 140 < 900 < self.size(desk, "area_share")

    def test_what_is_deleted_is_kept_whole(self, desk: Desk) -> None:
        one, _ = desk.hands
        save_values(one.connection, desk.keys[0], PLAIN)
        one.end()
        one.connection.execute(text("DELETE FROM index.value_month"))
        one.end()
        assert self.size(desk) > 300


class TestHowItIsFound:
    """By an index, though a function is asked: an analyst's condition reaches the tables."""

    @pytest.fixture
    def analyst(self, story: Engine) -> Iterator[Connection]:
        with story.begin() as connection:
            connection.execute(
                text(
                    "DO $$ BEGIN CREATE ROLE looks_back LOGIN PASSWORD 'then' IN ROLE drought_analyst; "
                    "EXCEPTION WHEN duplicate_object THEN NULL; END $$"
                )
            )
        url = make_url(story.url).set(username="looks_back", password="then")
        engine = create_engine(url)
        with engine.connect() as connection:
            connection.execute(text("SET enable_seqscan = off"))
            yield connection
        engine.dispose()
        with story.begin() as connection:
            connection.execute(text("DROP ROLE looks_back"))

    @pytest.mark.parametrize("condition", ["landscape_id = 'A1'", "month = '2021-01-01'"])
    @pytest.mark.parametrize("view", ["index_month", "index_month_wide", "climate_month"])
    def test_a_landscape_and_a_month(self, analyst: Connection, view: str, condition: str) -> None:
        query = f"EXPLAIN SELECT * FROM mart.{view}_as_of(now()) WHERE {condition}"  # noqa: S608
        plan = [str(row[0]).strip() for row in analyst.execute(text(query))]
        assert not any("Function Scan" in line for line in plan)
        column = "landscape_key = l" if "landscape" in condition else "month = '2021-01-01'::date"
        found = [line for line in plan if line.startswith("Index Cond:") and column in line]
        assert len(found) >= 2, plan  # the present rows, and those replaced


def test_an_analyst_learns_what_was_under_way_and_nothing_of_the_table(story: Engine) -> None:
    assert told(story, "SELECT has_table_privilege('drought_analyst', 'ops.moment', 'SELECT')") == [
        (False,)
    ]
