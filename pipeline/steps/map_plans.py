"""What there is to do for the maps of each index: which fits lack, and which maps are not current."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.ids import CELL_INDEX_CODES, IndexCode, IndexFamily
from pipeline.core.months import Month
from pipeline.sources.grid_store import GridStore
from pipeline.steps.cell_calibration import (
    CellFits,
    made_from,
    months_of,
    number_of,
    pet_method,
)
from pipeline.steps.cell_maps import index_path
from pipeline.steps.installation import Installation
from pipeline.steps.progress import Advance
from pipeline.steps.source_store import CLIMATE
from pipeline.warehouse.area_shares import CellFit, read_cell_fits

METHOD_VERSION = 1
"""Raise it whenever values come out differently from the same fit: all maps are made anew then."""


FEW_MAPS = 24
"""So many maps of each index are made sooner than the climate behind them is read a second time."""
INDICES_OF_A_BLOCK = 3
"""Fewer would read the climate too often, more would leave a worker without work."""


def numbers_of_maps(
    index: IndexCode, fit: int, climate: Mapping[Month, int], months: Iterable[Month]
) -> dict[Month, int]:
    """Return the number that the map of each of `months` should bear; none outside the season.

    `climate` has the number of each month of the climate; one that is absent counts as 0.
    """
    of = {month.ordinal: number for month, number in climate.items()}
    numbers = {}
    for month in months:
        back, last = index.months_back(month.month), month.ordinal
        if back > 0:
            window = [of.get(n, 0) for n in range(last - back + 1, last + 1)]
            numbers[month] = number_of(METHOD_VERSION, fit, window)
    return numbers


@dataclass(frozen=True, slots=True, eq=False)
class MapRun:
    """What all indices of a run are made of."""

    installation: Installation
    fits: CellFits
    source: str
    climate: Mapping[Month, int]
    """The number of each month of the climate."""
    months: Sequence[Month]
    """Those of them to make maps of."""
    advance: Advance

    @classmethod
    def of(
        cls,
        installation: Installation,
        store: GridStore,
        source: str,
        period: CalibrationPeriod,
        to: Month | None,
        advance: Advance,
    ) -> MapRun:
        climate = store.fingerprints(CLIMATE)
        months = [month for month in climate if to is None or month <= to]
        return cls(installation, CellFits(store, period), source, climate, months, advance)

    @property
    def store(self) -> GridStore:
        return self.fits.store

    @property
    def period(self) -> CalibrationPeriod:
        return self.fits.period

    def stale(self, index: IndexCode, fit: int) -> dict[Month, int]:
        """Return the months whose map is not what it should be, each with its number."""
        held = self.store.fingerprints(index_path(self.period, index))
        numbers = numbers_of_maps(index, fit, self.climate, self.months)
        return {month: number for month, number in numbers.items() if held.get(month) != number}


@dataclass(frozen=True, slots=True)
class MapPlan:
    """What there is to do for one index."""

    known: CellFit | None
    """The fit that stands."""
    made_from: int | None
    """What to fit or complete it from; None: it stands as it is."""
    pet: str | None
    stale: Sequence[Month]
    """Months to make, if the fit stays as it is."""


def map_plans(
    run: MapRun, codes: Sequence[IndexCode]
) -> tuple[dict[IndexCode, MapPlan], str | None]:
    """Return what there is to do, by index, and what cannot be done; None: all can."""
    with run.installation.warehouse.connect() as connection:
        rows = read_cell_fits(connection, run.source, run.period)
    known = {index: row for index, row in rows.items() if run.fits.holds(index, row)}
    source_of_fits = made_from(run.period, run.climate)
    if source_of_fits is None and not known:
        lacking = sum(month not in run.climate for month in months_of(run.period))
        return {}, f"{lacking} months of {run.period} are not held yet: nothing is fitted"
    pet = _pet(run, known, can_fit=source_of_fits is not None)
    plans: dict[IndexCode, MapPlan] = {}
    cannot: str | None = None
    for index in codes:
        fit = known.get(index)
        of_index = pet if index.family is IndexFamily.SPEI else None
        if index.family is IndexFamily.SPEI and pet is None:
            cannot = "no SPEI: the source lacks what evaporation is computed from"
            continue
        is_open = fit is None or fit.made_from != source_of_fits
        if source_of_fits is not None and is_open:
            plans[index] = MapPlan(fit, source_of_fits, of_index, ())
        elif fit is not None and (stale := run.stale(index, fit.fit)):
            plans[index] = MapPlan(fit, None, of_index, tuple(stale))
    return plans, cannot


def _pet(run: MapRun, known: Mapping[IndexCode, CellFit], *, can_fit: bool) -> str | None:
    """Return the evaporation that SPEI is fitted with already, or is to be."""
    held = {fit.pet for fit in known.values() if fit.pet is not None}
    if held:
        return min(held)
    return pet_method(run.store, run.period) if can_fit else None


def blocks_of_indices(run: MapRun) -> list[list[IndexCode]]:
    """Return what there is to do in blocks that may be done side by side; none where it is little.

    Indices of one family lie together: SPI needs no evaporation.
    """
    plans, _ = map_plans(run, CELL_INDEX_CODES)
    maps = [len(run.months) if plan.made_from else len(plan.stale) for plan in plans.values()]
    if max(maps, default=0) <= FEW_MAPS:
        return []
    families = [[index for index in plans if index.family is family] for family in IndexFamily]
    return [
        indices[start : start + INDICES_OF_A_BLOCK]
        for indices in families
        for start in range(0, len(indices), INDICES_OF_A_BLOCK)
    ]
