"""The archive keeps bytes as they came, once, and says when they are no longer those."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.core.errors import ConflictError, InputError
from pipeline.sources.archive import Archive

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
