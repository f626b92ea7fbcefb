"""What of the grid store may be deleted, as docs/runbooks/retention.md has it: not the fits."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from pipeline.core.months import Month
from pipeline.local.postgres import EmbeddedPostgres
from pipeline.steps.installation import Installation
from tests.integration.mapped_world import LAST, ingest, new_place, whole_record, write_grid
from tests.integration.test_maps import SPI_3, bring, maps_of

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

RECORD = whole_record(last=LAST - 1)
REVISED = Month(2019, 3)
"""In the calibration period; it comes again, after the fits were made."""


def stores(place: Installation) -> list[Path]:
    found = sorted((place.settings.var / "grids").rglob("*.zarr"))
    assert found
    return found


def test_maps_and_climate_come_back_from_the_archive_and_fits_only_from_a_copy(
    postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    with new_place(postgres, tmp_path) as place:
        ingest(place, write_grid(tmp_path / "record.nc", RECORD))
        bring(place, SPI_3)
        ingest(place, write_grid(tmp_path / "revised.nc", [REVISED], rain_factor=3.0))
        assert bring(place, SPI_3).fitted == []
        before = maps_of(place, SPI_3, RECORD)

        # Maps and the climate: the same to the last bit, and no share of area is another one.
        [store] = stores(place)
        for part in ("index", "climate"):
            shutil.rmtree(store / part)
        made = bring(place, SPI_3)
        assert (made.fitted, made.maps, made.share_rows) == ([], {SPI_3: len(RECORD)}, 0)
        np.testing.assert_array_equal(maps_of(place, SPI_3, RECORD), before)

        # All of it, and the copy of the fits laid back before anything is computed: the same.
        copy = shutil.copytree(store / "calibration", tmp_path / "copy")
        shutil.rmtree(store)
        shutil.copytree(copy, store / "calibration")
        made = bring(place, SPI_3)
        assert (made.fitted, made.share_rows) == ([], 0)
        np.testing.assert_array_equal(maps_of(place, SPI_3, RECORD), before)

        # All of it, without a copy: fitted anew, of the month as it is by now.
        shutil.rmtree(store)
        made = bring(place, SPI_3)
        assert made.fitted == [SPI_3]
        assert made.share_rows > 0
        march = RECORD.index(Month(2000, 3))
        assert not np.array_equal(maps_of(place, SPI_3, RECORD)[march], before[march])
