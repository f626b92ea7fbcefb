"""The scripted country: exactly the letters and the evidence that are checked in, and no other.

What is expected was read by a person, line by line. After a wanted change write it anew with
`DROUGHT_WRITE_EXPECTED=1 pytest tests/integration/test_forty_years.py`, and read the difference.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from pipeline.core.months import Month
from pipeline.local.postgres import EmbeddedPostgres
from tests.integration.forty_years.world import (
    LANDSCAPES,
    LIVE_FROM,
    Story,
    all_at_once,
    country,
    decisions,
    evidence,
    letters,
    played,
    stages,
)

pytestmark = pytest.mark.postgres

EXPECTED = Path(__file__).parent / "expected" / "forty_years"


@pytest.fixture(scope="module")
def story(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    with country(postgres, tmp_path_factory.mktemp("forty-years")) as one:
        yield played(one)


def expect(name: str, found: str) -> None:
    path = EXPECTED / name
    if os.environ.get("DROUGHT_WRITE_EXPECTED"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(found, encoding="utf-8")
    assert found == path.read_text(encoding="utf-8")


def counted(warehouse: Engine, query: str) -> int:
    with warehouse.connect() as connection:
        return int(connection.execute(text(query)).scalar_one())


def test_every_change_of_forty_years_was_decided_as_the_script_asks(story: Story) -> None:
    expect("decisions.txt", "\n".join(decisions(story.warehouse)) + "\n")


@pytest.mark.parametrize("language", ["en", "uz"])
def test_the_letters_that_left_are_those_checked_in(story: Story, language: str) -> None:
    expect(f"letters-{language}.txt", letters(story.warehouse, language))


def test_the_evidence_is_what_is_checked_in(story: Story) -> None:
    found = json.dumps(evidence(story.warehouse), indent=1, ensure_ascii=False)
    expect("evidence.json", found + "\n")


def test_there_is_no_other_message(story: Story) -> None:
    told = counted(story.warehouse, "SELECT count(*) FROM mart.alert WHERE approval = 'approved'")
    refused = counted(story.warehouse, "SELECT count(*) FROM mart.alert WHERE approval = 'refused'")
    assert refused == 1
    # Two letters and a CAP message each; of the refused alert none has words that may leave.
    assert counted(story.warehouse, "SELECT count(*) FROM alert.message") == 3 * (told + refused)
    assert (
        counted(story.warehouse, "SELECT count(*) FROM alert.message WHERE body IS NOT NULL")
        == 3 * told
    )


def test_going_live_told_what_was_in_force_and_nothing_else(story: Story) -> None:
    found = [line for line in decisions(story.warehouse) if ": in_force," in line]
    month = LIVE_FROM - 1
    assert found == [
        f"steppe {month} meteorological: in_force, warning -> warning, plan 1, approved, chain "
        "steppe/meteorological/2010-08",
        f"delta {month} hydrological: in_force, low_water -> low_water, plan 1, approved, chain "
        "delta/hydrological/2010-11",
        f"mountain {month} hydrological: in_force, low_water -> low_water, plan 1, approved, chain "
        "mountain/hydrological/2010-11",
    ]
    earlier = [line for line in decisions(story.warehouse) if Month.parse(line.split()[1]) < month]
    assert earlier
    assert all(", not_needed, " in line for line in earlier)


def test_a_backfill_tells_nothing_and_comes_to_the_same_stages(
    story: Story, postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    with country(postgres, tmp_path) as anew:
        all_at_once(anew)
        assert decisions(anew.warehouse)
        assert all(", not_needed, " in line for line in decisions(anew.warehouse))
        assert counted(anew.warehouse, "SELECT count(*) FROM alert.message") == 0
        assert stages(anew.warehouse) == stages(story.warehouse)


def test_the_order_of_landscapes_changes_nothing(
    story: Story, postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    reverse = [one.landscape_id for one in reversed(LANDSCAPES)]
    with country(postgres, tmp_path, order=reverse) as other:
        all_at_once(other)
        assert stages(other.warehouse) == stages(story.warehouse)
