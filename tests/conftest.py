"""What all tests share: the real data beside the checkout, and a floor under their number."""

from __future__ import annotations

from pathlib import Path

import pytest

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
