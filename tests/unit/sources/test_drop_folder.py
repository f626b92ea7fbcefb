"""A drop folder lists what lies there and changes nothing."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import fsspec
import pytest

from pipeline.core.errors import InputError
from pipeline.sources.drop_folder import (
    SETTLES_AFTER,
    DropFolder,
    ListedFile,
    is_passed_over,
    is_settled,
)

NOW = datetime(2026, 11, 8, 6, tzinfo=UTC)


def listed(changed_at: datetime | None, stamp: str | None = "a") -> ListedFile:
    return ListedFile("rain.nc", 10, changed_at, stamp)


def test_files_are_listed_with_size_and_time(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b.csv").write_text("123")
    (tmp_path / "a.csv").write_text("1")
    os.utime(tmp_path / "a.csv", (NOW.timestamp(), NOW.timestamp()))
    first, second = DropFolder(str(tmp_path)).files()
    assert (first.path, first.size_bytes, first.changed_at) == ("a.csv", 1, NOW)
    assert (second.path, second.size_bytes) == ("sub/b.csv", 3)


def test_links_to_files_are_listed_and_pipes_and_loops_are_not(tmp_path: Path) -> None:
    folder = tmp_path / "drop"
    folder.mkdir()
    (tmp_path / "elsewhere.csv").write_text("123")
    (folder / "link.csv").symlink_to(tmp_path / "elsewhere.csv")
    (folder / "loop").symlink_to(folder)
    (folder / "broken").symlink_to(folder / "nothing")
    os.mkfifo(folder / "pipe")
    assert [(file.path, file.size_bytes) for file in DropFolder(str(folder)).files()] == [
        ("link.csv", 3)
    ]


@pytest.mark.parametrize(
    ("path", "is_passed"),
    [
        ("rain.nc", False),
        ("~rain.nc", False),
        (".rain.nc", True),
        (".hidden/rain.nc", True),
        ("a/~$rain.xlsx", True),
        ("rain.nc.part", True),
        ("rain.nc.FILEPART", True),
        ("rain.nc~", True),
        ("a/Thumbs.db", True),
    ],
)
def test_names_that_say_unfinished_or_not_ours_are_passed_over(path: str, is_passed: bool) -> None:
    assert is_passed_over(path) is is_passed


def test_a_file_is_settled_some_time_after_its_last_change() -> None:
    assert is_settled(listed(NOW - SETTLES_AFTER), None, NOW)
    assert not is_settled(listed(NOW - SETTLES_AFTER + timedelta(seconds=1)), (10, "a"), NOW)


@pytest.mark.parametrize("changed_at", [None, NOW + timedelta(days=1)])
def test_without_a_time_that_can_be_two_listings_must_agree(changed_at: datetime | None) -> None:
    assert not is_settled(listed(changed_at), None, NOW)
    assert not is_settled(listed(changed_at), (9, "a"), NOW)
    assert not is_settled(listed(changed_at), (10, "b"), NOW)
    assert is_settled(listed(changed_at), (10, "a"), NOW)


def test_a_local_file_is_read_where_it_lies(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("1")
    folder = DropFolder(str(tmp_path))
    (file,) = folder.files()
    assert folder.local_copy(file, tmp_path / "unused") == tmp_path / "a.csv"


def test_a_file_that_grew_since_it_was_listed_is_left(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("1")
    folder = DropFolder(str(tmp_path))
    (file,) = folder.files()
    (tmp_path / "a.csv").write_text("12")
    assert folder.local_copy(file, tmp_path) is None


def test_a_remote_file_is_fetched(tmp_path: Path) -> None:
    store = fsspec.filesystem("memory")
    store.pipe_file("/drop/sub/a.csv", b"123")
    try:
        folder = DropFolder("memory://drop")
        (file,) = folder.files()
        assert file.path == "sub/a.csv"
        path = folder.local_copy(file, tmp_path)
        assert path is not None
        assert path.read_bytes() == b"123"
        store.pipe_file("/drop/sub/a.csv", b"456")
        assert folder.local_copy(file, tmp_path) is None
    finally:
        store.rm("/drop", recursive=True)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        pytest.param("/data/drop/", "/data/drop", id="a path"),
        pytest.param("file:///data/drop", "/data/drop", id="the same as a URL"),
        pytest.param("ftp://me:secret@host:21/in", "ftp://host:21/in", id="without the password"),
        pytest.param("s3://bucket/in?token=secret", "s3://bucket/in", id="without the query"),
    ],
)
def test_a_folder_has_one_name_that_can_be_shown(url: str, name: str) -> None:
    assert DropFolder(url).name == name
    assert "secret" not in repr(DropFolder(url))


@pytest.mark.parametrize("url", ["/no/such/folder", "memory://no-such-folder", "foo://in"])
def test_a_folder_that_cannot_be_is_refused(url: str) -> None:
    with pytest.raises(InputError, match=f"^{url}: expected a folder"):
        DropFolder(url).files()
