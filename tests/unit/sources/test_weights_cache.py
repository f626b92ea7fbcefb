from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from shapely.geometry import box

from pipeline.landscapes.weights import AreaWeights, Grid, area_weights
from pipeline.sources import weights_cache
from pipeline.sources.weights_cache import cached_area_weights

GRID = Grid((41.5, 40.5), (60.5, 61.5))
LANDSCAPES = [box(60.2, 40.3, 61.7, 41.8), box(61.5, 41.0, 63.0, 41.5)]


def same(one: AreaWeights, other: AreaWeights) -> bool:
    return np.array_equal(one.cell_km2.toarray(), other.cell_km2.toarray()) and np.array_equal(
        one.total_km2, other.total_km2
    )


@pytest.fixture
def no_making(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> AreaWeights:
        raise AssertionError("the weights were made again")

    monkeypatch.setattr(weights_cache, "area_weights", refuse)


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    cached_area_weights(tmp_path, GRID, LANDSCAPES)
    [path] = tmp_path.iterdir()
    return path


def test_weights_are_made_once(kept: Path, no_making: None) -> None:
    assert same(cached_area_weights(kept.parent, GRID, LANDSCAPES), area_weights(GRID, LANDSCAPES))


def test_another_boundary_is_made_anew(kept: Path) -> None:
    moved = [LANDSCAPES[0], box(61.4, 41.0, 63.0, 41.5)]
    found = cached_area_weights(kept.parent, GRID, moved)
    assert same(found, area_weights(GRID, moved))
    assert len(list(kept.parent.iterdir())) == 2


@pytest.mark.parametrize(
    "lost",
    [
        pytest.param(lambda content: b"", id="empty"),
        pytest.param(lambda content: content[: len(content) // 2], id="half a file"),
        pytest.param(lambda content: b"nonsense" * 40, id="something else"),
        pytest.param(lambda content: content[:80] + bytes(40) + content[120:], id="a flipped part"),
    ],
)
def test_a_damaged_file_is_made_again(kept: Path, lost: object) -> None:
    assert callable(lost)
    kept.write_bytes(lost(kept.read_bytes()))
    expected = area_weights(GRID, LANDSCAPES)
    assert same(cached_area_weights(kept.parent, GRID, LANDSCAPES), expected)
    with np.load(kept) as repaired:
        assert np.array_equal(repaired["total_km2"], expected.total_km2)


def test_a_failure_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full_disk(*_: object, **__: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(np, "savez", full_disk)
    with pytest.raises(OSError, match="No space left"):
        cached_area_weights(tmp_path, GRID, LANDSCAPES)
    assert list(tmp_path.iterdir()) == []
