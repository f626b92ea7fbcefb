"""Who is called at night finds a page: for each DAG, and for each reason that `drought status` may give."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RUNBOOKS = ROOT / "docs" / "runbooks"
DAGS = sorted(path.stem for path in (ROOT / "dags").glob("*.py"))
REASONS = sorted(
    {
        word
        for path in (ROOT / "pipeline" / "steps").glob("*.py")
        for word in re.findall(r"Reason\(\s*\"(\w+)\"", path.read_text(encoding="utf-8"))
    }
)
PAGES = sorted([*RUNBOOKS.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "README.md"])
_LINK = re.compile(r"\]\(([^)\s]+)\)")


def anchors(page: Path) -> set[str]:
    """The anchors a page offers, as GitHub makes them of its headings."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), flags=re.M)
    kept = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in kept}


def links(page: Path) -> Iterator[str]:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.S)
    for target in _LINK.findall(text):
        if not re.match(r"[a-z]+:", target):
            yield target


def test_reasons_are_found_in_the_code() -> None:
    assert {"database", "clock", "late", "channel"} <= set(REASONS)


@pytest.mark.parametrize("dag", DAGS)
def test_each_dag_has_a_page_that_the_index_names(dag: str) -> None:
    assert (RUNBOOKS / f"{dag}.md").is_file()
    assert f"({dag}.md)" in (RUNBOOKS / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("reason", REASONS)
def test_each_reason_of_status_has_a_section(reason: str) -> None:
    assert reason in anchors(RUNBOOKS / "alarms.md")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    lost = []
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = page if not path else (page.parent / path).resolve()
        if not target.exists() or (anchor and anchor not in anchors(target)):
            lost.append(link)
    assert lost == []
