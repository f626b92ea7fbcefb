"""Agency tables written by hand, and what was read of them."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.stations.observations import StationFile

Load = Callable[..., StationFile]


def values(file: StationFile) -> dict[tuple[str, str], float]:
    """The values of a file, by quantity and last day."""
    rows = file.records
    keys = zip(rows["quantity"], rows["last_day"].dt.strftime("%Y-%m-%d"), strict=True)
    return dict(zip(keys, rows["value"], strict=True))
