"""A real site, built once from a real warehouse, served by a real server, seen in a real browser."""

from __future__ import annotations

import functools
import http.server
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, sync_playwright
from sqlalchemy import Engine, create_engine, text

from pipeline.local.postgres import EmbeddedPostgres
from pipeline.steps.installation import Installation
from pipeline.steps.site import publish_site
from tests.browser.world import adopted, exercise
from tests.integration import conftest as integration

postgres = integration.postgres

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESK, PHONE, SMALL = (1280, 900), (390, 844), (320, 640)
SUB_PATH = "agency/drought"
"""The site must work wherever it lies."""


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's browser, without a window."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("no chromium on this machine (apt install chromium)")
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


def _published(
    postgres: EmbeddedPostgres,
    factory: pytest.TempPathFactory,
    lived: Callable[[Engine, Path], Installation],
    *,
    public: bool,
) -> Path:
    """Return the folder of the site of a world, a few folders down."""
    name = f"browsed_{lived.__name__}"
    admin = create_engine(postgres.url("postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {integration.TEMPLATE}"))
    admin.dispose()
    warehouse = create_engine(postgres.url(name))
    place = factory.mktemp("site") / SUB_PATH
    place.parent.mkdir(parents=True)
    try:
        installation = lived(warehouse, factory.mktemp(name))
        publish_site(installation, public=public, to=place, accepts_unchecked=True)
    finally:
        warehouse.dispose()
    return place


@pytest.fixture(scope="session")
def site(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The internal site of the exercise."""
    return _published(postgres, tmp_path_factory, exercise, public=False)


@pytest.fixture(scope="session")
def public_site(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The public site of the same world, real and adopted."""
    return _published(postgres, tmp_path_factory, adopted, public=True)


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Say nothing."""


@contextmanager
def _served(site: Path) -> Iterator[str]:
    """Where a site is served: any static server will do."""
    served = functools.partial(_Quiet, directory=str(site.parents[1]))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), served) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/{SUB_PATH}/"
        server.shutdown()


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    """Where the internal site is served."""
    with _served(site) as at:
        yield at


@pytest.fixture(scope="session")
def public_address(public_site: Path) -> Iterator[str]:
    """Where the public site is served."""
    with _served(public_site) as at:
        yield at


@dataclass
class Tab:
    """A page of the browser, and what it asked for and complained of."""

    page: Page
    address: str
    asked: list[Request] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        self.page.goto(self.address + path)
        return self.page

    @property
    def strangers(self) -> list[str]:
        """Requests that left the site."""
        return [
            one.url
            for one in self.asked
            if not one.url.startswith((self.address, "data:", "blob:"))
        ]


Opened = Callable[..., Tab]


@pytest.fixture
def opened(chromium: Browser, address: str) -> Iterator[Opened]:
    """Make tabs; in the end none of them has left the site, and none has complained."""
    contexts: list[BrowserContext] = []
    tabs: list[Tab] = []

    def make(size: tuple[int, int] = DESK, at: str = address, **options: bool) -> Tab:
        width, height = size
        context = chromium.new_context(
            viewport={"width": width, "height": height}, locale="en-GB", **options
        )
        context.set_default_timeout(5_000)
        contexts.append(context)
        tab = Tab(context.new_page(), at)
        context.on("request", lambda one: tab.asked.append(one))
        tab.page.on("console", lambda said: tab.complaints.append(said.text))
        tab.page.on("pageerror", lambda error: tab.complaints.append(str(error)))
        tabs.append(tab)
        return tab

    yield make
    for context in contexts:
        context.close()
    assert [url for tab in tabs for url in tab.strangers] == []
    assert [line for tab in tabs for line in tab.complaints] == []
