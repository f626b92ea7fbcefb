"""The stages of a country under plans, by the stored indices and by those that do not know a drought."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import compress

import numpy as np
from sqlalchemy import Connection

from pipeline.core.gaps import Gap
from pipeline.core.ids import DroughtType, IndexCode, IndexFamily
from pipeline.core.months import Month
from pipeline.landscapes.homogenised import Homogenisation
from pipeline.plans.backtest import History, Mask
from pipeline.plans.document import Plan
from pipeline.plans.ladders import Ladder
from pipeline.plans.reports import Episode
from pipeline.plans.rule_document import OfHeadwater
from pipeline.plans.scorecard import LandReached, Run, Terms, ladder_score
from pipeline.plans.stages import StageMonth
from pipeline.steps.backtest_indices import DrivenLandscapes, Fitting, read_driven, recomputed
from pipeline.steps.basis import Basis
from pipeline.steps.progress import Advance
from pipeline.warehouse.landscapes import StoredLandscape

Histories = Mapping[DroughtType, History]
_NOT_OF_RAIN_ALONE = {IndexFamily.SMRI, IndexFamily.SWEI, IndexFamily.SMA}


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """What the runs of one question share."""

    basis: Basis
    landscapes: Sequence[StoredLandscape]
    """Of the country."""
    reported_on: Sequence[Mask]
    """Which of them each episode is of."""
    plans: Sequence[Plan]
    fitting: Fitting
    terms: Terms
    first: Month
    last: Month
    advance: Advance

    def runs(self, connection: Connection, step: Homogenisation | None) -> Iterator[Run]:
        """Yield the run of each plan over the rain without `step`."""
        driven = read_driven(connection, self.basis, sorted(self.basis.rows), step)
        said: list[str] = []
        basis = self.basis if step is None else self._fitted_anew(driven, None, said)
        everyone = np.ones(len(self.landscapes), dtype=np.bool_)
        histories = [self._histories(basis, plan, everyone) for plan in self.plans]
        left_out: list[list[Histories]] = [[] for _ in self.plans]
        for episode, chosen in zip(self.terms.episodes, self.reported_on, strict=True):
            basis = self._fitted_anew(driven, episode, said)
            for plan, of_plan in zip(self.plans, left_out, strict=True):
                of_plan.append(self._histories(basis, plan, chosen))
        for plan, history, of_plan in zip(self.plans, histories, left_out, strict=True):
            yield self._run(plan, step, history, of_plan, said)

    def _run(
        self,
        plan: Plan,
        step: Homogenisation | None,
        histories: Histories,
        left_out: Sequence[Histories],
        said: Sequence[str],
    ) -> Run:
        scored = tuple(
            ladder_score(
                drought_type,
                history.between(self.first, self.last),
                [of_episode[drought_type] for of_episode in left_out],
                self.terms,
            )
            for drought_type, history in histories.items()
        )
        cautions = (*said, *_cautions(plan, step), *self._without_headwater(plan))
        judged_by = tuple(map(_land_reached, left_out))
        return Run(plan, step, _land_reached(histories).landscapes, scored, cautions, judged_by)

    def _without_headwater(self, plan: Plan) -> Iterator[str]:
        """Yield where rules on the headwater could not be asked."""
        rules = [rule for ladder in plan.ladders.values() for rule in ladder.every_rule]
        uses = {
            use for rule in rules if isinstance(rule.heard, OfHeadwater) for use in rule.land_uses
        }
        of_use = [one for one in self.landscapes if one.landscape.land_use in uses]
        missing = sum(1 for one in of_use if self.basis.headwater(one) is None)
        if missing:
            yield (
                f"{plan.plan_id} {plan.version} has rules on the headwater, which is not known of "
                f"{missing} of {len(of_use)} landscapes they are for: there they were not asked"
            )

    def _fitted_anew(
        self, driven: Sequence[DrivenLandscapes], leaving_out: Episode | None, said: list[str]
    ) -> Basis:
        """Return the basis on indices of fits made anew; add what there is to say of them."""
        what = "fits of all months" if leaving_out is None else f"fits without {leaving_out}"
        self.advance(what, 0, 1)
        found = recomputed(self.basis, driven, self.fitting, leaving_out)
        if found.short:
            said.append(
                f"without {leaving_out}, {found.short:,} of {found.fits:,} fits (of a landscape, an "
                "index and a calendar month) have fewer than 24 years: their values are gaps, "
                "calibration_short"
            )
        deciding = {**self.basis.rows, **found.rows}
        return replace(self.basis, records=replace(self.basis.records, deciding=deciding))

    def _histories(self, basis: Basis, plan: Plan, chosen: Mask) -> dict[DroughtType, History]:
        """Return the history of the chosen landscapes under each ladder of `plan`."""
        some = list(compress(self.landscapes, chosen))
        room = {
            drought_type: _room(plan.ladders[drought_type], some, basis)
            for drought_type in DroughtType
            if drought_type in plan.ladders
        }
        for place, stored in enumerate(some):
            self.advance(f"stages under {plan.plan_id} {plan.version}", place, len(some))
            if _hears_nothing(basis, stored, plan):
                continue
            for drought_type, history in room.items():
                _fill(history, place, basis.stages_under(plan, stored, drought_type))
        return room


def _room(ladder: Ladder, landscapes: Sequence[StoredLandscape], basis: Basis) -> History:
    """Return a history in which nothing is known yet, of all months of the basis."""
    of_each = [series for series in basis.rows.values() if series]
    first = min(series[0].month for series in of_each)
    last = max(series[-1].month for series in of_each)
    shape = (last.ordinal - first.ordinal + 1, len(landscapes))
    return History(
        first,
        tuple(stage.stage for stage in ladder.stages),
        np.zeros(shape, dtype=np.int64),
        np.zeros(shape, dtype=np.bool_),
        np.array([one.landscape.area_km2 for one in landscapes], dtype=np.float64),
    )


def _hears_nothing(basis: Basis, stored: StoredLandscape, plan: Plan) -> bool:
    """Whether all a plan hears of a landscape are gaps, as outside the grid: nothing is known then."""
    has_headwater = basis.headwater(stored) is not None
    of_itself = all(
        isinstance(one, IndexCode) or (isinstance(one, OfHeadwater) and not has_headwater)
        for ladder in plan.ladders.values()
        for one in ladder.heard
    )
    rows = basis.rows.get(stored.landscape_key, ())
    return of_itself and all(isinstance(v, Gap) for row in rows for v in row.values.values())


def _land_reached(histories: Histories) -> LandReached:
    """Return how much of some land has a stage in any month, of any ladder."""
    reached = np.logical_or.reduce([one.is_reached for one in histories.values()])
    area = next(iter(histories.values())).area_km2
    share = float(area[reached].sum()) / (float(area.sum()) or 1.0)  # a report of no landscape
    return LandReached(int(reached.sum()), len(area), share)


def _fill(history: History, place: int, stages: Sequence[StageMonth]) -> None:
    if not stages:
        return
    start = stages[0].month.ordinal - history.first_month.ordinal
    rows = slice(start, start + len(stages))
    history.ranks[rows, place] = [one.rank for one in stages]
    # From the first month on whose stage is confirmed: after that, silence holds a stage.
    confirmed = np.array([one.is_confirmed for one in stages], dtype=np.bool_)
    history.is_known[rows, place] = np.logical_or.accumulate(confirmed)


def codes_of(plans: Sequence[Plan]) -> list[IndexCode]:
    """Return the indices that rules of `plans` hear, wherever."""
    return sorted({m for plan in plans for m in plan.measures if isinstance(m, IndexCode)})


def _cautions(plan: Plan, step: Homogenisation | None) -> Iterator[str]:
    """Yield what of a plan is heard as it is stored."""
    others = sorted(str(one) for one in plan.measures if not isinstance(one, IndexCode))
    if others:
        kept = "" if step is None else ", and the step is not taken out of them"
        yield (
            f"{plan.plan_id} {plan.version} also hears {', '.join(others)}: heard as stored, so that "
            f"fits behind them know the reported droughts{kept}"
        )
    kept_snow = sorted(str(one) for one in codes_of([plan]) if one.family in _NOT_OF_RAIN_ALONE)
    if step is not None and kept_snow:
        yield (
            f"{plan.plan_id} {plan.version} also hears {', '.join(kept_snow)}: the step is taken out of "
            "rain alone, not of snow, melt and soil moisture"
        )
