"""What the site's pages load: sound scripts, vendored files as they came, nothing from elsewhere."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import pipeline.delivery.site
from pipeline.alerts.catalogue import Domain, shipped_catalogue

SITE = Path(pipeline.delivery.site.__file__).parent
ASSETS = sorted((SITE / "assets").iterdir())
TEMPLATES = sorted((SITE / "templates").iterdir())
SCRIPTS = [path for path in ASSETS if path.suffix == ".js"]
LEAFLET = SITE / "vendored" / "leaflet-1.9.4"


def test_vendored_files_are_as_they_came() -> None:
    sums = dict(
        reversed(line.split()) for line in (LEAFLET / "SHA256SUMS").read_text().splitlines()
    )
    found = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in LEAFLET.iterdir()
        if path.name != "SHA256SUMS"
    }
    assert found == sums
    assert "leaflet.js" in found


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_script_is_javascript(path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node to read it")
    checked = subprocess.run([node, "--check", path], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize("path", [*ASSETS, *TEMPLATES], ids=lambda path: path.name)
def test_nothing_points_elsewhere(path: Path) -> None:
    """No address of another host, and nothing that would need one: no fetch, no modules."""
    text = path.read_text("utf-8")
    assert not re.findall(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}", text)
    assert not re.findall(r"\bfetch\(|XMLHttpRequest|\bimport[ (]|innerHTML|eval\(", text) or (
        path.suffix == ".j2"
    )


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_holds_nothing_that_the_policy_forbids(path: Path) -> None:
    """No inline script, style or handler, and nothing let through unescaped."""
    text = path.read_text("utf-8")
    assert not re.findall(r"<script(?! src=)|<style|\sstyle=|\son[a-z]+=", text)
    assert not re.findall(r"\|\s*safe\b|autoescape", text)


def test_every_text_that_is_asked_for_is_in_the_catalogue() -> None:
    """Also those of pages and scripts that no other test opens."""
    words = shipped_catalogue("en", Domain.SITE)
    for path in TEMPLATES:
        text = path.read_text("utf-8")
        assert set(re.findall(r'\bt\("([^"]+)"', text)) <= words.texts.keys(), path.name
        assert set(re.findall(r'\bn\("([^"]+)"', text)) <= words.counted.keys(), path.name
    for path in SCRIPTS:
        said = re.findall(r'\bsay\("([^"]+)"', path.read_text("utf-8"))
        assert {f"js.{key}" for key in said} <= words.texts.keys(), path.name


def test_what_every_page_loads_is_small() -> None:
    """The first view may weigh 300 KB with 129 landscapes, most of it the page itself."""
    loaded = [path for path in ASSETS if path.name != "moving.js"]
    assert sum(path.stat().st_size for path in loaded) < 35_000
