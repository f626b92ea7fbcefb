"""Data as scripts: what they say is what was given, and nothing in it can end a script."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.delivery.site.data_files import safe_json, script

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(JSON)
def test_it_says_what_was_given(value: object) -> None:
    assert json.loads(safe_json(value)) == value


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("</script><script>alert(1)</script>", id="the end of a script"),
        pytest.param("<!--", id="the begin of a comment"),
        pytest.param("]]>", id="the end of character data"),
        pytest.param("a\u2028b\u2029c", id="line ends that only JavaScript knows"),
        pytest.param("\\u003c/script>", id="a backslash before"),
    ],
)
def test_nothing_in_a_text_can_end_the_script(text: str) -> None:
    told = safe_json([text])
    assert not {"<", ">", "&", "\u2028", "\u2029"} & set(told)
    assert json.loads(told) == [text]


def test_a_script_sets_one_name_and_makes_what_holds_it() -> None:
    assert script("stages", {"months": ["2026-10"]}) == (
        b'window.DROUGHT=window.DROUGHT||{};DROUGHT.stages={"months":["2026-10"]};\n'
    )


def test_what_is_no_number_is_refused_not_written() -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        safe_json(float("nan"))
