"""A drop folder: every file once, nothing moved, one bad file in nobody's way."""

from __future__ import annotations

import ftplib
import os
import zipfile
from datetime import timedelta
from pathlib import Path

import fsspec
import pytest

from pipeline.core.errors import InputError
from pipeline.core.ids import Product, Release
from pipeline.settings import Settings
from pipeline.sources.archive import checksum
from pipeline.steps.installation import Installation
from pipeline.steps.taking import GridWords
from pipeline.steps.waiting_files import (
    name_refused_files,
    refuse_unclean,
    take_waiting_files,
    watch_all,
)
from pipeline.steps.watch import watch
from tests.integration.conftest import NOW
from tests.integration.little_world import landscape, settle, told
from tests.unit.grids.raw import MODA, raw

pytestmark = pytest.mark.postgres

WORDS = GridWords("test", Release.FINAL, Product.MONTHLY_MEAN)
MONTHS = ["2020-01-01", "2020-02-01"]
GAUGES = "station_id,date,precipitation_mm\n38462,2020-12-30,1.5\n38462,2020-12-31,0\n"
AGENCY_TABLE = "post;day;rain\n38462;30.12.2020;1,5\n38462;31.12.2020;0\n"
LAYOUT = (
    'files: ["posts*.csv"]\n'
    "columns: {station_id: post, date: day, precipitation_mm: rain}\n"
    "date_format: DD.MM.YYYY\n"
)
DAILY = "TU000017074202101PRCP" + 28 * "   10   " + 3 * "-9999   " + "\n"
INDICATORS = (
    "indicator;landscape_id;issued_on;period_from;period_to;value;unit;document_number\n"
    "water_availability_forecast;A;2021-03-10;2021-04;2021-09;82,5;percent_of_norm;3/21\n"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "drop"
    made.mkdir()
    return made


def aged(path: Path, minutes: float = 10) -> Path:
    """Make a file look as if its writer were long done."""
    then = (NOW - timedelta(minutes=minutes)).timestamp()
    os.utime(path, (then, then))
    return path


def lay(path: Path, content: str | bytes, minutes: float = 10) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return aged(path, minutes)


def lay_grid(path: Path, rain_m: float = 1e-3) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    raw({"tp": rain_m}, MONTHS, history=MODA).to_netcdf(path, engine="netcdf4")
    return aged(path)


def looks(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Every file of a folder, with its bytes and its time."""
    return {
        str(path): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


def names(lines: list[str]) -> list[str]:
    return [line.partition(": ")[0] for line in lines]


# --- taken once -------------------------------------------------------------------------------


def test_each_kind_of_file_is_taken_by_its_content_whatever_its_name(
    installation: Installation, folder: Path
) -> None:
    settle(installation.warehouse, [landscape("A")])
    lay_grid(folder / "grids" / "test" / "final" / "readme.txt")
    lay(folder / "a.dat", GAUGES)
    lay(folder / "posts-2020.csv", AGENCY_TABLE)
    lay(folder / "z-layout.yml", LAYOUT)
    lay(folder / "b.nc", DAILY)
    lay(folder / "forecast.csv", INDICATORS)
    before = looks(folder)
    came = watch(installation, str(folder))
    assert came.refused == []
    assert names(came.taken) == [
        "a.dat", "b.nc", "forecast.csv", "grids/test/final/readme.txt", "posts-2020.csv",
    ]  # fmt: skip
    kinds = told(
        installation.warehouse,
        "SELECT name, kind, source FROM ops.file WHERE received_at > "
        "(SELECT min(received_at) FROM ops.file) ORDER BY name",
    )
    assert kinds == [
        ("a.dat", "stations", "agency"),
        ("b.nc", "stations", "ghcn-daily"),
        ("forecast.csv", "indicator", "agency-indicator"),
        ("posts-2020.csv", "stations", "agency"),
        ("readme.txt", "grid", "test"),
    ]
    again = watch(installation, str(folder))
    assert (again.taken, again.known, again.is_clean) == ([], 6, True)
    assert looks(folder) == before


def test_an_unchanged_listing_costs_no_reading(installation: Installation, folder: Path) -> None:
    path = lay(folder / "gauges.csv", GAUGES)
    watch(installation, str(folder))
    at = path.stat().st_mtime_ns
    path.write_bytes(b"\x00" * len(GAUGES))  # whoever read it would refuse it
    os.utime(path, ns=(at, at))
    came = watch(installation, str(folder))
    assert (came.taken, came.refused, came.known) == ([], [], 1)


def test_a_renamed_or_copied_file_is_known_by_its_checksum(
    installation: Installation, folder: Path
) -> None:
    path = lay_grid(folder / "rain.nc")
    watch(installation, str(folder), words=WORDS)
    lay(folder / "sub" / "copy.nc", path.read_bytes())
    path.rename(folder / "renamed.nc")
    came = watch(installation, str(folder), words=WORDS)
    assert (came.taken, came.refused, came.known) == ([], [], 2)
    assert told(installation.warehouse, "SELECT count(*) FROM ops.ingest") == [(1,)]


def test_changed_bytes_under_the_same_name_are_taken(
    installation: Installation, folder: Path
) -> None:
    lay(folder / "gauges.csv", GAUGES)
    watch(installation, str(folder))
    lay(folder / "gauges.csv", f"{GAUGES}38462,2021-01-01,2.5\n", minutes=5)
    came = watch(installation, str(folder))
    assert names(came.taken) == ["gauges.csv"]
    counts = (
        "SELECT n_read, n_stored, n_quarantined, n_unchanged FROM ops.ingest ORDER BY ingest_id"
    )
    assert told(installation.warehouse, counts) == [(2, 2, 0, 0), (3, 1, 0, 2)]


def test_what_was_ingested_by_hand_is_not_taken_again(
    installation: Installation, folder: Path
) -> None:
    """Else it would count as the newest file of its months."""
    from pipeline.steps.ingest import ingest_grid

    old = lay_grid(folder / "old.nc")
    ingest_grid(installation, old, source="test", release=Release.FINAL)
    when = "SELECT last_received_at FROM ops.file"
    before = told(installation.warehouse, when)
    came = watch(installation, str(folder), words=WORDS)
    assert (came.taken, came.known) == ([], 1)
    assert told(installation.warehouse, when) == before


def test_a_remote_folder_is_watched_like_a_local_one(
    installation: Installation, folder: Path
) -> None:
    store = fsspec.filesystem("memory")
    path = lay_grid(folder / "rain.nc")
    store.pipe_file("/drop/grids/test/final/rain.nc", path.read_bytes())
    store.pipe_file("/drop/posts.csv", AGENCY_TABLE.encode())
    store.pipe_file("/drop/layout.yaml", LAYOUT.encode())
    later = Installation(
        installation.settings, installation.warehouse, lambda: NOW + timedelta(days=365)
    )
    try:
        came = watch(later, "memory://drop")
        assert names(came.taken) == ["grids/test/final/rain.nc", "posts.csv"]
        again = watch(later, "memory://drop")
        assert (again.taken, again.known) == ([], 3)
        assert sorted(store.find("/drop")) == [
            "/drop/grids/test/final/rain.nc", "/drop/layout.yaml", "/drop/posts.csv",
        ]  # fmt: skip
    finally:
        store.rm("/drop", recursive=True)


# --- still being written ----------------------------------------------------------------------


def test_a_file_that_was_just_changed_waits_for_the_next_round(
    installation: Installation, folder: Path
) -> None:
    lay(folder / "gauges.csv", GAUGES, minutes=0.2)
    came = watch(installation, str(folder))
    assert (came.taken, came.waiting, came.is_clean) == ([], ["gauges.csv"], True)
    aged(folder / "gauges.csv", minutes=1)
    assert names(watch(installation, str(folder)).taken) == ["gauges.csv"]


def test_a_file_from_the_future_waits_until_two_listings_agree(
    installation: Installation, folder: Path
) -> None:
    lay(folder / "gauges.csv", GAUGES[:40], minutes=-60)
    assert watch(installation, str(folder)).waiting == ["gauges.csv"]
    lay(folder / "gauges.csv", GAUGES, minutes=-61)
    assert watch(installation, str(folder)).waiting == ["gauges.csv"]
    assert names(watch(installation, str(folder)).taken) == ["gauges.csv"]


def test_hidden_unfinished_and_lock_files_are_passed_over(
    installation: Installation, folder: Path
) -> None:
    for name in (".gauges.csv", "gauges.csv.part", "~$gauges.xlsx", ".git/config", "Thumbs.db"):
        lay(folder / name, GAUGES)
    came = watch(installation, str(folder))
    assert (came.taken, came.refused, came.waiting, came.known) == ([], [], [], 0)


# --- refused ----------------------------------------------------------------------------------


@pytest.fixture
def mixed(folder: Path) -> Path:
    """Bad files between good ones."""
    lay(folder / "1-good.csv", GAUGES)
    whole = lay_grid(folder / "2-cut.nc").read_bytes()
    lay(folder / "2-cut.nc", whole[: len(whole) // 2])
    lay(folder / "3-page.csv", "<html>404 Not Found</html>")
    lay(folder / "4-empty.csv", "")
    with zipfile.ZipFile(folder / "5-photos.zip", "w") as archive:
        archive.writestr("gauge.jpg", b"\xff\xd8\xff")
    aged(folder / "5-photos.zip")
    lay_grid(folder / "6-good.nc")
    return folder


def test_bad_files_are_kept_and_named_and_hold_up_no_other(
    installation: Installation, mixed: Path
) -> None:
    came = watch(installation, str(mixed), words=WORDS)
    assert names(came.taken) == ["1-good.csv", "6-good.nc"]
    assert names(came.refused) == ["2-cut.nc", "3-page.csv", "4-empty.csv", "5-photos.zip"]
    said = ("expected a whole file", "got a web page", "the file is empty", "got 'gauge.jpg'")
    assert [part for part, line in zip(said, came.refused, strict=True) if part not in line] == []
    kept = told(
        installation.warehouse,
        "SELECT name, archive_key, sha256, times FROM ops.refused_file ORDER BY name",
    )
    assert [name for name, *_ in kept] == names(came.refused)
    for name, key, sha256, times in kept:
        assert str(key).startswith(f"refused/{str(sha256)[:2]}/{sha256}")
        assert installation.archive.checksum_of(str(key)) == checksum(mixed / str(name))
        assert times == 1


def test_a_refused_file_is_not_tried_again_until_it_is_asked_for_or_changes(
    installation: Installation, folder: Path
) -> None:
    path = lay_grid(folder / "rain.nc")
    came = watch(installation, str(folder))
    assert [line for line in came.refused if "expected --source NAME" in line] == came.refused
    assert not came.is_clean
    with pytest.raises(InputError, match=r"1 refused.*rain\.nc"):
        refuse_unclean(came)
    lay(folder / "copy.nc", path.read_bytes())
    quiet = watch(installation, str(folder))
    assert (quiet.refused, quiet.known, quiet.is_clean) == ([], 2, True)
    after = watch(installation, str(folder), words=WORDS, again=True)
    assert names(after.taken) == ["copy.nc"]
    assert after.known == 1
    query = "SELECT f.name, r.accepted_at IS NOT NULL FROM ops.refused_file AS r JOIN ops.file AS f USING (file_id)"
    assert told(installation.warehouse, query) == [("copy.nc", True)]


def test_a_new_layout_lets_a_refused_table_be_tried_again(
    installation: Installation, folder: Path
) -> None:
    lay(folder / "posts.csv", AGENCY_TABLE)
    assert names(watch(installation, str(folder)).refused) == ["posts.csv"]
    lay(folder / "layout.yaml", LAYOUT)
    came = watch(installation, str(folder))
    assert names(came.taken) == ["posts.csv"]
    lay(folder / "posts-2.csv", AGENCY_TABLE.replace("2020", "2019"))
    assert names(watch(installation, str(folder)).taken) == ["posts-2.csv"]


def test_a_layout_that_cannot_be_understood_is_refused_with_its_fault(
    installation: Installation, folder: Path
) -> None:
    lay(folder / "layout.yaml", LAYOUT.replace("columns", "kolumns"))
    came = watch(installation, str(folder))
    assert names(came.refused) == ["layout.yaml"]
    assert "kolumns" in came.refused[0]


def test_a_file_that_cannot_be_kept_now_is_tried_in_the_next_round(
    installation: Installation, folder: Path, tmp_path: Path
) -> None:
    lay(folder / "page.csv", "<html>")
    lay(tmp_path / "occupied", "a file where a folder should be")
    url = (tmp_path / "occupied" / "archive").as_uri()
    broken = Installation(
        Settings(var=tmp_path / "var", archive_url=url), installation.warehouse, lambda: NOW
    )
    came = watch(broken, str(folder))
    assert (came.refused, names(came.troubled), came.is_clean) == ([], ["page.csv"], False)
    assert told(installation.warehouse, "SELECT count(*) FROM ops.watched") == [(0,)]
    assert names(watch(installation, str(folder)).refused) == ["page.csv"]


def test_a_folder_that_is_not_there_is_named_without_its_password(
    installation: Installation, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=r"nowhere: expected a folder to watch"):
        watch(installation, str(tmp_path / "nowhere"))
    with pytest.raises(InputError, match=r"^foo://host/in: expected a folder or a URL") as refused:
        watch(installation, "foo://user:hemlock@host/in")
    assert "hemlock" not in str(refused.value)


class SignInRefused(fsspec.AbstractFileSystem):  # type: ignore[misc]
    """Refuses as an FTP server does: with an error that is no `OSError`, the URL within."""

    protocol = "refusing"

    def isdir(self, path: str) -> bool:
        raise ftplib.error_perm(f"530 no entry to {path} with hemlock")  # noqa: S321


def test_a_folder_that_refuses_us_holds_up_no_other_and_shows_no_password(
    installation: Installation, folder: Path
) -> None:
    fsspec.register_implementation("refusing", SignInRefused, clobber=True)
    url = "refusing://user:hemlock@host/in?token=nightshade"
    lay(folder / "gauges.csv", GAUGES)
    settings = installation.settings.model_copy(update={"watch": [url, str(folder)]})
    came = watch_all(Installation(settings, installation.warehouse, lambda: NOW))
    assert names(came.taken) == ["gauges.csv"]
    (trouble,) = came.troubled
    assert trouble.startswith("refusing://host/in: cannot be read now: error_perm: 530")
    kept = told(installation.warehouse, "SELECT message FROM ops.outcome WHERE step = 'watch'")
    for secret in ("hemlock", "nightshade"):
        assert secret not in f"{trouble} {kept}"


def test_names_that_are_no_text_are_taken_refused_and_remembered(
    installation: Installation, folder: Path
) -> None:
    odd = folder / os.fsdecode(b"sub\xff")
    lay(odd / os.fsdecode(b"b\xe4d.csv"), "hello\n1\n")
    lay(odd / os.fsdecode(b"g\xe4uges.csv"), GAUGES)
    came = watch(installation, str(folder))
    assert (len(came.taken), len(came.refused), came.troubled) == (1, 1, [])
    again = watch(installation, str(folder))
    assert (again.known, again.is_clean) == (2, True)
    query = "SELECT message FROM ops.outcome WHERE step = 'ingest' AND state = 'failed'"
    assert "b\\udce4d.csv: line 1" in str(told(installation.warehouse, query)[0][0])


def test_a_file_an_older_version_took_without_counting_its_records_is_taken_anew(
    installation: Installation, folder: Path
) -> None:
    """It stored months only; the bytes are registered, the values are not."""
    lay(folder / "gauges.csv", GAUGES)
    watch(installation, str(folder))
    with installation.warehouse.begin() as connection:
        for table in ("ops.ingest", "ops.watched"):
            connection.exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608 - names above
    assert names(watch(installation, str(folder)).taken) == ["gauges.csv"]
    assert watch(installation, str(folder)).known == 1


# --- all folders of an installation -----------------------------------------------------------


@pytest.fixture
def two_folders(installation: Installation, folder: Path) -> Installation:
    settings = installation.settings.model_copy(update={"watch": [str(folder), "/nowhere"]})
    return Installation(settings, installation.warehouse, lambda: NOW)


def test_incoming_and_the_folders_of_the_settings_are_watched(
    two_folders: Installation, folder: Path
) -> None:
    incoming = two_folders.settings.incoming
    lay(incoming / "stations" / "agency" / "gauges.csv", GAUGES)
    lay(incoming / "stations" / "ghcn-daily" / "TU000017074.dly", DAILY)
    lay_grid(folder / "grids" / "test" / "final" / "rain.nc")
    lay(folder / "page.csv", "<html>")
    came = watch_all(two_folders)
    assert len(came.taken) == 3
    assert names(came.refused) == ["page.csv"]
    assert [line for line in came.troubled if "/nowhere: expected a folder" in line]


def test_the_task_counts_and_the_next_one_names_what_was_refused(
    two_folders: Installation, folder: Path
) -> None:
    lay(folder / "gauges.csv", GAUGES)
    lay(folder / "page.csv", "<html>")
    counts = take_waiting_files(two_folders)
    assert counts == [1, 1, 1]
    with pytest.raises(InputError, match=r"1 refused, and kept.*page\.csv: .*web page"):
        name_refused_files(two_folders, counts)
    again = take_waiting_files(two_folders)
    assert again == [0, 0, 1]
    with pytest.raises(InputError, match="1 could not be read or kept"):
        name_refused_files(two_folders, again)
    assert name_refused_files(two_folders, [3, 0, 0]) == 0
