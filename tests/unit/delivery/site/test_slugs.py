"""Names of files from ids of every kind: plain, foreign, and malicious."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.delivery.site.slugs import slugs

SAFE = re.compile(r"[a-z0-9]+(-{1,2}[a-z0-9]+)*")


@pytest.mark.parametrize(
    ("landscape_id", "name"),
    [
        pytest.param("UZ-AN", "uz-an", id="capitals become small"),
        pytest.param("kz-42", "kz-42", id="a plain id stays"),
    ],
)
def test_a_plain_id_is_its_own_name(landscape_id: str, name: str) -> None:
    assert slugs([landscape_id]) == {landscape_id: name}


@pytest.mark.parametrize(
    ("landscape_id", "begins"),
    [
        pytest.param("../../etc/passwd", "etc-passwd--", id="a way out of the folder"),
        pytest.param("..", "id--", id="the folder above"),
        pytest.param("/", "id--", id="the root"),
        pytest.param("C:\\x", "c-x--", id="a drive"),
        pytest.param("<script>alert(1)</script>", "script-alert-1-script--", id="markup"),
        pytest.param("Сурхандарья", "id--", id="Cyrillic"),
        pytest.param("two words", "two-words--", id="a space"),
        pytest.param("a\nb", "a-b--", id="a line break"),
        pytest.param("a\0b", "a-b--", id="a null"),
        pytest.param("CON", "id--", id="a device of Windows"),
        pytest.param("", "id--", id="nothing"),
        pytest.param("x" * 300, "x" * 60 + "--", id="longer than a disk allows"),
        pytest.param("-rf", "rf--", id="an option of a program"),
    ],
)
def test_any_other_id_gets_a_name_that_is_safe(landscape_id: str, begins: str) -> None:
    name = slugs([landscape_id])[landscape_id]
    assert name.startswith(begins)
    assert re.fullmatch(r"[0-9a-f]{16}", name.removeprefix(begins))


def test_ids_that_differ_by_capitals_alone_have_names_that_differ_on_any_disk() -> None:
    found = slugs(["Osh", "osh", "OSH"])
    assert len({name.lower() for name in found.values()}) == 3


def test_the_name_of_an_odd_id_does_not_depend_on_its_company() -> None:
    assert slugs(["a b"])["a b"] == slugs(["x", "a b", "y"])["a b"]


@given(st.lists(st.text(max_size=20), unique=True, max_size=20))
def test_whatever_the_ids_names_are_safe_and_no_two_alike(ids: list[str]) -> None:
    found = slugs(ids)
    assert list(found) == ids
    assert all(SAFE.fullmatch(name) for name in found.values())
    assert len({name.lower() for name in found.values()}) == len(ids)
