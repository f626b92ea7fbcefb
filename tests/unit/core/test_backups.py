"""Backups: which are kept, how they are called, and when a copy is not the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.backups import Backup, TableFacts, differences, name_of, superfluous

FIRST = datetime(2026, 11, 1, 4, tzinfo=UTC)


def backup(day: int, migration: str = "0024_care.sql", **tables: TableFacts) -> Backup:
    made_at = FIRST + timedelta(days=day)
    return Backup(
        made_at=made_at,
        name=name_of(made_at),
        size_bytes=1,
        sha256="0" * 64,
        software="one",
        newest_migration=migration,
        server_version=180004,
        tables=tables,
    )


def names(backups: list[Backup]) -> list[int]:
    return [(one.made_at - FIRST).days for one in backups]


def test_names_sort_like_moments_and_say_utc() -> None:
    tashkent = datetime.fromisoformat("2026-11-08T09:00:12.5+05:00")
    assert name_of(tashkent) == "drought-20261108T040012.500000Z.dump"
    assert name_of(tashkent) < name_of(tashkent + timedelta(microseconds=1))


class TestWhatGoes:
    def test_the_newest_stay(self) -> None:
        assert names(superfluous([backup(day) for day in (3, 1, 2, 0)], 2)) == [0, 1]

    def test_the_last_one_before_an_upgrade_stays_beside_them(self) -> None:
        old = [backup(day, "0018_aridity.sql") for day in (0, 1)]
        new = [backup(day) for day in (2, 3, 4, 5)]
        assert names(superfluous([*old, *new], 2)) == [0, 2, 3]

    def test_the_last_one_that_was_tried_is_not_pushed_out_by_untried_ones(self) -> None:
        tried = [
            backup(day).model_copy(update={"tried_at": FIRST + timedelta(days=day)})
            for day in (0, 1)
        ]
        assert names(superfluous([*tried, *(backup(day) for day in (2, 3, 4))], 2)) == [0, 2]

    def test_none_of_none(self) -> None:
        assert superfluous([], 1) == []

    @given(
        st.lists(st.tuples(st.integers(0, 60), st.sampled_from("ABC")), unique_by=lambda x: x[0]),
        st.integers(1, 8),
    )
    def test_the_newest_is_never_among_them_and_removing_twice_removes_no_more(
        self, made: list[tuple[int, str]], keep: int
    ) -> None:
        backups = [backup(day, migration) for day, migration in made]
        gone = superfluous(backups, keep)
        kept = [one for one in backups if one not in gone]
        assert superfluous(kept, keep) == []
        assert len(kept) >= min(keep, len(backups))
        assert not backups or max(backups, key=lambda one: one.made_at) in kept


ONE = TableFacts(rows=3, content="11")


@pytest.mark.parametrize(
    ("got", "version", "said"),
    [
        pytest.param({"t": ONE}, 180001, [], id="the same"),
        pytest.param({}, 180004, ["t is not there"], id="a table lacks"),
        pytest.param(
            {"t": ONE, "u": ONE}, 180004, ["u is not in the backup"], id="one table too many"
        ),
        pytest.param(
            {"t": TableFacts(rows=2, content="11")},
            190000,
            ["t: expected 3 rows, got 2"],
            id="a row lacks, on any server",
        ),
        pytest.param(
            {"t": TableFacts(rows=3, content="12")},
            180001,
            ["t: 3 rows with other values"],
            id="other values",
        ),
        pytest.param(
            {"t": TableFacts(rows=3, content="12")},
            190000,
            [],
            id="a server of another major version hashes otherwise",
        ),
    ],
)
def test_a_copy_is_compared_table_by_table(
    got: dict[str, TableFacts], version: int, said: list[str]
) -> None:
    assert differences(backup(0, t=ONE), got, version) == said
