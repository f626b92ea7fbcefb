from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.alerts.recipients import (
    Form,
    Hours,
    Recipient,
    checked,
    hours_from,
    weekdays_from,
)
from pipeline.alerts.wishes import Wishes
from pipeline.core.errors import InputError
from pipeline.core.ids import Country

COMMITTEE = Recipient(
    recipient_id="committee",
    name="Drought committee",
    channel="mail",
    address="committee@example.org",
    form=Form.LETTER,
    language="uz",
    clock=Country.UZBEKISTAN,
)


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("a.b+drought@mail.example.org", id="with dots and a plus"),
        pytest.param("desk@localhost", id="inside the house"),
        pytest.param(
            "desk@xn--e1afmkfd.xn--j1amh", id="a domain in other letters, as mail writes it"
        ),
    ],
)
def test_a_mail_address_is_taken(address: str) -> None:
    assert checked(replace(COMMITTEE, address=address)).address == address


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        *(
            pytest.param({"address": text}, "^address: expected", id=f"mail to {text!r}")
            for text in (
                "committee",
                "@example.org",
                "committee@",
                "a@b@c",
                "a b@example.org",
                "a@example.org, b@example.org",
                "Committee <a@example.org>",
                "кто@пример.уз",
                "a@example.org\nBcc: b@example.org",
                "a@example.org\r\n",
                "",
                "   ",
            )
        ),
        pytest.param(
            {"channel": "sms", "address": "+99890\n1234567"}, "^address: .* in one line", id="a number in two lines"
        ),
        pytest.param({"name": "A\u2028B"}, "^name: expected", id="a name in two lines"),
        pytest.param({"name": "\u202egnp.exe"}, "^name: expected", id="a name that turns the writing"),
        pytest.param({"recipient_id": "Committee UZ"}, "^id: expected small", id="an id with a blank"),
        pytest.param({"recipient_id": "../committee"}, "^id: expected small", id="an id that climbs"),
        pytest.param({"recipient_id": "a@b.uz"}, "^id: expected small", id="an id that is an address"),
        pytest.param({"channel": "file"}, "^channel: expected mail", id="the folder"),
        pytest.param({"channel": "Telegram"}, "^channel: expected mail", id="a channel in capitals"),
        pytest.param({"language": "de"}, "^language: expected one of en, ru", id="another language"),
        pytest.param(
            {"wishes": Wishes(provinces=frozenset({" "}))}, "^province: expected", id="a blank province"
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(edit: dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=said):
        checked(replace(COMMITTEE, **edit))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "hours"),
    [("09-18", (9, 18)), ("9-18", (9, 18)), ("00-24", (0, 24)), ("23-24", (23, 24))],
)
def test_hours_are_full_hours_of_one_day(text: str, hours: tuple[int, int]) -> None:
    assert hours_from(text) == hours


@pytest.mark.parametrize("text", ["18-09", "9-9", "09-25", "09:30-18", "9", "", "-9-18", "²-9"])
def test_other_hours_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="hours: expected full hours of one day"):
        hours_from(text)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        pytest.param("mon-fri", {1, 2, 3, 4, 5}, id="a run"),
        pytest.param("MON, wed,sat", {1, 3, 6}, id="single days"),
        pytest.param("sat-mon", {6, 7, 1}, id="over the week's end"),
        pytest.param("mon-sun", {1, 2, 3, 4, 5, 6, 7}, id="all"),
        pytest.param("fri-fri", {5}, id="one day"),
    ],
)
def test_days_of_the_week(text: str, days: set[int]) -> None:
    assert weekdays_from(text) == days


@pytest.mark.parametrize("text", ["", "mo-fr", "mon-", "mon,,fri", "1-5", "mon-fri-sat"])
def test_other_days_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="weekdays: expected days such as mon-fri"):
        weekdays_from(text)


@given(
    st.integers(0, 23).flatmap(lambda first: st.tuples(st.just(first), st.integers(first + 1, 24))),
    st.sets(st.integers(1, 7), min_size=1),
)
def test_hours_are_shown_as_they_are_written(hours: tuple[int, int], days: set[int]) -> None:
    shown = str(Hours(*hours, frozenset(days)))
    said_days, said_hours = shown.split()
    assert (hours_from(said_hours), weekdays_from(said_days)) == (hours, frozenset(days))
