"""What this machine has to give."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.sources import machine


def test_its_memory_is_what_the_system_says_of_it(tmp_path: Path) -> None:
    said = Path("/proc/meminfo").read_text().split()
    assert machine.memory(tmp_path) == int(said[said.index("MemTotal:") + 1]) * 1024


@pytest.mark.parametrize(
    "place", ["sys/fs/cgroup/memory.max", "sys/fs/cgroup/memory/memory.limit_in_bytes"]
)
def test_a_container_has_less(tmp_path: Path, place: str) -> None:
    whole, path = machine.memory(tmp_path), tmp_path / place
    path.parent.mkdir(parents=True)
    path.write_text("104857600\n")
    assert machine.memory(tmp_path) == 100 << 20
    for no_limit in ("max\n", "9223372036854771712\n"):
        path.write_text(no_limit)
        assert machine.memory(tmp_path) == whole
