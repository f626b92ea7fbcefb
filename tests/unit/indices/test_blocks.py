"""Many places in blocks and threads: in order, bounded, and the same to the last bit."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.ids import IndexCode
from pipeline.core.panels import Panel
from pipeline.indices.blocks import PLACES_PER_BLOCK, blocks, in_blocks, in_parallel
from pipeline.indices.calibration import Calibration, calibrate, joined
from pipeline.indices.drivers import Drivers
from pipeline.indices.values import index_values
from tests.unit.indices.records import panel, pet_mm, rain_mm

PERIOD = CalibrationPeriod(1981, 2010)


@pytest.mark.parametrize(
    ("places", "sizes"),
    [
        pytest.param(0, [], id="nowhere"),
        pytest.param(1, [1], id="one place"),
        pytest.param(500, [500], id="just a block"),
        pytest.param(1201, [500, 500, 201], id="two blocks and a rest"),
    ],
)
def test_blocks_cover_every_place_once_and_in_order(places: int, sizes: list[int]) -> None:
    positions = [list(range(places))[block] for block in blocks(places)]
    assert [len(block) for block in positions] == sizes
    assert [place for block in positions for place in block] == list(range(places))
    parts = list(in_blocks(panel(np.arange(2.0 * places).reshape(2, places))))
    assert [part.values.shape[1] for part in parts] == sizes or places == 0


def test_results_come_in_order_though_the_first_block_is_the_slowest() -> None:
    def work(block: slice) -> int:
        time.sleep(0.2 if block.start == 0 else 0.0)
        return block.start

    assert [start for _, start in in_parallel(work, 2000)] == [0, 500, 1000, 1500]


def test_no_more_blocks_are_begun_than_a_slow_caller_can_hold() -> None:
    begun: list[int] = []
    ahead = []
    for taken, (block, _) in enumerate(in_parallel(lambda b: begun.append(b.start), 10_000)):
        time.sleep(0.02)
        assert block.start == taken * PLACES_PER_BLOCK
        ahead.append(len(begun) - taken - 1)
    assert len(begun) == 20
    assert max(ahead) <= 3, "besides the one in hand, twice the threads less one"


def test_two_threads_are_at_work_at_once() -> None:
    together = threading.Barrier(2)
    met = [who for _, who in in_parallel(lambda _: together.wait(10), 1000)]
    assert sorted(met) == [0, 1]


def test_the_first_failure_ends_it_and_what_is_not_begun_is_left() -> None:
    begun = []

    def work(block: slice) -> None:
        begun.append(block.start)
        if block.start == 0:
            raise OSError("disk full")
        time.sleep(0.3)

    with pytest.raises(OSError, match="disk full"):
        list(in_parallel(work, 10_000))
    assert sorted(begun) in ([0, 500], [0, 500, 1000]), "two at work; the fourth had to wait"


def test_a_caller_that_stops_leaves_no_thread_behind() -> None:
    before = threading.active_count()
    results = in_parallel(lambda block: block.start, 10_000)
    assert next(results)[1] == 0
    results.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before


@pytest.mark.parametrize("index", ["spi_3", "spei_hy"])
def test_threads_change_no_bit(index: str) -> None:
    code, rain, demand = IndexCode.parse(index), rain_mm(landscapes=1700), pet_mm(landscapes=1700)
    rain[::12, ::7], rain[:, 5] = 0.0, 0.0

    def work(block: slice) -> tuple[Calibration, Panel]:
        drivers = Drivers(panel(rain[:, block]), panel(demand[:, block]))
        calibration = calibrate(code, drivers, PERIOD)
        return calibration, index_values(calibration, drivers)

    whole, at_once = work(slice(0, 1700))
    parts = [part for _, part in in_parallel(work, 1700)]
    threaded = joined([calibration for calibration, _ in parts])
    for name, values in whole.parameters.items():
        assert np.array_equal(values, threaded.parameters[name], equal_nan=True)
    for block, (_, values) in zip(blocks(1700), parts, strict=True):
        assert np.array_equal(values.values, at_once.values[:, block], equal_nan=True)
        assert np.array_equal(values.gaps, at_once.gaps[:, block])
