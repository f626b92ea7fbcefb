"""Load the landscapes that drought is judged for."""

from __future__ import annotations

from collections.abc import Sequence, Set

from pipeline.core.components import Component
from pipeline.core.errors import InputError
from pipeline.landscapes.landscape import Landscape
from pipeline.steps.installation import Installation, acts_as
from pipeline.steps.outcome import recorded
from pipeline.warehouse.landscapes import read_landscape_keys, save_landscapes
from pipeline.warehouse.locks import only_writer


@acts_as(Component.CONFIGURE)
def load_landscapes(installation: Installation, landscapes: Sequence[Landscape]) -> dict[str, int]:
    """Save landscapes; return how many were new, changed and unchanged.

    Raises:
        InputError: a headwater is neither among them nor in the warehouse.
    """
    with recorded(installation.warehouse, "landscapes") as report:
        with only_writer(installation.warehouse), installation.warehouse.begin() as connection:
            _refuse_unknown_headwaters(landscapes, read_landscape_keys(connection).keys())
            counts = save_landscapes(connection, landscapes)
        report.rows = counts["new"] + counts["changed"]
        report.message = ", ".join(f"{n} {what}" for what, n in counts.items())
        return counts


def _refuse_unknown_headwaters(landscapes: Sequence[Landscape], held: Set[str]) -> None:
    known = held | {landscape.landscape_id for landscape in landscapes}
    named = {landscape.headwater_landscape_id for landscape in landscapes} - {None}
    if unknown := sorted(map(str, named - known)):
        raise InputError(
            "landscapes: headwater_landscape_id: expected landscapes of this file or loaded "
            f"before, got {', '.join(unknown)}; load the headwaters first, or add them to the file"
        )
