"""Work cut into blocks that several workers do side by side, each in a task of its own.

A block is help and nothing else: `compute` and `bring_maps` come after, find what is done, and do
the rest. So one machine, several, and `drought run` take the same way, and a block that failed
costs its time. What a block does is named in its text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby

from pipeline.core.components import Component
from pipeline.core.ids import CELL_INDEX_CODES, IndexCode
from pipeline.core.months import Month
from pipeline.steps.index_maps import bring_index_maps
from pipeline.steps.installation import Installation, acts_as, grid_source
from pipeline.steps.map_plans import MapRun, blocks_of_indices, map_plans
from pipeline.steps.map_shares import months_without_shares, take_shares
from pipeline.steps.means import months_without_means, take_means
from pipeline.steps.outcome import recorded
from pipeline.steps.progress import Advance
from pipeline.steps.take_maps import months_without_maps, store_of_climate, take_maps
from pipeline.warehouse.locks import one_of_several, only_writer

YEARS_OF_A_BLOCK = 5
"""Half a minute of work for the six countries at 0.1 degree; to start a task takes a few seconds."""
FEW_MONTHS = 24
"""So many are done sooner than handed out."""

_SILENT: Advance = lambda what, done, of: None  # noqa: E731


@acts_as(Component.COMPUTE)
def hand_out(installation: Installation, work: str) -> list[str]:
    """Return what there is to do of `work` in blocks; none where it is little.

    Args:
        installation: where.
        work: ``means`` over landscapes, the ``climate`` of cells, ``maps`` of indices, or ``shares``
            of area.

    Raises:
        InputError: no landscapes or grids are loaded, or the grid store is damaged.
        ConflictError: the grid store is of another origin.
    """
    step, cut, _ = _WORK[work]
    with (
        recorded(installation.warehouse, step, is_last=False),
        only_writer(installation.warehouse),
    ):
        return [f"{work} {' '.join(map(str, parts))}" for parts in cut(installation)]


@acts_as(Component.COMPUTE)
def do_block(installation: Installation, block: str) -> int:
    """Do what one block names that is not done yet, and return how many parts it has.

    Others may do other blocks meanwhile.

    Raises:
        InputError: a file has gone from the archive, or the grid store is damaged.
        ConflictError: a file of the archive was changed.
    """
    work, *parts = block.split()
    step, _, do = _WORK[work]
    with (
        recorded(installation.warehouse, step, is_last=False),
        one_of_several(installation.warehouse, [f"{work} {part}" for part in parts]),
    ):
        do(installation, parts)
    return len(parts)


def _means(installation: Installation) -> Iterable[Sequence[Month]]:
    return _together(months_without_means(installation, _source(installation)))


def _take_means(installation: Installation, parts: Sequence[str]) -> None:
    take_means(installation, _source(installation), None, _SILENT, _months(parts))


def _climate(installation: Installation) -> Iterable[Sequence[Month]]:
    return _together(months_without_maps(installation, _source(installation)))


def _take_climate(installation: Installation, parts: Sequence[str]) -> None:
    take_maps(installation, _source(installation), None, _SILENT, _months(parts))


def _maps(installation: Installation) -> Iterable[Sequence[IndexCode]]:
    # All of the climate, with what the blocks of it left: maps are numbered by it.
    take_maps(installation, _source(installation), None, _SILENT)
    run = _run(installation)
    return () if run is None else blocks_of_indices(run)


def _make_maps(installation: Installation, parts: Sequence[str]) -> None:
    run = _run(installation)
    if run is not None:
        indices = [IndexCode.parse(part) for part in parts]
        bring_index_maps(installation, run.store, run.source, run.period, codes=indices)


def _shares(installation: Installation) -> Iterable[Sequence[Month]]:
    run = _run(installation)
    # Shares of maps that are not what they should be would stand if those cannot be made.
    if run is None or map_plans(run, CELL_INDEX_CODES)[0]:
        return ()
    return _together(months_without_shares(installation, run.store, run.source, run.period))


def _take_shares(installation: Installation, parts: Sequence[str]) -> None:
    run = _run(installation)
    if run is not None:
        take_shares(installation, run.store, run.source, run.period, None, _SILENT, _months(parts))


def _run(installation: Installation) -> MapRun | None:
    source = _source(installation)
    store = store_of_climate(installation, source)
    if store is None:
        return None
    period = installation.settings.calibration
    return MapRun.of(installation, store, source, period, None, _SILENT)


_WORK: Mapping[
    str,
    tuple[
        str,
        Callable[[Installation], Iterable[Sequence[object]]],
        Callable[[Installation, Sequence[str]], None],
    ],
] = {
    "means": ("compute", _means, _take_means),
    "climate": ("maps", _climate, _take_climate),
    "maps": ("maps", _maps, _make_maps),
    "shares": ("maps", _shares, _take_shares),
}
"""Of each kind of work the step it is part of, how it is cut, and how a block of it is done."""


def _source(installation: Installation) -> str:
    with installation.warehouse.connect() as connection:
        return grid_source(connection, installation.settings)


def _months(parts: Iterable[str]) -> frozenset[Month]:
    return frozenset(map(Month.parse, parts))


def _together(months: Sequence[Month]) -> list[list[Month]]:
    """Months in order, those of the same years together: they often lie in one file."""
    if len(months) <= FEW_MONTHS:
        return []
    years = groupby(months, key=lambda month: month.year // YEARS_OF_A_BLOCK)
    return [list(of_years) for _, of_years in years]
