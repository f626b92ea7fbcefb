"""The archive keeps bytes as they came, once, and says when they are no longer those."""

from __future__ import annotations

import json
import os
import tracemalloc
from pathlib import Path

import fsspec
import pytest

from pipeline.core.errors import ConflictError, InputError
from pipeline.sources.archive import REFUSED, Archive, ChangedMeanwhileError

CONTENT = b"rain, as it came"


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive((tmp_path / "archive").as_uri())


@pytest.fixture
def came(tmp_path: Path) -> Path:
    path = tmp_path / "came.NC"
    path.write_bytes(CONTENT)
    return path


def test_bytes_are_kept_as_they_came_beside_a_sidecar(
    archive: Archive, came: Path, tmp_path: Path
) -> None:
    raw = archive.keep(came, source="cfsr", sidecar={"release": "final"})
    kept = archive.fetch(raw.archive_key, tmp_path)
    assert kept.read_bytes() == CONTENT
    sidecar = json.loads(kept.with_name(f"{kept.name}.json").read_text())
    assert (sidecar["release"], sidecar["name"], sidecar["size_bytes"]) == (
        "final",
        "came.NC",
        len(CONTENT),
    )
    assert sidecar["sha256"] == raw.sha256 == kept.stem


def test_the_same_bytes_are_written_once(archive: Archive, came: Path, tmp_path: Path) -> None:
    first = archive.keep(came, source="cfsr", sidecar={})
    written = archive.fetch(first.archive_key, tmp_path).stat().st_mtime_ns
    assert archive.keep(came, source="cfsr", sidecar={}) == first
    assert archive.fetch(first.archive_key, tmp_path).stat().st_mtime_ns == written


def test_a_copy_cut_short_is_mended_by_the_right_bytes(
    archive: Archive, came: Path, tmp_path: Path
) -> None:
    raw = archive.keep(came, source="cfsr", sidecar={})
    archive.fetch(raw.archive_key, tmp_path).write_bytes(b"")
    with pytest.raises(ConflictError, match="was changed after it was archived"):
        archive.fetch(raw.archive_key, tmp_path)
    archive.keep(came, source="cfsr", sidecar={})
    assert archive.fetch(raw.archive_key, tmp_path).read_bytes() == CONTENT


def test_what_is_gone_is_asked_for(archive: Archive, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="restore it from a backup, or ingest the file again"):
        archive.fetch("cfsr/00/0000.nc", tmp_path)


def test_a_remote_archive_gives_a_local_copy(came: Path, tmp_path: Path) -> None:
    remote = Archive("memory://archive-of-this-test")
    raw = remote.keep(came, source="cfsr", sidecar={})
    folder = tmp_path / "copies"
    folder.mkdir()
    assert remote.fetch(raw.archive_key, folder).read_bytes() == CONTENT


@pytest.mark.parametrize("url", ["bogus://x", "sftp://user:secret@host/x"])
def test_a_url_that_cannot_be_opened_names_the_setting_and_no_secret(url: str, came: Path) -> None:
    with pytest.raises(InputError, match="DROUGHT_ARCHIVE_URL: expected a URL") as refused:
        Archive(url).keep(came, source="cfsr", sidecar={})
    assert "secret" not in str(refused.value)


def test_a_file_larger_than_a_chunk_is_copied_in_chunks(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.sources.archive.CHUNK_BYTES", 1000)
    path = tmp_path / "large.nc"
    path.write_bytes(bytes(range(250)) * 11)
    raw = archive.keep(path, source="cfsr", sidecar={})
    assert archive.size_of(raw.archive_key) == 2750
    assert archive.checksum_of(raw.archive_key) == raw.sha256


def test_a_large_file_is_kept_in_bounded_memory(archive: Archive, tmp_path: Path) -> None:
    path = tmp_path / "large.nc"
    with path.open("wb") as file:
        file.truncate(64 << 20)
    tracemalloc.start()
    archive.keep(path, source="cfsr", sidecar={})
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 << 20


def test_a_file_that_changes_while_it_is_copied_is_not_kept(
    archive: Archive, came: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its bytes would lie under the checksum of others."""
    monkeypatch.setattr("pipeline.sources.archive.checksum", lambda path: "0" * 64)
    with pytest.raises(ChangedMeanwhileError, match="changed while it was copied"):
        archive.keep(came, source="cfsr", sidecar={})
    assert [path.suffix for path in tmp_path.rglob("archive/**/*") if path.is_file()] == [".json"]


def test_an_empty_file_is_kept_too(archive: Archive, tmp_path: Path) -> None:
    path = tmp_path / "empty.csv"
    path.touch()
    raw = archive.keep(path, source=REFUSED, sidecar={"reason": "empty"})
    assert archive.size_of(raw.archive_key) == raw.size_bytes == 0


@pytest.mark.parametrize("name", ["rain.nc; rm -r", "rain.дождь", "rain.averylongsuffix", "rain"])
def test_an_odd_ending_of_a_name_does_not_become_part_of_the_key(
    archive: Archive, tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    path.write_bytes(CONTENT)
    raw = archive.keep(path, source="cfsr", sidecar={})
    assert raw.archive_key == f"cfsr/{raw.sha256[:2]}/{raw.sha256}"
    assert raw.name == name


def test_a_name_in_another_encoding_is_written_out(archive: Archive, tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"\xe4\xee\xe6\xe4\xfc.csv")
    path.write_bytes(CONTENT)
    raw = archive.keep(path, source="cfsr", sidecar={})
    assert raw.name == r"\udce4\udcee\udce6\udce4\udcfc.csv"


@pytest.mark.parametrize("url", ["archive", "memory://probed"])
def test_a_probe_leaves_nothing_behind(tmp_path: Path, url: str) -> None:
    archive = Archive(url if "://" in url else (tmp_path / url).as_uri())
    archive.probe()
    store, root = fsspec.core.url_to_fs(archive.url)
    assert store.find(root) == []
    assert archive.size_of("cfsr/ab/abcd") is None
