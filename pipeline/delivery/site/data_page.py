"""The page about the data: how fresh they are, whose they are, and what the words mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pipeline.alerts.figures import day_in_words, month_in_words
from pipeline.delivery.site.downloads import country_downloads, feed_downloads
from pipeline.delivery.site.facts import FreshnessFacts, SiteFacts
from pipeline.delivery.site.frames import frame
from pipeline.delivery.site.late_lines import late_lines
from pipeline.delivery.site.map_page import withheld
from pipeline.delivery.site.plan_views import plan_view
from pipeline.delivery.site.speech import Speech
from pipeline.delivery.site.views import DataPage, FreshnessRow, Term
from pipeline.delivery.tables.notices import attributions

TERMS = (
    "landscape", "index", "spi", "spei", "percent_of_normal", "plan", "stage", "threshold",
    "unconfirmed", "alert",
)  # fmt: skip


def data_page(facts: SiteFacts, sizes: Mapping[str, int], said: Speech) -> DataPage:
    """Return the page about the data."""
    plans = (plan_view(facts, country, said) for country in facts.countries)
    return DataPage(
        frame=frame(facts, said, "data", said.texts["data.title"]),
        freshness=tuple(_freshness(one, said) for one in facts.freshness),
        late=tuple(late_lines(facts, said)),
        attributions=tuple(_attributions(facts)),
        downloads=tuple(country_downloads(facts, sizes, said, "../")),
        plans=tuple(plan for plan in plans if plan is not None),
        terms=tuple(Term(said.texts[f"term.{one}"], said.texts[f"meaning.{one}"]) for one in TERMS),
        withheld=withheld(facts, said),
        feeds=feed_downloads(facts, said, "../"),
    )


def _attributions(facts: SiteFacts) -> Iterator[str]:
    found = {source for one in facts.indices.values() for source in one.sources}
    yield from attributions(sorted(found), facts.origin)


def _freshness(one: FreshnessFacts, said: Speech) -> FreshnessRow:
    late = ""
    if one.months_late and one.oldest_late_month is not None and one.late_since is not None:
        late = said.say(
            "late.in_row",
            months=said.words.months(one.months_late),
            day=day_in_words(one.late_since, said.words),
        )
    return FreshnessRow(
        country=said.words.countries[one.country],
        source=one.source,
        newest="" if one.newest_month is None else month_in_words(one.newest_month, said.words),
        release="" if one.release is None else said.texts[f"release.{one.release}"],
        landscapes=said.say("of_all", number=one.landscapes_with_values, total=one.landscapes),
        late=late,
    )
