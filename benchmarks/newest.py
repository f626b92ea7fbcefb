"""The newest month against all of history: every index of every cell and landscape.

All of history is fitted and scored in blocks, as for the maps; the newest month is scored from
those fits and the months its windows hold, and must be the last row of the whole to the last bit.
Reading and writing are not in it: see `benchmarks.indices` and `benchmarks.warehouse` for those.

    .venv/bin/python -m benchmarks.newest --cells 86000 --landscapes 2000
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

import numpy as np

from benchmarks.climate import LAND_CELLS, MONTHS, Region
from benchmarks.cost import Cost, apart, heading, measured, median_of, table
from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.ids import CELL_INDEX_CODES, INDEX_CODES, IndexCode
from pipeline.core.panels import Panel
from pipeline.indices.blocks import blocks
from pipeline.indices.calibration import Calibration, calibrate, joined
from pipeline.indices.drivers import Drivers
from pipeline.indices.values import index_values

PERIOD = CalibrationPeriod(1991, 2020)
RUNS = 5
LONGEST_WINDOW = max(code.longest_window_months for code in INDEX_CODES)
Weather = Callable[[Panel, Panel], Drivers]


def rain_and_demand(rain: Panel, demand: Panel) -> Drivers:
    """What the maps are made of."""
    return Drivers(rain, demand)


def all_drivers(rain: Panel, demand: Panel) -> Drivers:
    """What landscapes have: half the winter's rain lies as snow, and the soil follows the rain."""
    months = rain.first_month.month - 1 + np.arange(len(rain.values))[:, np.newaxis]
    snow = np.where(np.isin(months % 12, (11, 0, 1)), 0.5, 0.0) * rain.values
    soil = 0.1 + 0.3 * (1.0 - np.exp(-rain.values / 60.0))

    def like(values: np.ndarray) -> Panel:
        return Panel(rain.first_month, values, rain.gaps)

    return Drivers(
        precipitation_mm=rain,
        pet_mm=demand,
        rain_and_melt_mm=like(rain.values - 0.9 * snow),
        snow_water_equivalent_mm=like(2.0 * snow),
        soil_moisture_m3_m3=like(soil),
    )


def whole(
    codes: Sequence[IndexCode], region: Region, weather: Weather
) -> tuple[Cost, dict[IndexCode, Calibration], dict[IndexCode, Panel]]:
    """Fit and score all of history; return the cost, the fits and the last month of each index."""
    cost = Cost()
    fits: dict[IndexCode, list[Calibration]] = {code: [] for code in codes}
    last: dict[IndexCode, list[Panel]] = {code: [] for code in codes}
    for block in blocks(region.land_cells):
        drivers = weather(*region.panels(block))
        with measured() as part:
            for code in codes:
                fits[code].append(calibrate(code, drivers, PERIOD))
                values = index_values(fits[code][-1], drivers)
                last[code].append(tail(values, 1))
        cost += part
    return (
        cost,
        {code: joined(parts) for code, parts in fits.items()},
        {code: beside(parts) for code, parts in last.items()},
    )


def tail(panel: Panel, months: int) -> Panel:
    """The last months of a panel, copied."""
    start = len(panel.values) - months
    return Panel(panel.first_month + start, panel.values[start:].copy(), panel.gaps[start:].copy())


def beside(parts: Sequence[Panel]) -> Panel:
    """Panels of the same months, side by side."""
    values, gaps = (
        np.concatenate([getattr(part, name) for part in parts], axis=1)
        for name in ("values", "gaps")
    )
    return Panel(parts[0].first_month, values, gaps)


def compared(codes: Sequence[IndexCode], region: Region, weather: Weather) -> tuple[Cost, Cost]:
    """Cost of the whole and of the newest month.

    Raises:
        ArithmeticError: a value, or the reason of a gap, is not the same.
    """
    cost, fits, expected = whole(codes, region, weather)
    recent = Region(region.rows, region.columns, region.land_cells, LONGEST_WINDOW + 4, region.seed)
    drivers = weather(*recent.panels())
    for code in codes:
        alone = index_values(fits[code], drivers, newest=1)
        is_same = np.array_equal(alone.gaps, expected[code].gaps)
        if not is_same or alone.values.tobytes() != expected[code].values.tobytes():
            raise ArithmeticError(f"{code}: the newest month is not that of the whole run")
    newest = median_of(
        RUNS, lambda: [index_values(fits[code], drivers, newest=1) for code in codes]
    )
    return cost, newest


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=LAND_CELLS, help="land cells")
    parser.add_argument("--landscapes", type=int, default=2000)
    parser.add_argument("--months", type=int, default=MONTHS)
    asked = parser.parse_args()
    cells = Region.of(asked.cells, asked.months)
    landscapes = Region.of(asked.landscapes, asked.months)
    heading(
        f"newest month against {cells.months} months, CPU seconds, one thread",
        "climate-indices", "numpy",
    )  # fmt: skip
    rows, total, total_newest = [], Cost(), Cost()
    for name, codes, region, weather in (
        (f"{cells.land_cells} cells", CELL_INDEX_CODES, cells, rain_and_demand),
        (f"{landscapes.land_cells} landscapes", INDEX_CODES, landscapes, all_drivers),
    ):
        full, newest = apart(compared, codes, region, weather)
        rows.append((f"{name}, {len(codes)} indices", full.cpu_s, newest.cpu_s,
                     full.cpu_s / newest.cpu_s))  # fmt: skip
        total, total_newest = total + full, total_newest + newest
    rows.append(("together", total.cpu_s, total_newest.cpu_s,
                 total.cpu_s / total_newest.cpu_s))  # fmt: skip
    table(("", "all months", "newest", "ratio"), rows)
    print("Every value and gap of the newest month is that of the whole run, bit for bit.")


if __name__ == "__main__":
    main()
