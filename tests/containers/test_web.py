"""The configuration of the web server, by a real nginx: what it shows, what it hides, what it tells browsers."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest

from tests.containers.conftest import DOCKER
from tests.integration.beside import until

NGINX = shutil.which("nginx") or "/usr/sbin/nginx"

pytestmark = pytest.mark.skipif(not Path(NGINX).exists(), reason="nginx is not installed")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, int]]:
    """The web server over two small sites; its ports by name."""
    folder = tmp_path_factory.mktemp("web")
    public, internal = folder / "srv/public/current", folder / "srv/site/current"
    (public / "en").mkdir(parents=True)
    (public / "bulletins" / "2026-10").mkdir(parents=True)
    internal.mkdir(parents=True)
    (folder / "tmp").mkdir()
    (public / "index.html").write_text("public")
    (public / "en" / "index.html").write_text("in English")
    (public / "bulletins" / "2026-10" / "uz.en.html").write_text("bulletin")
    (public / ".hidden").write_text("hidden")
    (public / "passwd").symlink_to("/etc/passwd")
    unfinished = public.with_name(".current.part")
    unfinished.mkdir()
    (unfinished / "index.html").write_text("unfinished")
    (internal / "index.html").write_text("the agency's own")

    ports = {"public": _free_port(), "health": _free_port()}
    text = (DOCKER / "web" / "nginx.conf").read_text()
    elsewhere = {
        "listen 8080": f"listen 127.0.0.1:{ports['public']}",
        "127.0.0.1:8082": f"127.0.0.1:{ports['health']}",
        "/srv/": f"{folder}/srv/",
        "/tmp/": f"{folder}/tmp/",  # noqa: S108 - of the container
        "/dev/stderr": f"{folder}/errors",
        "/dev/stdout": f"{folder}/requests",
    }
    assert all(old in text for old in elsewhere)
    # In one pass: the folder of the test lies in /tmp itself.
    text = re.sub("|".join(map(re.escape, elsewhere)), lambda old: elsewhere[old[0]], text)
    # The test may be root, whose workers nginx makes another account's; pytest's folders are ours alone.
    (folder / "nginx.conf").write_text(f"{'user root;' if os.geteuid() == 0 else ''}\n{text}")
    options = ["-c", str(folder / "nginx.conf"), "-e", str(folder / "errors")]
    with subprocess.Popen([NGINX, *options, "-g", "daemon off;"]) as running:
        try:
            until(lambda: running.poll() is not None or _answers(ports["health"]))
            yield ports
        finally:
            running.terminate()


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def ask(port: int, path: str, method: str = "GET") -> tuple[HTTPResponse, str]:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer, text


@pytest.mark.parametrize(
    ("path", "text"),
    [("/", "public"), ("/en/", "in English"), ("/bulletins/2026-10/uz.en.html", "bulletin")],
)
def test_the_public_site_is_shown(web: dict[str, int], path: str, text: str) -> None:
    answer, got = ask(web["public"], path)
    assert (answer.status, got) == (200, text)


def test_it_listens_for_the_public_site_and_its_own_health_alone(web: dict[str, int]) -> None:
    """The agency's own site has alerts that nobody approved: it is on Airflow's page, after logging in."""
    told = (DOCKER / "web" / "nginx.conf").read_text()
    assert re.findall(r"listen ([^;]+);", told) == ["8080", "127.0.0.1:8082"]
    assert re.findall(r"^ +root ([^;]+);", told, re.MULTILINE) == ["/srv/public/current"]


@pytest.mark.parametrize(
    "path",
    [
        "/.hidden",
        "/passwd",
        "/../.current.part/index.html",
        "/%2e%2e/%2ecurrent.part/index.html",
        "/../../site/current/index.html",
        "/bulletins/",
        "/bulletins/2026-10/",
        "/missing",
    ],
)
def test_nothing_else_is(web: dict[str, int], path: str) -> None:
    answer, text = ask(web["public"], path)
    assert answer.status in (400, 403, 404)
    assert "root:" not in text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_nobody_can_send_anything(web: dict[str, int], method: str) -> None:
    assert ask(web["public"], "/", method)[0].status in (403, 405)


@pytest.mark.parametrize("path", ["/", "/missing", "/en/"])
def test_browsers_are_told_to_load_nothing_from_elsewhere(web: dict[str, int], path: str) -> None:
    headers = ask(web["public"], path)[0].headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Server"] == "nginx"


def test_a_bulletin_may_have_its_own_style_and_no_script(web: dict[str, int]) -> None:
    headers = ask(web["public"], "/bulletins/2026-10/uz.en.html")[0].headers
    policy = headers["Content-Security-Policy"]
    assert "style-src 'unsafe-inline'" in policy
    assert "script-src" not in policy
    assert "default-src 'none'" in policy


def test_the_policy_allows_no_more_than_the_pages_say_themselves() -> None:
    """What the page says too holds where there is no server; the header must not be the weaker one."""
    head = Path("pipeline/delivery/site/templates/head.html.j2").read_text()
    said = head.partition('Content-Security-Policy" content="')[2].partition('"')[0]
    told = (DOCKER / "web" / "nginx.conf").read_text()
    policy = told.partition('default          "')[2].partition('"')[0]
    ours = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    for part in said.split(";"):
        directive, sources = part.strip().split(" ", 1)
        assert set(ours[directive].split()) <= set(sources.split()), directive
