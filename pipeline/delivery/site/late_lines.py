"""What is late, in lines: by the schedule of a source, and by the plans."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.alerts.figures import day_in_words, month_in_words
from pipeline.alerts.indices_in_words import short_measure
from pipeline.delivery.site.facts import SiteFacts
from pipeline.delivery.site.speech import Speech
from pipeline.plans.lateness import late_together


def late_lines(facts: SiteFacts, said: Speech) -> Iterator[str]:
    """Yield what is late: of each source by country, and what the plans expect and lack."""
    for one in facts.freshness:
        if one.months_late and one.oldest_late_month and one.late_since:
            yield said.say(
                "late.source",
                country=said.words.countries[one.country],
                source=one.source,
                months=said.words.months(one.months_late),
                month=month_in_words(one.oldest_late_month, said.words),
                day=day_in_words(one.late_since, said.words),
            )
    for group in late_together(facts.late):
        first = group[0]
        names = (short_measure(one.measure, one.month.month, said.words) for one in group)
        yield said.say(
            "late.plan",
            country=said.words.countries[first.country],
            measures=", ".join(dict.fromkeys(names)),
            month=month_in_words(first.month, said.words),
            landscapes=first.landscapes,
            asked=first.asked,
            day=day_in_words(first.due, said.words),
        )
