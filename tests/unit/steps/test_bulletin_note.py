"""The forecaster's note: plain text goes in as it was written, and nothing else does."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.errors import InputError
from pipeline.steps.bulletin_note import MOST_LETTERS, note_body, note_in_file


def test_paragraphs_are_parted_by_one_empty_line() -> None:
    assert note_body("\r\n The snow\r\n is gone. \r\n\r\n\r\n\tRivers\trise.\n") == (
        "The snow\n is gone.\n\n Rivers rise."
    )


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        pytest.param(" \n\t\r\n", "an empty text", id="nothing is written"),
        pytest.param("x" * (MOST_LETTERS + 1), "got 6001", id="it is too long"),
        pytest.param("a\x00b", r"U\+0000 after 1 letters", id="it holds a zero byte"),
        pytest.param("a\x1b[31mb", r"U\+001B", id="it holds codes of a terminal"),
        pytest.param("a\u202eb", r"U\+202E", id="it turns the direction of what follows"),
    ],
)
def test_what_is_no_note_is_refused(text: str, fault: str) -> None:
    with pytest.raises(InputError, match=fault):
        note_body(text)


def test_a_note_of_all_letters_allowed_is_taken() -> None:
    assert note_body("ў" * MOST_LETTERS) == "ў" * MOST_LETTERS


class TestFile:
    def test_a_mark_of_byte_order_is_no_part_of_the_note(self, tmp_path: Path) -> None:
        (tmp_path / "note.txt").write_bytes("\ufeffҚор эриди.\n".encode())
        assert note_in_file(tmp_path / "note.txt") == "Қор эриди."

    @pytest.mark.parametrize(
        ("content", "fault"),
        [
            pytest.param("снег".encode("cp1251"), "byte 0xf1 at 0", id="of another encoding"),
            pytest.param(b"PK\x03\x04\xff\xfe", r"U\+|byte 0x", id="of a word processor"),
            pytest.param(b"a" * 70_000, "more than 64 KB", id="longer than any note"),
        ],
    )
    def test_a_file_that_is_no_text_is_refused_by_its_name(
        self, tmp_path: Path, content: bytes, fault: str
    ) -> None:
        (tmp_path / "note.docx").write_bytes(content)
        with pytest.raises(InputError, match=fault):
            note_in_file(tmp_path / "note.docx")


@given(st.text(max_size=80))
def test_a_note_that_is_taken_is_taken_the_same_again(text: str) -> None:
    try:
        body = note_body(text)
    except InputError:
        return
    assert note_body(body) == body
