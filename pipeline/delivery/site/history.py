"""The past of a landscape: charts of ten years, and the last 24 months as a table."""

from __future__ import annotations

from babel.numbers import format_decimal

from pipeline.alerts.figures import month_in_words, threshold_in_words, value_in_words
from pipeline.alerts.indices_in_words import gap_in_words, index_in_words, short_index
from pipeline.core.ids import DroughtType, IndexCode, IndexFamily
from pipeline.core.months import Month
from pipeline.delivery.site.charts import Limit, Series, chart
from pipeline.delivery.site.facts import LandscapeFacts, SiteFacts, StageAt, gap_of
from pipeline.delivery.site.map_page import newest
from pipeline.delivery.site.speech import Speech
from pipeline.delivery.site.standings import css_of
from pipeline.delivery.site.thresholds_view import ladder_of, rules_for
from pipeline.delivery.site.views import Chart, HistoryCell, HistoryTable
from pipeline.plans.rule_document import Rule, Where

CHART_MONTHS = 120
TABLE_MONTHS = 24
_STANDARD_AXIS = 3.0
_PERCENT_AXIS = 200.0


def charted_rule(
    facts: SiteFacts, land: LandscapeFacts, drought_type: DroughtType
) -> tuple[IndexCode, list[tuple[int, Rule]]] | None:
    """Return the index that a ladder hears first of the landscape itself, and the rules on it.

    Each with the rank of its stage. None where it hears no index.
    """
    ladder = ladder_of(facts, land, drought_type)
    found = [
        (rank, rule)
        for rank, stage in enumerate(() if ladder is None else ladder.stages, start=1)
        for rule in rules_for(stage, land)
        if rule.index is not None and rule.where is Where.LANDSCAPE
    ]
    if not found:
        return None
    index = found[0][1].index
    assert index is not None  # noqa: S101 - found by it
    return index, [(rank, rule) for rank, rule in found if rule.index == index]


def chart_of(
    facts: SiteFacts, land: LandscapeFacts, drought_type: DroughtType, said: Speech
) -> Chart | None:
    """Return the chart of one drought type; None where there is no index, or no open values."""
    heard, history = charted_rule(facts, land, drought_type), facts.indices.get(land.landscape_id)
    if heard is None or history is None or heard[0] not in history.values:
        return None
    index, rules = heard
    last = newest(facts)
    months = [last - back for back in range(CHART_MONTHS - 1, -1, -1)]
    known = dict(zip(history.months, history.values[index], strict=True))
    stages = facts.history.get((land.landscape_id, drought_type), {})
    name = short_index(index, last.month, said.words)
    title = f"{name}, {said.words.drought[drought_type]}"
    is_percent = index.family is IndexFamily.PERCENT_OF_NORMAL
    series = Series(
        title=title,
        months=months,
        values=[known.get(month) for month in months],
        css=[_css(stages.get(month)) for month in months],
        limits=_limits(rules, index, said),
        usual=100.0 if is_percent else 0.0,
        least=0.0 if is_percent else -_STANDARD_AXIS,
        most=_PERCENT_AXIS if is_percent else _STANDARD_AXIS,
        ticks=_ticks([0, 50, 100, 150, 200] if is_percent else [-3, -2, -1, 0, 1, 2, 3], said),
    )
    full = index_in_words(index, last.month, facts.calibration, said.words)
    described = said.say(
        "chart.described",
        index=full,
        first=month_in_words(months[0], said.words),
        last=month_in_words(last, said.words),
    )
    return Chart(chart(series), title, described)


def _limits(rules: list[tuple[int, Rule]], index: IndexCode, said: Speech) -> list[Limit]:
    """Return where each stage begins, once for each rank and value."""
    found = {
        (rank, rule.enter_at): Limit(
            rule.enter_at, rank, f"{rank}: {threshold_in_words(rule.enter_at, index, said.words)}"
        )
        for rank, rule in rules
    }
    return list(found.values())


def _ticks(values: list[int], said: Speech) -> dict[float, str]:
    return {float(v): str(format_decimal(v, "0", locale=said.words.locale)) for v in values}


def _css(at: StageAt | None) -> str:
    if at is None or not at.is_known:
        return css_of(None)
    return css_of(at.rank, is_confirmed=at.is_confirmed)


def history_table(facts: SiteFacts, land: LandscapeFacts, said: Speech) -> HistoryTable:
    """Return the last 24 months, newest first: the index of each ladder, and the stage."""
    last, history = newest(facts), facts.indices.get(land.landscape_id)
    heard = {one: charted_rule(facts, land, one) for one in DroughtType}
    headings = [said.texts["history.month"]]
    for one, found in heard.items():
        if found is not None:
            headings.append(short_index(found[0], last.month, said.words))
        headings.append(said.words.drought[one])
    at = {} if history is None else {month: n for n, month in enumerate(history.months)}
    rows = []
    for month in (last - back for back in range(TABLE_MONTHS)):
        row = [HistoryCell(month_in_words(month, said.words))]
        for one, found in heard.items():
            if found is not None:
                row.append(HistoryCell(_value(facts, land, found, month, at.get(month), said)))
            row.append(_stage(facts, land, one, month, said))
        rows.append(tuple(row))
    return HistoryTable(tuple(headings), tuple(rows))


def _value(
    facts: SiteFacts,
    land: LandscapeFacts,
    heard: tuple[IndexCode, list[tuple[int, Rule]]],
    month: Month,
    position: int | None,
    said: Speech,
) -> str:
    """Return a value on its side of every threshold, or why there is none."""
    index, rules = heard
    history = facts.indices.get(land.landscape_id)
    if history is None or position is None or index not in history.values:
        return said.texts["value.none"]
    value = history.values[index][position]
    if value is not None:
        limits = [limit for _, rule in rules for limit in (rule.enter_at, rule.exit_at)]
        return value_in_words(value, index, said.words, *limits)
    gap = gap_of(history, position, index)
    if gap is None:
        return said.texts["value.none"]
    return gap_in_words(gap, index, month.month, said.words)


def _stage(
    facts: SiteFacts, land: LandscapeFacts, drought_type: DroughtType, month: Month, said: Speech
) -> HistoryCell:
    at = facts.history.get((land.landscape_id, drought_type), {}).get(month)
    if at is None or not at.is_known:
        return HistoryCell(said.texts["stage.not_known"], css_of(None))
    timetable = facts.plans.get(land.country)
    plan = None if timetable is None else timetable.in_force(month)
    if at.rank == 0 and facts.is_public:
        name = said.texts["stage.no_alert"]
    else:
        name = said.stage(at.stage, plan, drought_type).text
    if not at.is_confirmed:
        name = f"{name} ({said.texts['stage.unconfirmed']})"
    return HistoryCell(name, css_of(at.rank, is_confirmed=at.is_confirmed))
