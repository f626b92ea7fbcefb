"""From the climate of every cell to maps of the indices.

Each map bears a number that follows from the fit and the climate it was made of. What bears another
number than it should is made anew, so a run that was killed goes on at the index it was at, and a
revised month costs what its windows reach.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.ids import CELL_INDEX_CODES, IndexCode
from pipeline.core.months import Month, months_between
from pipeline.indices.blocks import in_parallel
from pipeline.indices.calibration import Calibration, Limits
from pipeline.indices.values import index_values
from pipeline.sources.grid_store import GridStore
from pipeline.steps.cell_calibration import fitted, months_of
from pipeline.steps.cell_maps import (
    INDEX_KIND,
    VALUE,
    CellClimate,
    Positions,
    cells_with_rain,
    index_path,
)
from pipeline.steps.installation import Installation
from pipeline.steps.map_plans import MapPlan, MapRun, map_plans
from pipeline.steps.progress import Advance
from pipeline.warehouse.area_shares import CellFit, save_cell_fit
from pipeline.warehouse.locks import only_fitter, while_fits_stand

FEW_MONTHS = 24
"""So many months at most are scored for all cells at once; handing out blocks would cost more."""
NEAR_MONTHS = 24
"""Stale months no further apart are scored together: their windows overlap anyway."""

Values = npt.NDArray[np.float32]


@dataclass
class Mapped:
    """What a run made; what was current already is not in it."""

    fitted: list[IndexCode] = field(default_factory=list)
    """Fits that were made, or completed."""
    maps: dict[IndexCode, int] = field(default_factory=dict)
    """How many maps of each index."""
    share_months: int = 0
    share_rows: int = 0
    """Rows of shares that were new or different."""
    lacking: str | None = None
    """Why some indices have no maps; None: all have."""

    def __str__(self) -> str:
        said = (
            f"{sum(self.maps.values())} maps of {len(self.maps)} indices, {len(self.fitted)} of "
            f"them fitted; area shares of {self.share_months} months, {self.share_rows} "
            "landscape-months new or different"
        )
        return f"{said}; {self.lacking}" if self.lacking else said


def bring_index_maps(
    installation: Installation,
    store: GridStore,
    source: str,
    period: CalibrationPeriod,
    *,
    to: Month | None = None,
    codes: Sequence[IndexCode] = CELL_INDEX_CODES,
    advance: Advance = lambda what, done, of: None,
) -> Mapped:
    """Fit what is not fitted, and make every map of `codes` that is not current; no shares.

    One index after the other, each committed before the next begins. Others may make the maps of
    other indices meanwhile: each lies in a place of its own.
    """
    run = MapRun.of(installation, store, source, period, to, advance)
    mapped = Mapped()
    with while_fits_stand(installation.warehouse):
        plans, mapped.lacking = map_plans(run, codes)
    if not plans:
        return mapped
    climate = _climate(run, plans)
    if climate.cells.size == 0:
        mapped.lacking = f"no cell has rain in {period}: nothing is fitted"
        return mapped
    for done, (index, plan) in enumerate(plans.items()):
        which = f"{index} ({done + 1} of {len(plans)})"
        known = plan.known
        if plan.made_from is not None:
            known = _bring_fit(run, index, plan, climate, f"fit of {which}")
        assert known is not None  # noqa: S101 - what is not fitted is not planned
        if plan.known is None or known.fit != plan.known.fit:
            mapped.fitted.append(index)
        count = _bring_values(run, index, known, climate, f"maps of {which}")
        if count > 0:
            mapped.maps[index] = count
    return mapped


def _climate(run: MapRun, plans: Mapping[IndexCode, MapPlan]) -> CellClimate:
    """Read the months and cells that the plans need, once."""
    needed: set[Month] = set()
    is_fitted_anew = any(plan.made_from is not None for plan in plans.values())
    if is_fitted_anew:
        first = months_of(run.period)[0]
        needed.update(run.months, months_of(run.period), (m for m in run.climate if m < first))
    for index, plan in plans.items():
        for month in plan.stale:
            back = index.months_back(month.month)
            needed.update(months_between(month - (back - 1), month))
    # A window may begin before the record does.
    first_held = next(iter(run.climate))
    months = list(months_between(max(min(needed), first_held), max(needed)))
    pets = {plan.pet for plan in plans.values() if plan.pet is not None}
    return CellClimate.read(
        run.store, months, _cells(run, plans, is_fitted_anew), min(pets, default=None), run.advance
    )


def _cells(run: MapRun, plans: Mapping[IndexCode, MapPlan], is_fitted_anew: bool) -> Positions:
    if not is_fitted_anew:
        return run.fits.cells(next(iter(plans)))
    fitted_before = [run.fits.cells(index) for index, plan in plans.items() if plan.known]
    return np.unique(
        np.concatenate([cells_with_rain(run.store, months_of(run.period)), *fitted_before])
    )


def _bring_fit(
    run: MapRun, index: IndexCode, plan: MapPlan, climate: CellClimate, what: str
) -> CellFit:
    """Fit, or complete, and commit: first the maps of the fit, then the row that makes it count."""
    run.advance(what, 0, len(climate.cells))
    known = None if plan.known is None else run.fits.read(index, climate.cells)
    limits = Limits(rainless_share=run.installation.settings.rainless_share)
    calibration = fitted(
        index,
        climate,
        run.period,
        limits,
        known,
        lambda done: run.advance(what, done, len(climate.cells)),
    )
    fit = run.fits.number(calibration, climate.cells)
    assert plan.made_from is not None  # noqa: S101 - else there is nothing to fit
    made = CellFit(fit, plan.made_from, plan.pet, len(climate.cells))
    # Who plans the maps of another index asks of all fits, and would find this one torn.
    with only_fitter(run.installation.warehouse):
        if plan.known is None or fit != plan.known.fit:
            run.fits.write(calibration, climate.cells, fit)
        with run.installation.warehouse.begin() as connection:
            save_cell_fit(connection, run.source, run.period, index, made)
    return made


def _bring_values(
    run: MapRun, index: IndexCode, fit: CellFit, climate: CellClimate, what: str
) -> int:
    """Make the maps that are not current; return how many."""
    run.advance(what, 0, len(climate.cells))
    stale = run.stale(index, fit.fit)
    if not stale:
        return 0
    path = index_path(run.period, index)
    run.store.define(
        path,
        {VALUE: INDEX_KIND},
        attributes={"index_code": str(index), "calibration": str(run.period), "pet": fit.pet},
    )
    calendar_months = sorted({month.month for month in stale})
    calibration = run.fits.read(index, climate.cells, calendar_months)
    for months in _near(list(stale)):
        values = _values(
            calibration,
            climate,
            months[0],
            months[-1],
            lambda done: run.advance(what, done, len(climate.cells)),
        )
        rows = [month.ordinal - months[0].ordinal for month in months]
        run.store.write(
            path,
            months,
            {VALUE: values if len(rows) == len(values) else values[rows]},
            [stale[month] for month in months],
            climate.cells,
        )
    return len(stale)


def _values(
    calibration: Calibration,
    climate: CellClimate,
    first: Month,
    last: Month,
    tell: Callable[[int], None],
) -> Values:
    """Return the index of the months `first` to `last`, dims ``(month, cell)``.

    `tell` is told how many cells are done.
    """
    count = last.ordinal - first.ordinal + 1
    start = first - (calibration.index.longest_window_months - 1)

    def work(block: slice) -> Values:
        drivers = climate.drivers(start, last, block)
        panel = index_values(calibration.part(block), drivers, newest=count)
        return panel.values.astype(np.float32)

    if count <= FEW_MONTHS:
        return work(slice(0, len(climate.cells)))
    values = np.empty((count, len(climate.cells)), dtype=np.float32)
    for block, part in in_parallel(work, len(climate.cells)):
        values[:, block] = part
        tell(block.stop)
    return values


def _near(months: Sequence[Month]) -> Iterator[Sequence[Month]]:
    """Yield ascending `months` in groups of which each is not far from the next."""
    start = 0
    for n in range(1, len(months) + 1):
        if n == len(months) or months[n].ordinal - months[n - 1].ordinal > NEAR_MONTHS:
            yield months[start:n]
            start = n
