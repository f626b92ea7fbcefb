"""The unmodified `cdsapi` client, and our adapter on it, against the simulated data store."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import cdsapi
import numpy as np
import pytest
import requests
import xarray as xr

from pipeline.core.errors import InputError, NotPublishedError
from pipeline.core.months import Month
from pipeline.local import simulated_climate
from pipeline.local.data_store import DataStore
from pipeline.local.store_desk import Behaviour
from pipeline.sources import cds

NEWEST = Month(2026, 10)
URL = "http://127.0.0.1:9/api"
"""Nothing listens there."""
BOX = cds.Area(42.0, 68.0, 40.0, 71.0)
NOON = datetime(2026, 11, 7, 12, tzinfo=UTC)
ASKED = cds.request([Month(2026, 7), Month(2026, 10)], BOX)

Open = Callable[..., DataStore]


@pytest.fixture(autouse=True)
def empty_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No `~/.cdsapirc`, no settings, no proxy: only what a test passes may be used."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    for name in ("CDSAPI_URL", "CDSAPI_KEY", "CDSAPI_RC"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def opened() -> Iterator[Open]:
    """Opens stores that are closed after the test."""
    stores: list[DataStore] = []

    def open_store(behaviour: Behaviour | None = None) -> DataStore:
        store = DataStore(NEWEST, behaviour=behaviour or Behaviour(queue_polls=0))
        stores.append(store)
        return store.__enter__()

    yield open_store
    for store in stores:
        store.__exit__(None, None, None)


def access(store: DataStore) -> cds.CdsAccess:
    return cds.CdsAccess(store.url, store.key, tries=3, seconds_between_tries=0.02)


def fetch(store: DataStore, target: Path, asked: cds.Request = ASKED) -> cds.FetchedFile:
    return cds.fetch(access(store), asked, target, clock=lambda: NOON)


class TestTheStoreBesideTheRealOne:
    def test_the_bare_client_retrieves_a_file(self, opened: Open, tmp_path: Path) -> None:
        store = opened()
        client = cdsapi.Client(store.url, store.key, quiet=True, progress=False)
        target = client.retrieve(cds.DATASET, ASKED, str(tmp_path / "july.nc"))
        with xr.open_dataset(target) as file:
            assert set(file.data_vars) == {"tp", "t2m", "d2m", "u10", "v10", "ssrd", "sp"}

    def test_a_job_is_queued_then_runs_then_is_done_then_forgotten(self, opened: Open) -> None:
        store = opened(Behaviour(queue_polls=2))
        remote = access(store).client().retrieve(cds.DATASET, ASKED)
        states = [remote.status for _ in range(4)]
        assert states == ["accepted", "accepted", "running", "successful"]
        remote.delete()
        with pytest.raises(requests.HTTPError, match="not found"):
            _ = remote.status

    def test_it_says_what_a_request_costs_and_whose_key_it_is(self, opened: Open) -> None:
        client = access(opened(Behaviour(max_cost=100, queue_polls=0))).client().client
        assert client.estimate_costs(cds.DATASET, ASKED)["cost"] == 14
        assert client.check_authentication()["id"] == "simulated"
        assert client.get_accepted_licences() != []

    def test_a_result_is_not_there_before_its_time(self, opened: Open) -> None:
        store = opened(Behaviour(queue_polls=5))
        remote = access(store).client().retrieve(cds.DATASET, ASKED)
        url = f"{store.url}/retrieve/v1/jobs/{remote.request_id}/results"
        reply = requests.get(url, headers={"PRIVATE-TOKEN": store.key}, timeout=5)
        assert (reply.status_code, reply.json()["title"]) == (404, "job results not ready")

    def test_a_body_that_is_no_request_is_refused(self, opened: Open) -> None:
        store = opened()
        url = f"{store.url}/retrieve/v1/processes/{cds.DATASET}/execution"
        reply = requests.post(url, data=b"{", headers={"PRIVATE-TOKEN": store.key}, timeout=5)
        assert reply.status_code == 422


class TestTheFile:
    def test_it_has_the_layout_of_the_cds_and_says_that_it_is_simulated(
        self, opened: Open, tmp_path: Path
    ) -> None:
        fetched = fetch(opened(), tmp_path / "2026.nc")
        with xr.open_dataset(fetched.path) as file:
            assert file["tp"].dims == ("valid_time", "latitude", "longitude")
            assert list(file["latitude"].to_numpy()) == [42.0, 41.5, 41.0, 40.5, 40.0]
            assert file["longitude"].to_numpy()[[0, -1]].tolist() == [68.0, 71.0]
            assert file["valid_time"].dt.strftime("%Y-%m-%d %H").to_numpy().tolist() == [
                "2026-07-01 00",
                "2026-10-01 00",
            ]
            assert file["expver"].to_numpy().tolist() == ["0001", "0005"]
            assert file["number"].item() == 0
            units = {name: file[name].attrs["units"] for name in ("tp", "t2m", "ssrd", "sp", "u10")}
            assert units == {
                "tp": "m",
                "t2m": "K",
                "ssrd": "J m**-2",
                "sp": "Pa",
                "u10": "m s**-1",
            }
            assert file.attrs["origin"] == "simulated"
            assert "SIMULATED" in file.attrs["title"]
            assert '"stream": ["moda"]' in file.attrs["history"]

    def test_its_values_are_those_of_the_simulated_climate(
        self, opened: Open, tmp_path: Path
    ) -> None:
        fetched = fetch(opened(), tmp_path / "2026.nc")
        expected = simulated_climate.fields(Month(2026, 10))
        grid = simulated_climate.climatology()
        row = int(np.flatnonzero(grid.latitude == 41.0).item())
        column = int(np.flatnonzero(grid.longitude == 69.5).item())
        with xr.open_dataset(fetched.path) as file:
            cell = file.sel(valid_time="2026-10-01", latitude=41.0, longitude=69.5)
            for name, values in expected.items():
                assert cell[name].item() == pytest.approx(values[row, column], rel=1e-6, abs=1e-9)

    def test_one_release_needs_no_axis_for_it(self, opened: Open, tmp_path: Path) -> None:
        asked = cds.request([Month(1999, 1), Month(1999, 2)], BOX, ["2m_temperature"])
        with xr.open_dataset(fetch(opened(), tmp_path / "1999.nc", asked).path) as file:
            assert (file["expver"].dims, file["expver"].item()) == ((), "0001")
            assert list(file.data_vars) == ["t2m"]

    def test_months_not_out_yet_are_left_out_when_others_are(
        self, opened: Open, tmp_path: Path
    ) -> None:
        asked = cds.request([Month(2026, 10), Month(2026, 11)], BOX)
        with xr.open_dataset(fetch(opened(), tmp_path / "2026.nc", asked).path) as file:
            assert file["valid_time"].dt.month.to_numpy().tolist() == [10]

    def test_a_zip_holds_one_file_a_step_type(self, opened: Open, tmp_path: Path) -> None:
        asked = {**ASKED, "download_format": "zip"}
        fetched = fetch(opened(), tmp_path / "2026.zip", asked)
        with zipfile.ZipFile(fetched.path) as archive:
            archive.extractall(tmp_path)
        hours = {}
        for step_type in ("avgad", "avgua"):
            with xr.open_dataset(tmp_path / f"data_stream-moda_stepType-{step_type}.nc") as file:
                hours[step_type] = (set(file.data_vars), set(file["valid_time"].dt.hour.to_numpy()))
        assert hours == {
            "avgad": ({"tp", "ssrd"}, {6}),
            "avgua": ({"t2m", "d2m", "u10", "v10", "sp"}, {0}),
        }


class TestFetching:
    def test_the_sidecar_can_be_written_from_what_comes_back(
        self, opened: Open, tmp_path: Path
    ) -> None:
        store = opened(Behaviour(queue_polls=1))
        target = tmp_path / "2026.nc"
        fetched = fetch(store, target)
        assert fetched.path == target
        assert fetched.dataset == "reanalysis-era5-land-monthly-means"
        assert fetched.request == ASKED
        assert fetched.received_at == NOON
        assert fetched.size_bytes == target.stat().st_size
        assert list(store.desk.jobs) == [fetched.job_id]
        assert [path.name for path in tmp_path.iterdir()] == ["2026.nc"]

    def test_a_job_that_outlasts_our_patience_is_collected_later(
        self, opened: Open, tmp_path: Path
    ) -> None:
        store = opened(Behaviour(queue_polls=30))
        hasty, patient = (replace(access(store), wait_seconds=wait) for wait in (1.0, 900.0))
        naps: list[float] = []
        job_id = cds.submit(hasty.client(), ASKED)
        target = tmp_path / "2026.nc"
        with pytest.raises(TimeoutError, match=f"job {job_id}: not ready"):
            cds.collect(hasty, ASKED, job_id, target, clock=lambda: NOON, sleep=naps.append)
        assert naps == [0.05, 0.1, 0.2, 0.4, 0.8]
        assert not target.exists()
        cds.collect(patient, ASKED, job_id, target, clock=lambda: NOON, sleep=naps.append)
        assert target.exists()
        assert max(naps) <= 30
        assert len(store.desk.jobs) == 1

    def test_a_broken_transfer_is_resumed(self, opened: Open, tmp_path: Path) -> None:
        store = opened(Behaviour(cut_downloads=1, queue_polls=0))
        fetched = fetch(store, tmp_path / "2026.nc")
        downloads = [
            path for method, path in store.requests if (method, "/cache/" in path) == ("GET", True)
        ]
        assert len(downloads) == 2
        assert fetched.path.read_bytes() == store.desk.jobs[fetched.job_id].file

    @pytest.mark.parametrize(
        ("behaviour", "complaint"),
        [
            pytest.param(Behaviour(0, spoil="short"), "byte", id="half of it is missing"),
            pytest.param(Behaviour(0, spoil="corrupt"), "expected MD5", id="it is damaged"),
        ],
    )
    def test_a_file_that_is_not_what_was_announced_never_appears(
        self, opened: Open, tmp_path: Path, behaviour: Behaviour, complaint: str
    ) -> None:
        with pytest.raises(cds.BrokenDownloadError, match=complaint):
            fetch(opened(behaviour), tmp_path / "2026.nc")
        assert list(tmp_path.iterdir()) == []

    def test_a_store_that_is_not_there_is_a_fault_to_retry(
        self, opened: Open, tmp_path: Path
    ) -> None:
        gone = cds.CdsAccess(URL, "key", tries=2, seconds_between_tries=0.01)
        with pytest.raises(requests.ConnectionError):
            cds.fetch(gone, ASKED, tmp_path / "2026.nc", clock=lambda: NOON)


class TestRefusals:
    def test_a_wrong_key(self, opened: Open, tmp_path: Path) -> None:
        store = opened()
        wrong = replace(access(store), key="not-the-key")
        with pytest.raises(InputError, match=r"CDSAPI_KEY: .*does not accept the key.*/profile"):
            cds.fetch(wrong, ASKED, tmp_path / "2026.nc", clock=lambda: NOON)

    @pytest.mark.parametrize(
        ("settings", "complaint"),
        [
            pytest.param(cds.CdsAccess(URL, "12:ab"), "retired form UID:key", id="an old key"),
            pytest.param(cds.CdsAccess(URL, ""), "CDSAPI_KEY: .*got nothing", id="no key"),
            pytest.param(cds.CdsAccess("", "key"), "CDSAPI_URL: expected a URL", id="no URL"),
        ],
    )
    def test_settings_that_cannot_work(self, settings: cds.CdsAccess, complaint: str) -> None:
        with pytest.raises(InputError, match=complaint):
            settings.client()

    def test_the_key_is_not_shown(self) -> None:
        assert "hidden-token" not in repr(cds.CdsAccess(URL, "hidden-token"))

    def test_a_licence_nobody_accepted(self, opened: Open, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=r"accept it at https://\S+#manage-licences, and ask"):
            fetch(opened(Behaviour(reject_licence=True, queue_polls=0)), tmp_path / "2026.nc")

    def test_too_much_at_once(self, opened: Open, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="too large; ask for fewer months"):
            fetch(opened(Behaviour(max_cost=13, queue_polls=0)), tmp_path / "2026.nc")
        fetch(opened(Behaviour(max_cost=14, queue_polls=0)), tmp_path / "2026.nc")

    def test_a_job_that_fails(self, opened: Open, tmp_path: Path) -> None:
        store = opened(
            Behaviour(
                fail_jobs="The job failed with: RuntimeError\nMARS has crashed.", queue_polls=0
            )
        )
        with pytest.raises(InputError, match=r"job \S+: .*MARS has crashed"):
            fetch(store, tmp_path / "2026.nc")
        assert list(tmp_path.iterdir()) == []

    def test_months_that_are_not_out_yet(self, opened: Open, tmp_path: Path) -> None:
        asked = cds.request([Month(2026, 11)], BOX)
        with pytest.raises(NotPublishedError, match=r"not published yet.*latest date.*2026-10-01"):
            fetch(opened(), tmp_path / "2026.nc", asked)

    def test_a_request_the_store_does_not_understand(self, opened: Open, tmp_path: Path) -> None:
        asked = {**ASKED, "variable": ["total_rain"]}
        with pytest.raises(InputError, match=r"submit: .*total_rain"):
            fetch(opened(), tmp_path / "2026.nc", asked)

    def test_an_area_without_a_grid_point(self, opened: Open, tmp_path: Path) -> None:
        asked = cds.request([Month(2026, 7)], cds.Area(41.4, 69.1, 41.2, 69.3))
        with pytest.raises(InputError, match="no grid point inside"):
            fetch(opened(), tmp_path / "2026.nc", asked)

    def test_a_job_the_store_has_forgotten(self, opened: Open) -> None:
        with pytest.raises(InputError, match=r"job 1234: .*not found"):
            cds.is_ready(access(opened()).client(), "1234")
