"""How long the site takes: to read it, to word and draw it, and beside that merely to write its bytes.

Run it on a finished demo: ``DROUGHT_VAR=var/demo .venv/bin/python -m benchmarks.publish``. It writes into a
folder of its own, and nothing into the warehouse.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from pipeline import wiring
from pipeline.delivery.site.building import site_files
from pipeline.delivery.site.facts import SiteFacts
from pipeline.steps.installation import Installation
from pipeline.steps.site import publish_site
from pipeline.steps.site_facts import internal_facts

Made = TypeVar("Made")
Files = dict[str, bytes]


def timed(work: Callable[[], Made]) -> tuple[Made, float, float]:
    """Return what `work` made, and the seconds of the clock and of this process."""
    wall, cpu = time.perf_counter(), time.process_time()
    made = work()
    return made, time.perf_counter() - wall, time.process_time() - cpu


def read(installation: Installation) -> SiteFacts:
    with installation.warehouse.connect() as connection:
        return internal_facts(installation, connection)


def written(files: Files, folder: Path) -> None:
    """Write and settle the same bytes under the same names, as plainly as can be."""
    for path, content in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())


def half(facts: SiteFacts) -> SiteFacts:
    """The same site with every other landscape."""
    kept = [land for land in facts.landscapes if land.number % 2 == 0]
    lands = [replace(land, number=number) for number, land in enumerate(kept)]
    return replace(facts, landscapes=tuple(lands))


def main() -> None:
    """Print a line for each part of the work, and how it compares."""
    installation = wiring.installation(reads_only=True)
    list(site_files(read(installation)))  # templates and catalogues are read once a process
    facts, *reading = timed(lambda: read(installation))
    facts = replace(facts, bulletins=())
    files, *making = timed(lambda: dict(site_files(facts)))
    fewer, *making_half = timed(lambda: dict(site_files(half(facts))))
    with tempfile.TemporaryDirectory(dir=installation.settings.var) as folder:
        _, *writing = timed(lambda: written(files, Path(folder) / "plain"))
        whole, *publishing = timed(lambda: publish_site(installation, to=Path(folder) / "site"))
    size = sum(map(len, files.values()))
    print(f"{len(facts.landscapes)} landscapes, {len(facts.languages)} languages: "
          f"{len(files)} files, {size / 1e6:.1f} MB, first view {whole.first_view / 1e3:.0f} KB")  # fmt: skip
    for name, (wall, cpu) in {
        "plain writing of the same bytes": writing,
        "reading the warehouse": reading,
        "words, drawings, pages": making,
        "the whole of publish_site": publishing,
    }.items():
        print(f"{name:32} {wall:7.2f} s   {cpu:7.2f} s of CPU   {wall / writing[0]:6.1f} x plain")
    per_file = (making[1] / len(files)) / (making_half[1] / len(fewer))
    print(f"CPU a file with all landscapes to CPU a file with half of them: {per_file:.2f}")


if __name__ == "__main__":
    main()
