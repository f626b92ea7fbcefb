"""Hostile files that ask for something elsewhere, or are laid where we look for files."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from lxml import etree, html

from pipeline.core.errors import InputError
from pipeline.sources.feature_files import read_features
from pipeline.sources.rasters import open_raster
from pipeline.steps.approve import approve
from pipeline.steps.deliver import deliver
from pipeline.steps.evaluate import evaluate
from pipeline.steps.golive import golive
from pipeline.steps.installation import Installation
from pipeline.steps.publish import publish
from pipeline.steps.status import pending_alerts
from pipeline.steps.watch import watch
from tests.integration.conftest import NOW
from tests.integration.little_world import JANUARY, landscape, say_spi_3, settle, told
from tests.unit.alerts.cases import APPROVAL
from tests.unit.sources.maps import write_map
from tests.unit.sources.test_hostile_files import RASTER_VRT, VECTOR_VRT


class _Noting(BaseHTTPRequestHandler):
    """Notes who asks."""

    def do_GET(self) -> None:
        self.server.asked.append(self.path)  # type: ignore[attr-defined]
        self.send_error(404)

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def listening() -> Iterator[tuple[str, list[str]]]:
    """A web server, and what it was asked for."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Noting)
    server.asked = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", server.asked  # type: ignore[attr-defined]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def polygons_over_the_web(path: Path, url: str) -> None:
    path.write_text(VECTOR_VRT.format(f"/vsicurl/{url}/a.geojson"))


def polygons_with_a_next_page(path: Path, url: str) -> None:
    said = {"type": "FeatureCollection", "features": [], "exceededTransferLimit": True}
    path.write_text(json.dumps({**said, "links": [{"rel": "next", "href": url}]}))


def raster_over_the_web(path: Path, url: str) -> None:
    path.write_text(RASTER_VRT.format(f"/vsicurl/{url}/a.tif"))


def raster_of_a_service(path: Path, url: str) -> None:
    service = f'<Service name="TMS"><ServerUrl>{url}/${{z}}/${{x}}/${{y}}</ServerUrl></Service>'
    path.write_text(f"<GDAL_WMS>{service}</GDAL_WMS>")


@pytest.mark.parametrize("write", [polygons_over_the_web, polygons_with_a_next_page])
def test_polygons_ask_for_nothing_on_the_web(tmp_path: Path, write: object) -> None:
    path = tmp_path / "evil.geojson"
    with listening() as (url, asked):
        write(path, url)  # type: ignore[operator]
        with pytest.raises(InputError):
            read_features(path)
        assert asked == []


@pytest.mark.parametrize("write", [raster_over_the_web, raster_of_a_service])
def test_rasters_ask_for_nothing_on_the_web(tmp_path: Path, write: object) -> None:
    path = tmp_path / "evil.tif"
    with listening() as (url, asked):
        write(path, url)  # type: ignore[operator]
        with pytest.raises(InputError), open_raster(path) as raster:
            raster.piece((66.0, 38.0, 67.0, 39.0))
        assert asked == []


BESIDE = {
    ".msk": RASTER_VRT.replace(
        "<SRS>", '<Metadata><MDI key="INTERNAL_MASK_FLAGS_1">2</MDI></Metadata><SRS>'
    ),
    ".ovr": RASTER_VRT,
    ".aux.xml": '<PAMDataset><Metadata domain="OVERVIEWS"><MDI key="OVERVIEW_FILE">{}</MDI></Metadata>'
    "</PAMDataset>",
}


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:32642"], ids=["as it is", "turned"])
@pytest.mark.parametrize("ending", BESIDE)
def test_what_lies_beside_a_raster_asks_for_nothing_on_the_web(
    tmp_path: Path, ending: str, crs: str
) -> None:
    path = write_map(tmp_path / "a.tif", [[1, 2], [3, 4]], crs=crs)
    with listening() as (url, asked):
        (tmp_path / f"a.tif{ending}").write_text(BESIDE[ending].format(f"/vsicurl/{url}/b.tif"))
        with suppress(InputError), open_raster(path) as raster:
            raster.piece((-180.0, -90.0, 180.0, 90.0))
        assert asked == []


@pytest.mark.postgres
class TestADropFolder:
    def test_gives_away_no_file_of_this_machine_that_a_link_leads_to(
        self, installation: Installation, tmp_path: Path
    ) -> None:
        secret = tmp_path / "shadow"
        secret.write_text("station_id,month,precipitation_mm\nroot:x:0:0,1999-01,1\n")
        folder = tmp_path / "incoming"
        folder.mkdir()
        (folder / "gauges.csv").symlink_to(secret)
        long_ago = (NOW.timestamp() - 3600,) * 2
        os.utime(secret, long_ago)
        came = watch(installation, str(folder))
        assert came.taken == []
        assert [line.partition(":")[0] for line in came.refused] == ["gauges.csv"]
        assert "a link that leads out of the folder" in came.refused[0]
        assert watch(installation, str(folder)).refused == [], "said once"
        assert told(installation.warehouse, "SELECT * FROM ops.refused_file") == []
        kept = [path for path in (tmp_path / "var").rglob("*") if path.is_file()]
        assert not any("root:x" in path.read_text(errors="replace") for path in kept)


LOADING = {"script": "src", "img": "src", "link": "href", "iframe": "src", "object": "data",
           "embed": "src", "form": "action", "base": "href", "video": "src", "audio": "src"}  # fmt: skip


def against_its_policy(page: Path) -> list[str]:
    """What a page holds that the content policy in its head forbids, or that it should forbid."""
    root = html.fromstring(page.read_bytes())
    (policy,) = root.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    said = {name: set(rest) for name, *rest in (one.split() for one in policy.split(";"))}
    found = [] if said["default-src"] == {"'none'"} else ["default-src"]
    scripts = said.get("script-src", set()) | said.get("style-src", set())
    found += [one for one in scripts if one not in {"'self'", "file:", "'unsafe-inline'"}]
    found += ["inline scripts"] if "'unsafe-inline'" in said.get("script-src", set()) else []
    styles_inline = "'unsafe-inline'" in said.get("style-src", set())
    for one in root.iter(tag=etree.Element):
        tag, attributes = one.tag, dict(one.attrib)
        found += [f"{tag} {name}" for name in attributes if name.startswith("on")]
        if not styles_inline:
            found += [f"{tag} style"] * ("style" in attributes) + ["style"] * (tag == "style")
        if tag == "script" and "src" not in attributes and attributes.get("type") is None:
            found.append("a script in the page")
        place = attributes.get(LOADING.get(tag, ""), "")
        if tag in LOADING and ("//" in place or place.startswith(("javascript:", "/"))):
            found.append(f"{tag} {place}")
        # An empty picture in the address bar is asked for nowhere.
        is_icon = tag == "link" and attributes.get("rel") == "icon"
        if attributes.get("href", "").lower().startswith(("javascript:", "data:")) and not is_icon:
            found.append(f"{tag} {attributes['href']}")
    return found


@pytest.mark.postgres
def test_a_landscape_with_an_odd_name_writes_no_file_elsewhere(
    installation: Installation, tmp_path: Path
) -> None:
    odd = ["../../../escaped", "<script>alert(1)</script>"]
    settle(installation.warehouse, [landscape(one) for one in odd])
    say_spi_3(installation.warehouse, {one: [0.4, -1.2] for one in odd})
    golive(installation, JANUARY + 1)
    evaluate(installation)
    approve(installation, pending_alerts(installation), APPROVAL, accepts_unchecked=True)
    assert deliver(installation).failures == ()
    publish(installation)
    named = [path for path in tmp_path.rglob("*escaped*") if path.is_file()]
    assert named
    assert {path.relative_to(tmp_path).parts[:2] for path in named} <= {
        ("var", "outgoing"),
        ("var", "site"),
    }
    assert [path.name for path in tmp_path.iterdir()] == ["var"]
    for page in tmp_path.rglob("*.html"):
        assert against_its_policy(page) == []
    pages = [*installation.settings.site.rglob("*.html"), *installation.settings.site.rglob("*.js")]
    assert pages
    assert not any("<script>alert(1)" in page.read_text() for page in pages)
