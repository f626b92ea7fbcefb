"""What all tests share: the real data beside the checkout, and a floor under their number."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

gc.set_threshold(20_000, 10, 10)
"""Thousands of modules and tests live to the end: Python's own numbers would have them searched for
garbage again and again."""

SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data beside the checkout; tests that need it skip where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"no real data: {SHARED_DATA.parent.name}/{SHARED_DATA.name} is not there")
    return SHARED_DATA


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--floor", type=int, default=0, help="fail if fewer tests are collected")


def pytest_collection_finish(session: pytest.Session) -> None:
    floor = session.config.getoption("--floor")
    if len(session.items) < floor:
        pytest.exit(
            f"tests: expected at least {floor} (tests/floor.txt), collected {len(session.items)}; "
            "a test was lost, or the floor must be lowered on purpose",
            returncode=1,
        )
