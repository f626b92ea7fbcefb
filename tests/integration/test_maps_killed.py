"""Maps killed with SIGKILL at many points: what was done is not done again, and the end is the same."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.local.postgres import EmbeddedPostgres
from pipeline.steps.installation import Installation
from tests.integration.mapped_world import (
    LAST,
    files_of_store,
    ingest,
    new_place,
    tables,
    whole_record,
    write_grid,
)

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
RECORD = len(whole_record(last=LAST))


Bring = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module")
def bring() -> Iterator[Bring]:
    """Bring the maps of a place in a process of its own; return its exit code and what it made."""
    program = [sys.executable, "-m", "tests.integration.killed_maps"]
    with subprocess.Popen(
        program, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        asking, answers = process.stdin, process.stdout
        assert asking is not None
        assert answers is not None

        def brought(place: Installation, mark: str = "-", writes: int = 0) -> tuple[int, str]:
            url = place.warehouse.url.render_as_string(hide_password=False)
            asked = {"url": url, "var": str(place.settings.var), "mark": mark, "writes": writes}
            asking.write(json.dumps(asked) + "\n")
            asking.flush()
            code, made = json.loads(answers.readline())
            return code, made

        yield brought


@pytest.fixture(scope="module")
def untouched(
    postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """The files are ingested, and no map was made."""
    folder = tmp_path_factory.mktemp("untouched")
    with new_place(postgres, folder) as place:
        ingest(place, write_grid(folder / "record.nc", whole_record()))
        yield place


@pytest.fixture(scope="module")
def undisturbed(
    postgres: EmbeddedPostgres,
    untouched: Installation,
    bring: Bring,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Files of the store and rows of the tables after a run that nothing disturbed."""
    with new_place(postgres, tmp_path_factory.mktemp("undisturbed"), untouched) as place:
        assert bring(place) == (
            0,
            f"spi_1:{RECORD} spi_12:{RECORD} spei_3:{RECORD} fitted:3 shares:{RECORD}",
        )
        return files_of_store(place), tables(place.warehouse)


@pytest.mark.parametrize(
    ("mark", "writes", "then"),
    [
        pytest.param(
            "climate of cells",
            40,
            f"spi_1:{RECORD} spi_12:{RECORD} spei_3:{RECORD} fitted:3 shares:{RECORD}",
            id="while the climate is laid into the store",
        ),
        pytest.param(
            "fit of spi_12",
            20,
            f"spi_12:{RECORD} spei_3:{RECORD} fitted:2 shares:{RECORD}",
            id="while the second fit is written",
        ),
        pytest.param(
            "maps of spi_12",
            200,
            f"spi_12:{RECORD} spei_3:{RECORD} fitted:1 shares:{RECORD}",
            id="while the maps of the second index are written",
        ),
        pytest.param(
            "fit of spei_3",
            0,
            f"spei_3:{RECORD} fitted:1 shares:{RECORD}",
            id="before the third index",
        ),
        pytest.param(
            f"area shares: {whole_record()[24]}",
            0,
            f"fitted:0 shares:{RECORD - 24}",
            id="after the first two years of shares",
        ),
    ],
)
def test_a_killed_run_goes_on_where_it_was_and_ends_the_same(
    postgres: EmbeddedPostgres,
    untouched: Installation,
    undisturbed: tuple[dict[str, str], dict[str, list[str]]],
    bring: Bring,
    tmp_path: Path,
    mark: str,
    writes: int,
    then: str,
) -> None:
    with new_place(postgres, tmp_path, untouched) as place:
        assert bring(place, mark, writes) == (-9, "")
        assert bring(place) == (0, then)
        assert files_of_store(place) == undisturbed[0]
        assert tables(place.warehouse) == undisturbed[1]


def test_killed_again_and_again_it_ends_the_same(
    postgres: EmbeddedPostgres,
    untouched: Installation,
    undisturbed: tuple[dict[str, str], dict[str, list[str]]],
    bring: Bring,
    tmp_path: Path,
) -> None:
    with new_place(postgres, tmp_path, untouched) as place:
        for mark, writes in (("climate", 5), ("fit of spi_1 ", 10), ("maps of spi_1 ", 100)):
            assert bring(place, mark, writes)[0] == -9
        assert bring(place)[0] == 0
        assert files_of_store(place) == undisturbed[0]
        assert tables(place.warehouse) == undisturbed[1]
