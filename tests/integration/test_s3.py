"""The archive and the grid store in an object store: moto's, over the wire, with the real client."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import boto3
import fsspec
import numpy as np
import pytest
from moto.server import ThreadedMotoServer
from zarr.core.buffer import Buffer
from zarr.storage import WrapperStore

from pipeline.core.errors import ConflictError, InputError
from pipeline.core.ids import Origin
from pipeline.core.months import Month
from pipeline.landscapes.weights import Grid
from pipeline.local.postgres import EmbeddedPostgres
from pipeline.settings import Settings
from pipeline.sources.archive import Archive
from pipeline.sources.grid_layout import zarr_store
from pipeline.sources.grid_store import GridStore, MapKind, stored_grids
from pipeline.sources.object_stores import ObjectStoreError
from pipeline.steps.cell_offers import RAIN
from pipeline.steps.checkup import Verdict
from pipeline.steps.doctor import doctor
from pipeline.steps.installation import Installation
from pipeline.steps.source_store import CLIMATE, opened
from pipeline.steps.take_maps import take_maps
from tests.integration.mapped_world import LAST, NOW, SOURCE, ingest, new_place, write_grid

BUCKET = "agency"
KEY, SECRET = "AKIATRIALTRIAL", secrets.token_urlsafe(24)
GRID = Grid((41.0, 40.0, 39.0), (60.0, 61.0, 62.0, 63.0))
RAINY = {"rain": MapKind("f4", None, "mm", "rain"), "spi": MapKind("i2", 1e-4, "1", "index")}
MONTHS = [Month(2020, 11) + n for n in range(4)]
SET = "climate"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    serving = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    serving.start()
    _, port = serving.get_host_and_port()
    yield f"http://127.0.0.1:{port}"
    serving.stop()


def settings_of_client(address: str) -> dict[str, str]:
    """The environment that an installation sets."""
    return {
        "FSSPEC_S3_ENDPOINT_URL": address,
        "FSSPEC_S3_KEY": KEY,
        "FSSPEC_S3_SECRET": SECRET,
    }


def talk_to(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """Set for this process what fsspec reads from the environment as it is imported."""
    given = {"endpoint_url": address, "key": KEY, "secret": SECRET}
    monkeypatch.setitem(fsspec.config.conf, "s3", given)


@pytest.fixture
def bucket(server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of an empty bucket."""
    talk_to(monkeypatch, server)
    client = client_of(server)
    client.create_bucket(Bucket=BUCKET)
    yield f"s3://{BUCKET}"
    for key in held(server):
        client.delete_object(Bucket=BUCKET, Key=key)
    client.delete_bucket(Bucket=BUCKET)


def client_of(server: str) -> boto3.client:
    return boto3.client(
        "s3",
        endpoint_url=server,
        aws_access_key_id=KEY,
        aws_secret_access_key=SECRET,
        region_name="us-east-1",
    )


def held(server: str) -> list[str]:
    pages = client_of(server).get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
    return [one["Key"] for page in pages for one in page.get("Contents", [])]


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """An object store that is away."""
    talk_to(monkeypatch, "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "rain.nc"
    path.write_bytes(np.random.default_rng(1).bytes(3_000_000))
    return path


# --- the archive ------------------------------------------------------------------------------


def test_a_file_is_kept_once_with_its_sidecar_and_nothing_beside(
    server: str, bucket: str, file: Path, tmp_path: Path
) -> None:
    archive = Archive(f"{bucket}/archive")
    raw = archive.keep(file, source="era5-land", sidecar={"asked": "first"})
    written = client_of(server).head_object(Bucket=BUCKET, Key=f"archive/{raw.archive_key}")
    assert archive.keep(file, source="era5-land", sidecar={"asked": "again"}) == raw
    again = client_of(server).head_object(Bucket=BUCKET, Key=f"archive/{raw.archive_key}")
    assert again["LastModified"] == written["LastModified"]
    assert held(server) == [f"archive/{raw.archive_key}", f"archive/{raw.archive_key}.json"]
    assert archive.size_of(raw.archive_key) == 3_000_000
    assert archive.checksum_of(raw.archive_key) == raw.sha256
    (tmp_path / "copies").mkdir()
    fetched = archive.fetch(raw.archive_key, tmp_path / "copies")
    assert fetched.read_bytes() == file.read_bytes()


def test_several_that_keep_the_same_file_at_once_keep_it_whole(
    server: str, bucket: str, file: Path
) -> None:
    keys: list[str] = []

    def keep() -> None:
        raw = Archive(f"{bucket}/archive").keep(file, source="s", sidecar={})
        keys.append(raw.archive_key)

    threads = [threading.Thread(target=keep) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 3
    assert held(server) == [f"archive/{keys[0]}", f"archive/{keys[0]}.json"]
    assert Archive(f"{bucket}/archive").checksum_of(keys[0]) in keys[0]


KILLED = """
import os, sys
from pathlib import Path
from pipeline.sources import archive

def chunks_until_killed(file):
    yield file.read(1 << 20)
    os.kill(os.getpid(), 9)

archive._chunks = chunks_until_killed
archive.Archive(sys.argv[1]).keep(Path(sys.argv[2]), source="s", sidecar={})
"""


def test_an_upload_that_was_killed_is_not_there_and_is_repeated(
    server: str, bucket: str, file: Path
) -> None:
    environment = {**os.environ, **settings_of_client(server)}
    run = subprocess.run(
        [sys.executable, "-c", KILLED, f"{bucket}/archive", str(file)],
        env=environment,
        check=False,
    )
    assert run.returncode == -9
    assert not [key for key in held(server) if key.endswith(".nc")]
    raw = Archive(f"{bucket}/archive").keep(file, source="s", sidecar={})
    assert Archive(f"{bucket}/archive").checksum_of(raw.archive_key) == raw.sha256


def test_what_was_changed_or_taken_away_in_the_bucket_is_said(
    server: str, bucket: str, file: Path, tmp_path: Path
) -> None:
    archive = Archive(f"{bucket}/archive")
    raw = archive.keep(file, source="s", sidecar={})
    key = f"archive/{raw.archive_key}"
    client_of(server).put_object(Bucket=BUCKET, Key=key, Body=b"x" * 3_000_000)
    with pytest.raises(ConflictError, match="was changed after it was archived"):
        archive.fetch(raw.archive_key, tmp_path)
    client_of(server).delete_object(Bucket=BUCKET, Key=key)
    assert archive.size_of(raw.archive_key) is None
    with pytest.raises(InputError, match="restore it from a backup"):
        archive.fetch(raw.archive_key, tmp_path)


def test_a_mistyped_bucket_is_not_made(server: str, bucket: str, file: Path) -> None:
    with pytest.raises(OSError, match="bucket does not exist"):
        Archive("s3://agencyy/archive").keep(file, source="s", sidecar={})
    names = [one["Name"] for one in client_of(server).list_buckets()["Buckets"]]
    assert names == [BUCKET]


@pytest.mark.usefixtures("nobody")
def test_an_object_store_that_is_away_is_trouble_outside(file: Path) -> None:
    """Then `drought run` goes on with what it can, and Airflow tries again."""
    with pytest.raises(ObjectStoreError, match=r"^DROUGHT_ARCHIVE_URL: .*keys in the environment"):
        Archive("s3://agency/archive").keep(file, source="s", sidecar={})
    with pytest.raises(ObjectStoreError, match=r"^DROUGHT_GRIDS_URL: ") as told:
        GridStore.open("s3://agency/grids", "s", GRID)
    assert isinstance(told.value, OSError)
    assert SECRET not in str(told.value)
    assert KEY not in str(told.value)


# --- the grid store ---------------------------------------------------------------------------


def maps(version: float) -> dict[str, np.ndarray]:
    rain = np.arange(4 * GRID.cells, dtype="f4").reshape(4, -1) + version
    return {"rain": rain, "spi": np.float64(rain / 1000)}


class Killed(BaseException):
    """As sudden as a kill: nothing is tidied up."""


class Mortal(WrapperStore):
    """A store whose writer dies before its `last`-th write."""

    def __init__(self, store: object, last: int = 10**9) -> None:
        super().__init__(store)
        self.left = last

    async def set(self, key: str, value: Buffer) -> None:
        self.left -= 1
        if self.left < 0:
            raise Killed(key)
        await super().set(key, value)


def test_a_month_is_whole_or_absent_whenever_its_writer_dies(bucket: str) -> None:
    url = f"{bucket}/grids/{SOURCE}/x.zarr"
    held_before = GridStore.within(zarr_store(url), url, SOURCE, GRID)
    held_before.define(SET, RAINY, attributes={})
    seen = []
    for writes in range(20):
        GridStore.within(zarr_store(url), url, SOURCE, GRID).write(SET, MONTHS, maps(0), [1] * 4)
        mortal = GridStore.within(Mortal(zarr_store(url), writes), url, SOURCE, GRID)
        try:
            mortal.write(SET, MONTHS[1:3], {n: m[1:3] for n, m in maps(500).items()}, [2, 2])
            is_done = True
        except Killed:
            is_done = False
        found = GridStore.within(zarr_store(url), url, SOURCE, GRID)
        numbers = found.fingerprints(SET)
        seen.append(numbers.get(MONTHS[1], 0))
        assert numbers == {
            m: n for m, n in zip(MONTHS, [1, seen[-1], seen[-1], 1], strict=True) if n
        }
        for month, number in numbers.items():
            expected = maps(500 if number == 2 else 0)["rain"][MONTHS.index(month)]
            assert np.array_equal(found.read(SET, "rain", [month])[0], expected)
        if is_done:
            break
    # Before the clearing; from it to the commit, which has two maps of two months and two counts.
    assert seen == [1, *[0] * 7, 2]


def test_what_one_machine_writes_another_sees_at_once(bucket: str) -> None:
    here, there = (
        GridStore.open(f"{bucket}/grids", SOURCE, GRID, origin=Origin.SIMULATED) for _ in range(2)
    )
    here.define(SET, RAINY, attributes={})
    for version in (1, 2):
        here.write(SET, MONTHS, maps(version), [version] * 4)
        assert there.fingerprints(SET) == dict.fromkeys(MONTHS, version)
        assert np.array_equal(there.read(SET, "rain", MONTHS), maps(version)["rain"])
    assert list(stored_grids(f"{bucket}/grids", SOURCE)) == [GRID]
    assert list(stored_grids(f"{bucket}/grids", "other")) == []


# --- an installation --------------------------------------------------------------------------


@pytest.fixture
def remote(postgres: EmbeddedPostgres, tmp_path: Path, bucket: str) -> Iterator[Installation]:
    with new_place(postgres, tmp_path) as place:
        settings = Settings(
            var=tmp_path / "var", archive_url=f"{bucket}/archive", grids_url=f"{bucket}/grids"
        )
        yield Installation(settings, place.warehouse, clock=lambda: NOW)


@pytest.mark.postgres
def test_the_maps_are_those_of_a_disk(
    remote: Installation, postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    months = [LAST - 13 + n for n in range(14)]
    path = write_grid(tmp_path / "months.nc", months)
    read = {}
    with new_place(postgres, tmp_path / "disk") as local:
        for place in (remote, local):
            ingest(place, path)
            take_maps(place, SOURCE, None, lambda what, done, of: None)
            store = opened(place, SOURCE)
            assert store is not None
            read[place.settings.grids] = (
                store.fingerprints(CLIMATE),
                store.read(CLIMATE, RAIN, months).tobytes(),
            )
    assert len(read) == 2
    assert len(set(map(repr, read.values()))) == 1
    assert not (remote.settings.var / "archive").exists()
    assert not (remote.settings.var / "grids").exists()


@pytest.mark.postgres
def test_the_doctor_looks_at_the_bucket_and_tells_no_key(
    remote: Installation,
    tmp_path: Path,
    server: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ingest(remote, write_grid(tmp_path / "months.nc", [LAST]))

    def looked() -> tuple[Verdict, str]:
        findings = list(doctor(lambda: remote.settings, lambda: remote.warehouse))
        (archive,) = (one for one in findings if one.check == "archive")
        assert SECRET not in repr(findings)
        return archive.verdict, archive.said

    assert looked() == (
        Verdict.OK,
        "can be written and read; all 1 files are there with their sizes",
    )
    (kept,) = (key for key in held(server) if key.endswith(".nc"))
    client_of(server).delete_object(Bucket=BUCKET, Key=kept)
    assert looked()[0] is Verdict.BROKEN
    talk_to(monkeypatch, "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    verdict, said = looked()
    assert verdict is Verdict.BROKEN
    assert said.startswith("DROUGHT_ARCHIVE_URL: the object store did not do as asked")
