"""A plan over all the history of the warehouse, beside reported droughts. Nothing is written.

Rates come from the stored indices; what is said of a reported drought comes from indices whose fits
do not know its months. `plans.scorecard` counts, `backtest_runs` works the stages out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection

from pipeline.core.errors import InputError
from pipeline.core.garbage import uncollected
from pipeline.core.ids import Country, Origin
from pipeline.core.months import Month
from pipeline.indices.calibration import Limits
from pipeline.landscapes.default import default_landscapes_file
from pipeline.landscapes.homogenised import Homogenisation, by_gauges
from pipeline.plans.backtest import Mask, Yardstick
from pipeline.plans.document import Plan
from pipeline.plans.places import named_landscapes
from pipeline.plans.reports import (
    SHIPPED,
    Episode,
    Report,
    episodes,
    months_without,
    read_reports,
    shipped_reports,
)
from pipeline.plans.scorecard import Backtest, Terms
from pipeline.plans.scores import Resampling
from pipeline.sources.landscape_files import read_landscapes as read_landscape_file
from pipeline.steps.backtest_indices import Fitting
from pipeline.steps.backtest_runs import Course, codes_of
from pipeline.steps.basis import Basis, read_basis, with_headwaters
from pipeline.steps.installation import Installation
from pipeline.steps.progress import Advance, quietly
from pipeline.steps.records import decided_by
from pipeline.warehouse.agreement import read_breaks
from pipeline.warehouse.landscapes import StoredLandscape, read_landscapes
from pipeline.warehouse.schedules import read_schedules

IN_THE_MONTH_AFTER_DAYS = 1
"""Of a source that states no latency."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is tested."""

    plans: tuple[Plan, ...]
    """One, or two to be compared."""
    country: Country
    reports: Path | None = None
    """None: the file that ships."""
    first: Month | None = None
    last: Month | None = None
    """Months that are judged; those before still tell where stages stood. None: all."""
    step: Homogenisation | None = None
    """Terms the rain without this step as well."""
    is_step_by_gauges: bool = False
    """Terms it without the step that gauges find, instead."""
    yardstick: Yardstick = field(default_factory=Yardstick)
    resampling: Resampling = field(default_factory=Resampling)


@uncollected()
def backtest(
    installation: Installation, question: Question, *, advance: Advance = quietly
) -> Backtest:
    """Run plans over the history of a country, and compare with what was reported.

    Args:
        installation: where.
        question: what is tested.
        advance: told of the progress.

    Raises:
        InputError: there are no indices, landscapes or months; a plan hears a forecast; the file of
            reports is refused; or gauges are to find the step and do not.
    """
    _refuse_forecasts(question.plans)
    reports = _reports(question.reports)
    with installation.warehouse.connect().execution_options(
        isolation_level="REPEATABLE READ", postgresql_readonly=True
    ) as connection:
        by = decided_by(connection, installation.settings)
        advance("reading indices", 0, 1)
        known = read_landscapes(connection)
        ours = [one for one in known if one.landscape.country is question.country]
        _demand_some(ours, question.country)
        keys = with_headwaters(known, ours)
        basis = read_basis(connection, by, None, besides=question.plans, keys=keys)
        first, last = _months(basis, ours, question)
        found = episodes(reports, question.country)
        inside = [one for one in found if first <= one.start <= last]
        latency = {one.source: one.preliminary_after_days for one in read_schedules(connection)}
        terms = Terms(
            inside,
            months_without(reports, question.country),
            question.yardstick,
            question.resampling,
            latency.get(by.grid, IN_THE_MONTH_AFTER_DAYS),
            outside=[one for one in found if one not in inside],
        )
        limits = Limits(rainless_share=installation.settings.rainless_share)
        course = Course(
            basis,
            ours,
            _reported_on(ours, inside, question),
            question.plans,
            Fitting(codes_of(question.plans), by.period, limits),
            terms,
            first,
            last,
            advance,
        )
        steps = _steps(connection, question, by.grid)
        runs = tuple(run for step in steps for run in course.runs(connection, step))
    return Backtest(
        country=question.country,
        sources=by.sources,
        origin=_origin(basis, ours),
        calibration=str(by.period),
        is_latency_stated=by.grid in latency,
        first=first,
        last=last,
        landscapes=len(ours),
        reports=SHIPPED if question.reports is None else question.reports.name,
        terms=terms,
        runs=runs,
    )


def _refuse_forecasts(plans: Sequence[Plan]) -> None:
    for plan in plans:
        if plan.hears_forecast:
            raise InputError(
                f"{plan.plan_id} {plan.version}: expected rules on what is known, got one on a "
                "forecast: no past forecasts are held; take the rule out to test the others"
            )


def _demand_some(found: Sequence[object], country: Country) -> None:
    if not found:
        raise InputError(
            f"{country}: expected landscapes with indices, got none; load landscapes of the country "
            "and run `drought compute`"
        )


def _reports(path: Path | None) -> list[Report]:
    if path is None:
        return shipped_reports()
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path}: cannot be read, expected reported droughts as CSV in UTF-8: {error}"
        ) from error
    return read_reports(text, path.name)


def _months(
    basis: Basis, landscapes: Sequence[StoredLandscape], question: Question
) -> tuple[Month, Month]:
    """Return the first and last month that are judged."""
    of_each = [basis.rows[key] for one in landscapes if (key := one.landscape_key) in basis.rows]
    _demand_some(of_each, question.country)
    held = min(rows[0].month for rows in of_each), max(rows[-1].month for rows in of_each)
    first, last = max(held[0], question.first or held[0]), min(held[1], question.last or held[1])
    if last < first:
        raise InputError(
            f"months: expected some from {held[0]} to {held[1]}, which the warehouse holds of "
            f"{question.country}, got {question.first or held[0]} to {question.last or held[1]}"
        )
    return first, last


def _origin(basis: Basis, landscapes: Sequence[StoredLandscape]) -> Origin:
    return next(
        basis.rows[one.landscape_key][0].origin
        for one in landscapes
        if basis.rows.get(one.landscape_key)
    )


def _reported_on(
    landscapes: Sequence[StoredLandscape], reported: Sequence[Episode], question: Question
) -> list[Mask]:
    """Return which landscapes each episode is of."""
    of_country = [one.landscape for one in landscapes]
    units = _units(question.country) if any(one.landscapes for one in reported) else {}
    where = SHIPPED if question.reports is None else question.reports.name
    return [
        named_landscapes(
            episode.landscapes, of_country, units, f"{where}, line {episode.reports[0].line}"
        )
        for episode in reported
    ]


def _units(country: Country) -> dict[str, BaseGeometry]:
    """Return the first-level units that ship with the package, by their code."""
    shipped = read_landscape_file(default_landscapes_file())
    return {one.landscape_id: one.geometry for one in shipped if one.country is country}


def _steps(connection: Connection, question: Question, grid: str) -> list[Homogenisation | None]:
    """Return what is taken out of the rain, run by run."""
    if question.is_step_by_gauges:
        return [None, by_gauges(read_breaks(connection, grid, question.country), grid)]
    return [None] if question.step is None else [None, question.step]
