"""Work in blocks, done side by side by several processes, comes out as one process does it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from sqlalchemy import Engine, NullPool, create_engine, text

from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.errors import InputError
from pipeline.core.ids import CELL_INDEX_CODES
from pipeline.local.postgres import EmbeddedPostgres
from pipeline.settings import Settings
from pipeline.steps.blocks import do_block, hand_out
from pipeline.steps.compute import compute
from pipeline.steps.index_maps import bring_index_maps
from pipeline.steps.installation import Installation
from pipeline.steps.maps import bring_maps
from pipeline.warehouse.locks import one_of_several, only_writer
from tests.integration.beside import until
from tests.integration.mapped_world import (
    NOW,
    SOURCE,
    files_of_store,
    ingest,
    new_place,
    store_of,
    whole_record,
    write_grid,
)

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

DERIVED = (
    *("series.climate_month", "series.month_held", "series.climate_month_superseded"),
    *("index.value_month", "index.value_month_superseded", "index.calibration", "index.computed"),
    *("index.area_share", "index.area_share_superseded", "index.share_month"),
    *("index.cell_calibration", "ops.grid_month"),
)
OF_THE_RUN = {"known_from", "known_until", "computed_at", "fitted_at", "replaced_number"}

WORK = ("means", "climate", "maps", "shares")
PERIOD = CalibrationPeriod(1991, 2020)

Helpers = ProcessPoolExecutor


@pytest.fixture(scope="module")
def helpers() -> Iterator[Helpers]:
    """Two other processes, as on two machines."""
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        yield pool


@pytest.fixture(scope="module")
def record(
    postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """A record of thirty-one years in files of some years each; nothing is made of it."""
    folder = tmp_path_factory.mktemp("record")
    with new_place(postgres, folder) as place:
        months = whole_record()
        for start in range(0, len(months), 36):
            some = months[start : start + 36]
            ingest(place, write_grid(folder / f"{some[0]}.nc", some))
        yield place


@pytest.fixture(scope="module")
def alone(
    postgres: EmbeddedPostgres, record: Installation, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """The record as one process brings it."""
    folder = tmp_path_factory.mktemp("alone")
    with new_place(postgres, folder, copy_of=record) as place:
        compute(place)
        bring_maps(place)
        yield place


@pytest.fixture
def shared(
    postgres: EmbeddedPostgres, record: Installation, tmp_path: Path
) -> Iterator[Installation]:
    """The record once more, for the helpers."""
    with new_place(postgres, tmp_path / "shared", copy_of=record) as place:
        yield place


def in_another_process(url: str, var: str, block: str) -> int:
    place = Installation(
        Settings(var=Path(var)), create_engine(url, poolclass=NullPool), clock=lambda: NOW
    )
    return do_block(place, block)


def share(place: Installation, helpers: Helpers, work: str, leave: int = 0) -> list[list[str]]:
    """Have the blocks of `work` done by the helpers, from the last to the first but `leave` of them.

    Return what is named in each block.
    """
    blocks = hand_out(place, work)
    url = place.warehouse.url.render_as_string(hide_password=False)
    begun = [
        helpers.submit(in_another_process, url, str(place.settings.var), block)
        for block in reversed(blocks[leave:])
    ]
    named = [block.split()[1:] for block in blocks]
    assert sum(one.result() for one in begun) == sum(map(len, named[leave:]))
    return named


def rows(warehouse: Engine) -> dict[str, list[str]]:
    """Every row of what is derived, but for when it was."""
    with warehouse.connect() as connection:
        of_files = connection.execute(text("SELECT file_id, sha256 FROM ops.file")).all()
        files = {file_id: sha256 for file_id, sha256 in of_files}  # noqa: C416 - rows are no pairs
        found = {
            name: list(connection.scalars(text(f"SELECT to_jsonb(t) FROM {name} AS t")))  # noqa: S608
            for name in DERIVED
        }
    return {name: sorted(_plain(row, files) for row in held) for name, held in found.items()}


def _plain(row: dict[str, object], files: dict[object, str]) -> str:
    kept = {key: value for key, value in row.items() if key not in OF_THE_RUN}
    if kept.get("file_id") is not None:
        kept["file_id"] = files[kept["file_id"]]
    return json.dumps(kept, sort_keys=True)


def assert_equal(shared: Installation, alone: Installation) -> None:
    expected, found = rows(alone.warehouse), rows(shared.warehouse)
    assert {name: len(held) for name, held in found.items()} == {
        name: len(held) for name, held in expected.items()
    }
    assert found == expected


def test_a_record_in_blocks_side_by_side_is_that_of_one_process(
    alone: Installation, shared: Installation, helpers: Helpers
) -> None:
    """As `compute_indices` goes; one block of each kind is left to the step after it."""
    years = share(shared, helpers, "means", leave=1)
    assert [len(months) for months in years] == [48, 60, 60, 60, 60, 60, 24]
    compute(shared)
    assert share(shared, helpers, "climate", leave=1) == years
    indices = share(shared, helpers, "maps", leave=1)
    assert [len(some) for some in indices] == [3, 3, 3, 3, 3, 3]
    assert {name for some in indices for name in some} == set(map(str, CELL_INDEX_CODES))
    # Shares are not taken of maps of which some are not made yet.
    assert hand_out(shared, "shares") == []
    run = bring_index_maps(shared, store_of(shared), SOURCE, PERIOD)
    assert [str(index) for index in run.fitted] == indices[0]
    assert run.maps.keys() == set(run.fitted)
    assert share(shared, helpers, "shares", leave=1) == years
    made = bring_maps(shared)
    assert (made.fitted, made.maps, made.share_months) == ([], {}, len(years[0]))
    assert_equal(shared, alone)
    assert files_of_store(shared) == files_of_store(alone)
    assert [hand_out(shared, work) for work in WORK] == [[]] * len(WORK)
    kinds = {name for name, held in rows(shared.warehouse).items() if held}
    assert kinds == {name for name in DERIVED if not name.endswith("_superseded")}


def test_means_that_were_all_revised_are_too(
    postgres: EmbeddedPostgres, alone: Installation, helpers: Helpers, tmp_path: Path
) -> None:
    """Rows that triggers keep for all months are written by every block: none waits crosswise."""
    revised = write_grid(tmp_path / "revised.nc", whole_record(), rain_factor=1.25)
    with (
        new_place(postgres, tmp_path / "one", copy_of=alone) as one,
        new_place(postgres, tmp_path / "several", copy_of=alone) as several,
    ):
        for place in (one, several):
            ingest(place, revised)
        share(several, helpers, "means")
        assert hand_out(several, "means") == []
        for place in (one, several):
            compute(place)
        assert_equal(several, one)
        assert rows(one.warehouse)["series.climate_month_superseded"]


def test_a_fresh_block_is_not_handed_out_twice(shared: Installation) -> None:
    blocks = hand_out(shared, "means")
    assert do_block(shared, blocks[-1]) == 24
    assert hand_out(shared, "means") == blocks[:-1]


def test_a_block_that_fails_is_seen_and_one_that_is_done_says_nothing(
    shared: Installation,
) -> None:
    """`drought status` has one line for a step: the step's own, or the newest failure."""
    place = shared
    first, second, *_ = hand_out(place, "means")
    do_block(place, first)
    assert outcomes(place) == []
    for path in (place.settings.var / "archive").rglob("*.nc"):
        path.unlink()
    with pytest.raises(InputError, match="which the warehouse knows"):
        do_block(place, second)
    assert outcomes(place) == [("compute", "failed")]


def outcomes(place: Installation) -> list[tuple[object, ...]]:
    with place.warehouse.connect() as connection:
        query = "SELECT step, state FROM ops.outcome WHERE step IN ('compute', 'maps') ORDER BY outcome_id"
        return [tuple(row) for row in connection.execute(text(query))]


# --- who waits for whom -----------------------------------------------------------------------


class Elsewhere:
    """Somebody who does parts of a computation, in a thread."""

    def __init__(self, warehouse: Engine, parts: Sequence[str]) -> None:
        self.is_in, self.may_leave = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._work, args=(warehouse, parts))
        self._thread.start()

    def _work(self, warehouse: Engine, parts: Sequence[str]) -> None:
        with one_of_several(warehouse, parts):
            self.is_in.set()
            self.may_leave.wait(60)

    def leave(self) -> None:
        self.may_leave.set()
        self._thread.join(60)


def waiting(warehouse: Engine) -> int:
    """How many wait for an advisory lock."""
    with warehouse.connect() as connection:
        return connection.execute(
            text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        ).scalar_one()


def test_other_parts_go_on_and_the_same_part_waits(warehouse: Engine) -> None:
    one = Elsewhere(warehouse, ["maps spi_1", "maps spi_3"])
    assert one.is_in.wait(60)
    other = Elsewhere(warehouse, ["maps spi_6"])
    assert other.is_in.wait(60)
    again = Elsewhere(warehouse, ["maps spi_3", "maps spi_9"])
    until(lambda: waiting(warehouse) == 1)
    assert not again.is_in.is_set()
    one.leave()
    assert again.is_in.wait(60)
    other.leave()
    again.leave()


def test_nobody_decides_while_a_part_is_done(warehouse: Engine) -> None:
    part = Elsewhere(warehouse, ["means 2020-01"])
    assert part.is_in.wait(60)
    decided = threading.Event()

    def decide() -> None:
        with only_writer(warehouse):
            decided.set()

    deciding = threading.Thread(target=decide)
    deciding.start()
    until(lambda: waiting(warehouse) == 1)
    assert not decided.is_set()
    # Who asks for a part now comes after the decision: it does not wait for ever.
    late = Elsewhere(warehouse, ["means 2020-02"])
    until(lambda: waiting(warehouse) == 2)
    part.leave()
    assert late.is_in.wait(60)
    assert decided.is_set()
    late.leave()
    deciding.join(60)
