"""The scripted country: exactly the messages and the evidence that are checked in, and no other.

What is expected was read by a person, line by line. After a wanted change write it anew with
`DROUGHT_WRITE_EXPECTED=1 pytest tests/integration/test_forty_years.py`, and read the difference.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import feedparser
import pytest
from lxml import etree
from sqlalchemy import Engine, text

from pipeline.alerts.cap import validate
from pipeline.core.months import Month
from pipeline.local.postgres import EmbeddedPostgres
from pipeline.steps.feed import feed_files, public_messages
from tests.integration.forty_years.cap import Entry, bodies, standing, taken_in
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
    short_messages,
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


@pytest.mark.parametrize("language", ["en", "uz"])
@pytest.mark.parametrize("form", ["sms", "brief"])
def test_the_short_messages_that_left_are_those_checked_in(
    story: Story, form: str, language: str
) -> None:
    expect(f"{form}-{language}.txt", short_messages(story.warehouse, form, language))


def test_the_evidence_is_what_is_checked_in(story: Story) -> None:
    found = json.dumps(evidence(story.warehouse), indent=1, ensure_ascii=False)
    expect("evidence.json", found + "\n")


def test_there_is_no_other_message(story: Story) -> None:
    told = counted(story.warehouse, "SELECT count(*) FROM mart.alert WHERE approval = 'approved'")
    refused = counted(story.warehouse, "SELECT count(*) FROM mart.alert WHERE approval = 'refused'")
    assert refused == 1
    # A letter, a brief and a text message in two languages, and a CAP message; of the refused alert none
    # has words that may leave.
    assert counted(story.warehouse, "SELECT count(*) FROM alert.message") == 7 * (told + refused)
    assert (
        counted(story.warehouse, "SELECT count(*) FROM alert.message WHERE body IS NOT NULL")
        == 7 * told
    )


@pytest.fixture(scope="module")
def messages(story: Story) -> list[Entry]:
    return [Entry(etree.fromstring(body)) for body in bodies(story.warehouse)]


class TestCap:
    """Every alert of forty years as CAP, by a plan that is adopted: all of it is public."""

    def test_each_alert_that_was_let_go_left_as_one_valid_message(self, story: Story) -> None:
        found = bodies(story.warehouse)
        told = counted(
            story.warehouse, "SELECT count(*) FROM mart.alert WHERE approval = 'approved'"
        )
        assert len(found) == told
        for body in found:
            validate(body)

    def test_all_are_public_and_have_names_of_their_own(self, messages: list[Entry]) -> None:
        assert {(one.said("status"), one.said("scope")) for one in messages} == {
            ("Actual", "Public")
        }
        names = {one.said("identifier") for one in messages}
        assert len(names) == len(messages)
        assert all(name.startswith("urn:oid:2.49.0.1.860.0.") for name in names)
        # Many left in one second.
        assert len({one.said("sent") for one in messages}) < len(messages)

    def test_chains_are_complete(self, messages: list[Entry]) -> None:
        """Each names all that was told before in its chain, and nothing else."""
        chains: dict[str, list[Entry]] = {}
        for one in messages:
            earlier = chains.setdefault(one.said("incidents"), [])
            assert one.said("references").split() == [other.own_triple for other in earlier]
            assert one.said("msgType") == ("Update" if earlier else "Alert")
            assert all(one.expires >= other.expires for other in earlier)
            earlier.append(one)
        assert max(map(len, chains.values())) >= 9

    def test_a_service_shows_each_january_what_stands(
        self, story: Story, messages: list[Entry]
    ) -> None:
        """By nothing but the messages; the ridge in 2017 is the drought that nobody let be told."""
        seen = 0
        for year in range(2012, 2022):
            shown = taken_in(messages, datetime(year, 1, 15, tzinfo=UTC))
            stages = [
                (one.landscape_id, one.parameters["drought_type"], one.parameters["stage_to"])
                for one in shown
            ]
            assert len({pair[:2] for pair in stages}) == len(stages)
            expected = standing(story.warehouse, Month(year - 1, 12))
            expected -= {one for one in expected if (one[0], year) == ("ridge", 2018)}
            assert {one for one in stages if one[2] != "none"} == expected
            seen += len(expected)
        assert seen > 0

    def test_a_reader_of_feeds_reads_them(self, story: Story, messages: list[Entry]) -> None:
        with story.warehouse.connect() as connection:
            public = public_messages(connection)
        # As the feeds were in the summer of 2012, amid a drought that another one had preceded.
        now = datetime(2012, 7, 20, tzinfo=UTC)
        until_now = [one for one in public if one.message.sent_at <= now]
        files = feed_files(until_now, site_url="https://drought.example.org", now=now)
        archive, feed = feedparser.parse(files["archive.xml"]), feedparser.parse(files["feed.xml"])
        assert not archive.bozo
        assert not feed.bozo
        left = [one for one in messages if one.sent <= now]
        assert sorted(e.id for e in archive.entries) == sorted(m.said("identifier") for m in left)
        for entry in archive.entries:
            path = entry.link.removeprefix("https://drought.example.org/")
            assert Entry(etree.fromstring(files[path])).said("identifier") == entry.id
        counting = {one.said("identifier") for one in taken_in(left, now)}
        assert {entry.id for entry in feed.entries} == counting
        assert 0 < len(counting) < len(left)


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
