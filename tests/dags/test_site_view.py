"""The site in Airflow's menu: shown to who is logged in, and to nobody else."""

from __future__ import annotations

from typing import Any

import pytest

from tests.dags.conftest import Described

pytestmark = pytest.mark.airflow


@pytest.fixture(scope="module")
def site(described: Described) -> dict[str, Any]:
    found: dict[str, Any] = described.facts["site"]
    return found


def test_the_menu_has_an_entry_for_it(site: dict[str, Any]) -> None:
    (view,) = site["menu"]
    assert (view["name"], view["href"], view["destination"]) == (
        *("Drought", "drought-site/index.html", "nav"),
    )


@pytest.mark.parametrize("who", ["stranger", "forged"])
def test_nobody_sees_it_without_logging_in(site: dict[str, Any], who: str) -> None:
    assert site[who]["status"] in {401, 403}
    assert "index.html" not in site[who]["text"]


@pytest.mark.parametrize(
    ("asked", "shown"), [("by_header", "index.html"), ("by_cookie", "uz/index.html")]
)
def test_who_is_logged_in_sees_its_files(site: dict[str, Any], asked: str, shown: str) -> None:
    assert (site[asked]["status"], site[asked]["text"]) == (200, f"<!DOCTYPE html>{shown}")


def test_a_page_may_load_files_and_send_nothing_to_airflow(site: dict[str, Any]) -> None:
    assert "connect-src 'none'" in site["by_cookie"]["policy"]
    assert "script-src 'self';" in site["by_cookie"]["policy"]


def test_nothing_outside_its_folder_is_shown(site: dict[str, Any]) -> None:
    assert site["outside"]["status"] == 404
    assert site["missing"]["status"] == 404


def test_before_the_first_publication_it_says_what_to_do(site: dict[str, Any]) -> None:
    assert site["before"]["status"] == 404
    assert "run `drought publish`" in site["before"]["text"]
