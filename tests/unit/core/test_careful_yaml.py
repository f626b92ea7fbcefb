from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.careful_yaml import MAX_BYTES, MAX_DEPTH, MAX_NODES, careful_yaml
from pipeline.core.errors import InputError
from pipeline.plans.shipped import shipped_plans


def refusal(text: str) -> str:
    with pytest.raises(InputError) as error:
        careful_yaml(text, "f.yaml")
    return str(error.value)


def grown(width: int, generations: int) -> str:
    """A list of `width` words, and lists that repeat the one before `width` times."""
    lines = [f"a0: &a0 [{', '.join(['x'] * width)}]"]
    lines += [
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * width)}]" for n in range(1, generations + 1)
    ]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            "a: 1\nb: !!python/object/apply:os.system ['ls']",
            "line 2: the tag !!python/object/apply:os.system: expected plain values, none with a tag",
            id="a tag of Python",
        ),
        pytest.param("a: !!binary aGk=", "line 1: the tag !!binary:", id="a tag of YAML"),
        pytest.param("a: !mine 1", "line 1: the tag !mine:", id="a tag of one's own"),
        pytest.param("a: ! 1", "line 1: the tag !:", id="a tag without a name"),
        pytest.param("%TAG ! tag:x,2000:\n---\na: !b 1", "line 3: the tag tag:x,2000:b", id="a tag by a directive"),
        pytest.param("a: &a\n  - *a", "line 2: *a stands inside what it repeats", id="a list in itself"),
        pytest.param("a: &a {b: *a}", "line 1: *a stands inside what it repeats", id="keys in themselves"),
        pytest.param("b: *a", "line 1: *a repeats what stands nowhere above it as &a", id="an alias of nothing"),
        pytest.param("a: &a 1\nb: &a 2", "line 2: the name after & stands before another part above", id="an anchor twice"),
        pytest.param("a:\n\tb: 1", "line 2: a tab; indent with spaces", id="a tab"),
        pytest.param("a: 1\n---\nb: 2", "line 2: a second document begins", id="a second document"),
        pytest.param("a: &a {b: 1}\nc: {<<: *a}", "line 2: the merge key <<; write the keys out", id="a merge key"),
        pytest.param("a: 1\na: 2", "line 2: the key 'a' is written twice", id="a key twice"),
        pytest.param("a: rain: little", "line 1: a colon and a space inside a text: put the text in quotes", id="a colon in a text"),
        pytest.param("a:\n  b: 1\n c: 2", "line 3: the indentation does not fit the lines above", id="indentation"),
        pytest.param("a: 'b\nc: 1", "line 2: a quote before this line is opened and not closed", id="an open quote"),
        pytest.param("a: 1\nb\nc: 1", "line 3: neither 'key: value' nor a part of the text above", id="a line of neither kind"),
        pytest.param("a: 1\nb: c\x00", "line 2: the sign U+0000, which no text holds", id="a zero byte"),
        pytest.param('a: b\nb: "\\0"', "line 2: the sign U+0000, which no text holds", id="a zero byte by an escape"),
        pytest.param('a: "\\ud800"', "line 1: the sign U+D800, which no text holds", id="half a letter by an escape"),
        pytest.param("[a, b]: 1", "line 1: expected a word as a key, got a list or keys", id="a list as a key"),
        pytest.param("a: \ud800", "line 1: the sign U+D800, which no text holds", id="half a letter"),
        pytest.param("x: {no: 1}", "line 1: no without quotes is read as false; write false, or 'no' in quotes", id="the Norwegian problem"),
        pytest.param("x: On", "line 1: On without quotes is read as true; write true, or 'On' in quotes", id="on for true"),
        pytest.param("x: 1:30", "line 1: 1:30 without quotes is read as a number counted in sixties", id="sixties"),
        pytest.param("x: 010", "line 1: 010 without quotes is read as a number in base 8; write it without the leading 0", id="base 8"),
        pytest.param("x: 1_000", "line 1: 1_000 without quotes is read as a number in another notation", id="underscores"),
        pytest.param("x: 0x1F", "line 1: 0x1F without quotes", id="base 16"),
        pytest.param("x: 2026-09-01", "line 1: 2026-09-01 without quotes is read as a day of the calendar; write a month as 2026-09", id="a day"),
        pytest.param("x: 2026-13-45", "line 1: 2026-13-45 without quotes", id="a day of no calendar"),
        pytest.param("x: .nan", "line 1: .nan without quotes is read as what is no finite number", id="not a number"),
        pytest.param("x: -.inf", "line 1: -.inf without quotes", id="infinity"),
        pytest.param(f"x: {'9' * 5000}", "line 1: 999999999... without quotes is read as a number of more than 40 digits", id="digits without end"),
        pytest.param("x: =", "line 1: = without quotes", id="a bare equals sign"),
    ],
)  # fmt: skip
def test_what_could_be_misread_is_refused_with_its_line(text: str, message: str) -> None:
    assert refusal(text).startswith(f"f.yaml: {message}")


@pytest.mark.parametrize(
    ("text", "values"),
    [
        pytest.param("x: {no: 1}".replace("no", "'no'"), {"x": {"no": 1}}, id="a word in quotes"),
        pytest.param("x: True", {"x": True}, id="true in capitals"),
        pytest.param("x: [-1.0, 1e+3, 0, 12, null, ~]", {"x": [-1.0, "1e+3", 0, 12, None, None]}, id="numbers and nothing"),
        pytest.param("x: 2026-09", {"x": "2026-09"}, id="a month"),
        pytest.param("x: &a {b: 1}\ny: [*a, *a]", {"x": {"b": 1}, "y": [{"b": 1}] * 2}, id="an alias"),
        pytest.param("\ufeffx: 1", {"x": 1}, id="the mark of an encoding"),
        pytest.param("", None, id="nothing"),
    ],
)  # fmt: skip
def test_plain_values_are_read(text: str, values: object) -> None:
    assert careful_yaml(text, "f.yaml").values == values


def test_a_bomb_is_refused_before_it_is_written_out() -> None:
    # 10 ** 30 words, if it were.
    assert refusal(grown(10, 30)).startswith("f.yaml: line 6: with its aliases written out")


def test_aliases_within_bounds_are_read() -> None:
    assert len(careful_yaml(grown(10, 4), "f.yaml").values["a4"]) == 10
    assert 10**5 < MAX_NODES < 10**6


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("[" * 10_000, id="by brackets"),
        pytest.param(
            "a0: &a0 x\n" + "\n".join(f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 300)),
            id="by aliases of aliases",
        ),
    ],
)
def test_depth_is_bounded(text: str) -> None:
    assert f"{MAX_DEPTH}" in refusal(text)


def test_size_is_bounded() -> None:
    assert refusal("#" * (MAX_BYTES + 1)).startswith("f.yaml: expected 1,000,000 letters at most")


def test_a_place_has_its_line() -> None:
    written = careful_yaml("a:\n  - b: 1\n  - c: {d: 2,\n         e: 3}\n", "f.yaml")
    assert [written.line(place) for place in [(), ("a",), ("a", 0), ("a", 1, "c", "e")]] == [
        *(1, 1, 2, 4)
    ]
    assert written.line(("a", 1, "c", "lacking")) == 3
    assert written.line(("a", 7, "c")) == 1


def test_what_an_alias_repeats_has_the_line_where_it_is_written() -> None:
    written = careful_yaml("a: &a\n  b: 1\nc:\n  d: *a\n", "f.yaml")
    assert (written.line(("c", "d")), written.line(("c", "d", "b"))) == (4, 2)


words = st.text(st.characters(categories=["L", "N", "P"]), max_size=20)
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | words,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=20,
)


@given(plain)
def test_what_a_program_writes_of_plain_values_is_read_back(values: object) -> None:
    assert careful_yaml(yaml.safe_dump(values, allow_unicode=True), "f.yaml").values == values


def test_the_shipped_plans_are_far_from_the_bounds() -> None:
    assert all(len(str(plan.as_json())) < MAX_BYTES / 2 for plan in shipped_plans())
