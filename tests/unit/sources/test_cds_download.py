"""The replies to parts of a request, joined."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

from pipeline.sources.cds_download import join, md5_of


def test_parts_lie_in_the_joined_file_as_they_came(tmp_path: Path) -> None:
    parts = {"rain.nc": tmp_path / "1.part", "air.nc": tmp_path / "2.part"}
    for number, path in enumerate(parts.values()):
        path.write_bytes(os.urandom(1000 + number))
    join(parts, tmp_path / "whole.zip")
    with zipfile.ZipFile(tmp_path / "whole.zip") as archive:
        assert archive.namelist() == ["air.nc", "rain.nc"]
        assert {name: archive.read(name) for name in parts} == {
            name: path.read_bytes() for name, path in parts.items()
        }


def test_the_same_parts_make_the_same_bytes_at_any_time(tmp_path: Path) -> None:
    """So a month joined again after a kill is the file it was."""
    first = tmp_path / "a.part"
    first.write_bytes(b"rain")
    join({"b.nc": first, "a.nc": first}, tmp_path / "1.zip")
    os.utime(first, (0, 0))
    join({"a.nc": first, "b.nc": first}, tmp_path / "2.zip")
    assert (tmp_path / "1.zip").read_bytes() == (tmp_path / "2.zip").read_bytes()


def test_the_md5_is_that_of_the_content(tmp_path: Path) -> None:
    path = tmp_path / "empty"
    path.write_bytes(b"")
    assert md5_of(path) == "d41d8cd98f00b204e9800998ecf8427e"  # RFC 1321, A.5
