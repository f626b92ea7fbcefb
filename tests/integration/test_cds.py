"""The unmodified `cdsapi` client, and our adapter on it, against the simulated data store.

One call at a time; `test_fetch` drives whole months through the failures.
"""

from __future__ import annotations

import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import cdsapi
import numpy as np
import pytest
import requests
import xarray as xr

from pipeline.core.errors import InputError
from pipeline.core.ids import Release
from pipeline.core.months import Month
from pipeline.local import simulated_climate
from pipeline.local.data_store import DataStore
from pipeline.local.store_desk import Behaviour, Call, RefusalError
from pipeline.sources import cds, cds_download, cds_jobs
from pipeline.sources.cds_answers import LostJobError, StoreDownError, TooLargeError
from pipeline.sources.cds_jobs import Verdict

NEWEST = Month(2026, 10)
URL = "http://127.0.0.1:9/api"
"""Nothing listens there."""
BOX = cds.Area(42.0, 68.0, 40.0, 71.0)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
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
    return cds.CdsAccess(store.url, store.key)


def fetch(store: DataStore, target: Path, asked: cds.Request = ASKED) -> Path:
    """Submit, wait and download."""
    client = access(store).client()
    job_id = cds_jobs.submit(client, asked)
    while (seen := cds_jobs.look(client, job_id)).verdict is Verdict.WAITING:
        pass
    assert seen.verdict is Verdict.READY, seen.story
    cds_download.download(client, cds_jobs.reply(client, job_id), target)
    return target


class WebPage(BaseHTTPRequestHandler):
    """Answers everything with a page."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<html>Back soon</html>")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Say nothing."""


class TestTheStoreBesideTheRealOne:
    def test_the_bare_client_retrieves_a_file(self, opened: Open, tmp_path: Path) -> None:
        store = opened()
        client = cdsapi.Client(store.url, store.key, quiet=True, progress=False)
        target = client.retrieve(cds.DATASET, ASKED, str(tmp_path / "july.nc"))
        with xr.open_dataset(target) as file:
            held = "tp t2m d2m u10 v10 ssrd sp swvl1 swvl2 swvl3 sd smlt sf"
            assert set(file.data_vars) == set(held.split())

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
        assert client.estimate_costs(cds.DATASET, ASKED)["cost"] == 26
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
        with xr.open_dataset(fetched) as file:
            assert file["tp"].dims == ("valid_time", "latitude", "longitude")
            assert list(file["latitude"].to_numpy()) == [42.0, 41.5, 41.0, 40.5, 40.0]
            assert file["longitude"].to_numpy()[[0, -1]].tolist() == [68.0, 71.0]
            assert file["valid_time"].dt.strftime("%Y-%m-%d %H").to_numpy().tolist() == [
                "2026-07-01 00",
                "2026-10-01 00",
            ]
            assert file["expver"].to_numpy().tolist() == ["0001", "0005"]
            assert file["number"].item() == 0
            names = ("tp", "t2m", "ssrd", "sp", "swvl1", "sd", "u10")
            units = {name: file[name].attrs["units"] for name in names}
            assert units == {
                "tp": "m",
                "t2m": "K",
                "ssrd": "J m**-2",
                "sp": "Pa",
                "swvl1": "m**3 m**-3",
                "sd": "m of water equivalent",
                "u10": "m s**-1",
            }
            assert file.attrs["origin"] == "simulated"
            assert "SIMULATED" in file.attrs["title"]
            assert '"stream": ["moda"]' in file.attrs["history"]

    def test_its_values_are_those_of_the_simulated_climate(
        self, opened: Open, tmp_path: Path
    ) -> None:
        fetched = fetch(opened(), tmp_path / "2026.nc")
        expected = simulated_climate.fields(Month(2026, 10), release=Release.PRELIMINARY)
        grid = simulated_climate.climatology()
        row = int(np.flatnonzero(grid.latitude == 41.0).item())
        column = int(np.flatnonzero(grid.longitude == 69.5).item())
        with xr.open_dataset(fetched) as file:
            cell = file.sel(valid_time="2026-10-01", latitude=41.0, longitude=69.5)
            for name, values in expected.items():
                assert cell[name].item() == pytest.approx(values[row, column], rel=1e-6, abs=1e-9)

    def test_one_release_needs_no_axis_for_it(self, opened: Open, tmp_path: Path) -> None:
        asked = cds.request([Month(1999, 1), Month(1999, 2)], BOX, ["2m_temperature"])
        with xr.open_dataset(fetch(opened(), tmp_path / "1999.nc", asked)) as file:
            assert (file["expver"].dims, file["expver"].item()) == ((), "0001")
            assert list(file.data_vars) == ["t2m"]

    def test_months_not_out_yet_are_left_out_when_others_are(
        self, opened: Open, tmp_path: Path
    ) -> None:
        asked = cds.request([Month(2026, 10), Month(2026, 11)], BOX)
        with xr.open_dataset(fetch(opened(), tmp_path / "2026.nc", asked)) as file:
            assert file["valid_time"].dt.month.to_numpy().tolist() == [10]

    def test_a_zip_holds_one_file_a_step_type(self, opened: Open, tmp_path: Path) -> None:
        asked = {**ASKED, "download_format": "zip"}
        fetched = fetch(opened(), tmp_path / "2026.zip", asked)
        with zipfile.ZipFile(fetched) as archive:
            archive.extractall(tmp_path)
        hours = {}
        for step_type in ("avgad", "avgua"):
            with xr.open_dataset(tmp_path / f"data_stream-moda_stepType-{step_type}.nc") as file:
                hours[step_type] = (set(file.data_vars), set(file["valid_time"].dt.hour.to_numpy()))
        assert hours == {
            "avgad": ({"tp", "ssrd", "smlt", "sf"}, {6}),
            "avgua": (
                {"t2m", "d2m", "u10", "v10", "sp", "swvl1", "swvl2", "swvl3", "sd"},
                {0},
            ),
        }


class TestJobs:
    def test_a_submission_is_made_once_whatever_comes_back(self, opened: Open) -> None:
        """The client would repeat it 500 times by itself."""
        store = opened(Behaviour(0, lose_submit_replies=1))
        with pytest.raises(requests.ConnectionError):
            cds_jobs.submit(access(store).client(), ASKED)
        assert len(store.desk.submitted) == 1
        store = opened(Behaviour(0, maintenance=5))
        with pytest.raises(StoreDownError, match=r"not available now \(503 .*ask again later"):
            cds_jobs.submit(access(store).client(), ASKED)
        assert store.desk.faults.left["maintenance"] == 4

    def test_a_lost_job_is_found_in_the_list_by_what_it_asks_for(self, opened: Open) -> None:
        store = opened()
        client = access(store).client()
        other = cds_jobs.submit(client, cds.request([Month(2026, 7)], BOX))
        ours = cds_jobs.submit(client, ASKED)
        assert cds_jobs.find(client, ASKED, since=LONG_AGO, known=[]) == ours
        assert cds_jobs.find(client, ASKED, since=LONG_AGO, known=[ours]) is None
        soon = datetime.now(UTC) + timedelta(seconds=1)
        assert cds_jobs.find(client, ASKED, since=soon, known=[]) is None
        assert other != ours

    def test_the_list_says_not_what_was_asked_and_comes_in_pages(self, opened: Open) -> None:
        store = opened()
        client = access(store).client().client
        ids = [client.submit(cds.DATASET, ASKED).request_id for _ in range(5)]
        page = client.get_jobs(limit=2, sortby="-created")
        assert page.request_ids == ids[:2:-1]
        assert "request" not in page.json["jobs"][0]["metadata"]
        assert page.next.request_ids == [ids[2], ids[1]]
        assert page.next.next.next is None

    def test_a_dismissed_job_is_no_longer_found(self, opened: Open) -> None:
        store = opened(Behaviour(0, dismiss_jobs=1))
        client = access(store).client()
        job_id = cds_jobs.submit(client, ASKED)
        assert cds_jobs.look(client, job_id).verdict is Verdict.LOST
        assert cds_jobs.find(client, ASKED, since=LONG_AGO, known=[]) is None

    @pytest.mark.parametrize(
        ("behaviour", "verdict", "story"),
        [
            pytest.param(Behaviour(9), Verdict.WAITING, "", id="queued"),
            pytest.param(Behaviour(0), Verdict.READY, "", id="done"),
            pytest.param(Behaviour(0, fail_jobs="MARS\n"), Verdict.FAILED, "MARS", id="failed"),
            pytest.param(
                Behaviour(0, queue_full=1), Verdict.REJECTED, "queued requests", id="queue full"
            ),
            pytest.param(Behaviour(0, dismiss_jobs=1), Verdict.LOST, "dismissed", id="dismissed"),
            pytest.param(Behaviour(0, forget_jobs=1), Verdict.LOST, "not found", id="forgotten"),
        ],
    )
    def test_how_a_job_stands(
        self, opened: Open, behaviour: Behaviour, verdict: Verdict, story: str
    ) -> None:
        client = access(opened(behaviour)).client()
        seen = cds_jobs.look(client, cds_jobs.submit(client, ASKED))
        assert seen.verdict is verdict
        assert story in seen.story

    def test_a_month_that_is_not_out(self, opened: Open) -> None:
        client = access(opened()).client()
        job_id = cds_jobs.submit(client, cds.request([Month(2026, 11)], BOX))
        seen = cds_jobs.look(client, job_id)
        assert seen.verdict is Verdict.NOT_PUBLISHED
        assert "latest date available for this dataset is: 2026-10-01" in seen.story

    def test_a_result_that_expired(self, opened: Open) -> None:
        client = access(opened(Behaviour(0, expire_results=1))).client()
        job_id = cds_jobs.submit(client, ASKED)
        with pytest.raises(LostJobError, match="results expired"):
            cds_jobs.reply(client, job_id)

    def test_forgetting_a_job_twice_is_no_error(self, opened: Open) -> None:
        store = opened()
        client = access(store).client()
        job_id = cds_jobs.submit(client, ASKED)
        cds_jobs.forget(client, job_id)
        cds_jobs.forget(client, job_id)
        assert store.desk.jobs == {}


class TestCosts:
    def test_the_store_says_whether_it_would_take_a_request(self, opened: Open) -> None:
        store = opened(Behaviour(max_cost=25))
        fits = cds_jobs.cost_check(access(store).client())
        one_month = cds.request([Month(2026, 7)], BOX)
        assert (fits(ASKED), fits(one_month), fits(one_month)) == (False, True, True)
        assert sum(path.endswith("/costing") for _, path in store.requests) == 2

    def test_where_it_cannot_say_the_submission_tells(self, opened: Open) -> None:
        store = opened(Behaviour(max_cost=25, maintenance=1))
        client = access(store).client()
        assert cds_jobs.cost_check(client)(ASKED)
        with pytest.raises(TooLargeError, match="too large"):
            cds_jobs.submit(client, ASKED)


class TestDownloading:
    def ready(self, store: DataStore) -> tuple[cdsapi.Client, cds_download.Reply, bytes]:
        client = access(store).client()
        job_id = cds_jobs.submit(client, ASKED)
        cds_jobs.look(client, job_id)
        return client, cds_jobs.reply(client, job_id), store.desk.jobs[job_id].file

    def test_a_broken_transfer_goes_on_where_it_ended(self, opened: Open, tmp_path: Path) -> None:
        store = opened(Behaviour(0, cut_downloads=3))
        client, announced, sent = self.ready(store)
        cds_download.download(client, announced, tmp_path / "a.part")
        assert (tmp_path / "a.part").read_bytes() == sent
        assert sum("/cache/" in path for _, path in store.requests) == 4

    def test_what_another_process_left_is_gone_on_with(self, opened: Open, tmp_path: Path) -> None:
        client, announced, sent = self.ready(opened())
        part = tmp_path / "a.part"
        part.write_bytes(sent[:1000])
        cds_download.download(client, announced, part)
        assert part.read_bytes() == sent

    @pytest.mark.parametrize(
        "left",
        [
            pytest.param(b"rubbish of another file", id="another beginning"),
            pytest.param(b"\0" * 10_000_000, id="longer than the whole file"),
        ],
    )
    def test_a_part_that_cannot_be_right_is_thrown_away(
        self, opened: Open, tmp_path: Path, left: bytes
    ) -> None:
        client, announced, sent = self.ready(opened())
        part = tmp_path / "a.part"
        part.write_bytes(left)
        cds_download.download(client, announced, part)
        assert part.read_bytes() == sent

    @pytest.mark.parametrize(
        ("behaviour", "complaint"),
        [
            pytest.param(Behaviour(0, spoil="short"), "bytes and no more", id="half is missing"),
            pytest.param(Behaviour(0, spoil="corrupt"), "others 3 times", id="it is damaged"),
        ],
    )
    def test_what_was_not_announced_is_refused_in_the_end(
        self, opened: Open, tmp_path: Path, behaviour: Behaviour, complaint: str
    ) -> None:
        client, announced, _ = self.ready(opened(behaviour))
        with pytest.raises(cds_download.BrokenDownloadError, match=complaint):
            cds_download.download(client, announced, tmp_path / "a.part")

    def test_a_file_that_is_gone_is_asked_for_again(self, opened: Open, tmp_path: Path) -> None:
        store = opened()
        client, announced, _ = self.ready(store)
        store.desk.jobs.clear()
        with pytest.raises(LostJobError, match="no longer has its file"):
            cds_download.download(client, announced, tmp_path / "a.part")

    def test_a_store_that_is_down_is_a_fault_to_retry(self, opened: Open, tmp_path: Path) -> None:
        store = opened()
        client, announced, _ = self.ready(store)
        store.desk.faults.left["maintenance"] = 1
        with pytest.raises(StoreDownError, match="503"):
            cds_download.download(client, announced, tmp_path / "a.part")


class TestRefusals:
    def test_a_wrong_key(self, opened: Open) -> None:
        wrong = replace(access(opened()), key="not-the-key")
        with pytest.raises(InputError, match=r"CDSAPI_KEY: .*does not accept the key.*/profile"):
            cds_jobs.submit(wrong.client(), ASKED)

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

    def test_a_licence_nobody_accepted(self, opened: Open) -> None:
        client = access(opened(Behaviour(reject_licence=True))).client()
        with pytest.raises(InputError, match=r"accept it at https://\S+#manage-licences, and ask"):
            cds_jobs.submit(client, ASKED)

    def test_too_much_at_once(self, opened: Open) -> None:
        with pytest.raises(TooLargeError, match="too large"):
            cds_jobs.submit(access(opened(Behaviour(max_cost=25))).client(), ASKED)
        assert cds_jobs.submit(access(opened(Behaviour(max_cost=26))).client(), ASKED)

    def test_too_many_calls(self, opened: Open) -> None:
        client = access(opened(Behaviour(too_many_calls=1))).client()
        with pytest.raises(StoreDownError, match=r"429.*ask again later"):
            cds_jobs.submit(client, ASKED)

    def test_a_request_the_store_does_not_understand(self, opened: Open) -> None:
        asked = {**ASKED, "variable": ["total_rain"]}
        with pytest.raises(InputError, match=r"submit: .*total_rain"):
            cds_jobs.submit(access(opened()).client(), asked)

    def test_an_area_without_a_grid_point(self, opened: Open) -> None:
        client = access(opened()).client()
        asked = cds.request([Month(2026, 7)], cds.Area(41.4, 69.1, 41.2, 69.3))
        seen = cds_jobs.look(client, cds_jobs.submit(client, asked))
        assert "no grid point inside" in seen.story

    def test_a_web_page_instead_of_an_answer(self) -> None:
        """From a proxy, or a store in maintenance, with 200 all the same."""
        with ThreadingHTTPServer(("127.0.0.1", 0), WebPage) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            client = cds.CdsAccess(f"http://127.0.0.1:{server.server_port}/api", "key").client()
            with pytest.raises(StoreDownError, match=r"expected an answer in its own form"):
                cds_jobs.look(client, "1234")
            server.shutdown()

    def test_the_desk_knows_no_job_it_never_had(self, opened: Open) -> None:
        with pytest.raises(RefusalError, match="job not found"):
            opened().desk.poll(Call("1234", None))
