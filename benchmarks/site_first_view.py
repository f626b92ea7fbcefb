"""What the first view of the site weighs, and when a slow phone has drawn it.

Chromium on a phone's screen, its processor slowed six times, behind a line of 1.6 Mbit/s with 150 ms
there and back ("slow 4G"); the server is a plain one without compression. The map counts as drawn in
the second frame after its last outline and its legend are in the page, with all style sheets.

    .venv/bin/python -m benchmarks.site_first_view var/demo/site [--languages en ru uz] [--runs 5]
"""

from __future__ import annotations

import argparse
import functools
import http.server
import shutil
import statistics
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from benchmarks.cost import heading, table

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
BYTES_A_SECOND = 1.6e6 / 8
ROUND_TRIP_MS = 150
SLOWER = 6
LIMIT_BYTES = 300_000
LIMIT_MS = 1000

WATCH = """
new MutationObserver((_, watch) => {
  if (!document.querySelector(".boundaries")) return;
  watch.disconnect();
  requestAnimationFrame(() => requestAnimationFrame(() => { window.mapDrawn = performance.now(); }));
}).observe(document, { childList: true, subtree: true });
"""


@dataclass(frozen=True, slots=True)
class View:
    """One opening of a map page."""

    requests: int
    bytes: int
    first_paint_ms: float
    map_ms: float
    complete_ms: float


class _Quiet(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Say nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on loopback."""
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def viewed(browser: Browser, address: str) -> View:
    """Open a page once, with nothing remembered."""
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, device_scale_factor=2, is_mobile=True
    )
    page = context.new_page()
    sizes: list[int] = []
    page.on("requestfinished", lambda one: sizes.append(one.sizes()["responseBodySize"]))
    line = context.new_cdp_session(page)
    line.send("Network.enable")
    line.send(
        "Network.emulateNetworkConditions",
        {
            "offline": False,
            "latency": ROUND_TRIP_MS,
            "downloadThroughput": BYTES_A_SECOND,
            "uploadThroughput": BYTES_A_SECOND,
        },
    )
    line.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.add_init_script(WATCH)
    page.goto(address, wait_until="networkidle")
    first_paint = page.evaluate(
        "performance.getEntriesByName('first-contentful-paint')[0].startTime"
    )
    complete = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
    drawn = page.evaluate("window.mapDrawn")
    context.close()
    return View(len(sizes), sum(sizes), first_paint, drawn, complete)


def middle(views: list[View]) -> View:
    """The median of each figure."""
    return View(
        views[0].requests,
        max(one.bytes for one in views),
        statistics.median(one.first_paint_ms for one in views),
        statistics.median(one.map_ms for one in views),
        statistics.median(one.complete_ms for one in views),
    )


def main() -> None:
    """Measure and print."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("site", type=Path, help="folder that `drought publish` wrote")
    ask.add_argument("--languages", nargs="+", default=["en", "ru", "uz"])
    ask.add_argument("--runs", type=int, default=5)
    given = ask.parse_args()
    heading(
        f"first view of {given.site}, slow phone: CPU 1/{SLOWER}, 1.6 Mbit/s, {ROUND_TRIP_MS} ms"
    )
    rows = []
    with served(given.site) as address, sync_playwright() as player:
        browser = player.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        for language in given.languages:
            page = f"{address}{language}/index.html"
            view = middle([viewed(browser, page) for _ in range(given.runs)])
            rows.append(
                [
                    language,
                    f"{view.requests}",
                    f"{view.bytes / 1000:.0f} KB",
                    f"{view.first_paint_ms:.0f} ms",
                    f"{view.map_ms:.0f} ms",
                    f"{view.complete_ms:.0f} ms",
                    "yes" if view.bytes < LIMIT_BYTES and view.map_ms < LIMIT_MS else "NO",
                ]
            )
        browser.close()
    table(
        ["language", "requests", "weight", "first paint", "map drawn", "loaded", "in limits"], rows
    )


if __name__ == "__main__":
    main()
