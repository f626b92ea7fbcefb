from __future__ import annotations

import base64
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.alerts.recipients import Form
from pipeline.core.errors import InputError
from pipeline.core.secrets import hidden
from pipeline.delivery.channel_calls import refuse_unusable
from pipeline.delivery.channels import Channel, read_channels
from pipeline.delivery.redacted import redaction

SECRET = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5"  # noqa: S105 - opens nothing


def file(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "channels.yaml"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def test_a_file_of_three_channels(tmp_path: Path) -> None:
    found = read_channels(
        file(
            tmp_path,
            f"telegram:\n  url: tgram://{SECRET}/{{address}}\n  form: brief\n"
            "sms:\n  url: 'forms://gate.example/send?:message=text&:to={address}'\n  form: sms\n"
            "ministry:\n  url: jsons://user:pa55@hooks.example/drought?-to={address}\n",
        )
    )
    assert {name: (one.scheme, one.form) for name, one in found.items()} == {
        "telegram": ("tgram", Form.BRIEF),
        "sms": ("forms", Form.SMS),
        "ministry": ("jsons", Form.BRIEF),
    }
    assert SECRET not in repr(found)


def test_the_file_of_the_operators_page_can_be_used(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "operator.md").read_text(encoding="utf-8")
    example = page.partition("### Channels")[2].partition("```yaml\n")[2].partition("```")[0]
    channels = read_channels(file(tmp_path, example))
    assert list(channels) == ["telegram", "sms", "ministry"]
    for channel in channels.values():
        refuse_unusable(channel, "998901234567")


def test_no_file_is_no_channel() -> None:
    assert read_channels(None) == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "expected channels"),
        ("- a\n", "expected channels"),
        ("chat: tgram://x\n", "line 1: chat: expected a url and a form"),
        ("a:\n  form: sms\n", "expected a url"),
        (f"\nchat:\n  url: tgram://{SECRET}/{{address}}\n  from: x\n", "line 2: chat: expected no keys but url and form, got 1 more"),
        (f"chat: {{'tgram://{SECRET}/x': 1, url: y}}\n", "expected no keys but url and form"),
        (f"'tgram://{SECRET}/{{address}}': x\n", "a name of small letters"),
        (f"chat:\n  url: tgram://x/{{address}}\n  form: {SECRET}\n", "expected one of letter, brief, sms"),
        (f"mail:\n  url: tgram://{SECRET}/{{address}}\n", "that is neither mail nor file"),
        (f"Chat:\n  url: tgram://{SECRET}/{{address}}\n", "a name of small letters"),
        (f"1:\n  url: tgram://{SECRET}/{{address}}\n", "a name of small letters"),
        (f"chat:\n  url: tgram://{SECRET}/{{address}}\n  form: cap\n", "expected one of letter, brief, sms"),
        (f"chat:\n  url: tgram://{SECRET}/42\n", r"expected {address} where"),
        (f"chat:\n  url: telegramm://{SECRET}/{{address}}\n", "a scheme that apprise knows"),
        (f"chat:\n  url: {SECRET}\n", "expected an apprise URL"),
        ("chat:\n  url: 7\n", "expected an apprise URL"),
        (f"chat:\n  url: tgram://{SECRET}/{{address}}\nchat:\n  url: x\n", "written twice"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_and_no_key_is_quoted(
    tmp_path: Path, text: str, said: str
) -> None:
    with pytest.raises(InputError) as caught:
        read_channels(file(tmp_path, text))
    assert said in str(caught.value)
    assert SECRET[:9] not in str(caught.value)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o777])
def test_a_file_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(InputError, match="chmod 600"):
        read_channels(file(tmp_path, "", mode))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="correct DROUGHT_CHANNELS"):
        read_channels(tmp_path / "none.yaml")


@given(address=st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_no_address_adds_to_the_url(address: str) -> None:
    url = Channel("hook", "json://host/in?-to={address}&x=1").url_to(address)
    assert url.startswith("json://host/in?-to=")
    assert url.endswith("&x=1")
    assert not set(url[19:-4]) & set("/?&#=:@ +")


@pytest.mark.parametrize(
    ("url", "text", "expected"),
    [
        pytest.param(
            f"tgram://{SECRET}/{{address}}",
            f"POST https://api.telegram.org/bot{SECRET}/sendMessage to 998901234567",
            "POST https://api.telegram.org/bot***:***/sendMessage to ***",
            id="a token in the place of the host",
        ),
        pytest.param(
            "jsons://user:p4@hooks.example/in/T0K3N5?-to={address}",
            "hooks.example refused /in/t0k3n5 with p4",
            "hooks.example refused /in/*** with ***",
            id="a token in the path, a short password, and a host that may be named",
        ),
        pytest.param(
            "jsons://hooks.example/in?+Authorization=Bearer%20abc%2Fdef&-to={address}",
            "header Bearer abc/def, or Bearer%20abc%2Fdef",
            "header ***, or ***",
            id="a header, quoted and unquoted",
        ),
        pytest.param(
            "jsons://hooks.example/in?-to={address}",
            "no such number: +998 90 123-45-67, %2B998%2090%20123-45-67, 998901234567",
            "no such number: ***, ***, ***",
            id="the reader's address, however it is written",
        ),
    ],
)
def test_what_is_passed_on_is_without_secrets(url: str, text: str, expected: str) -> None:
    address = "+998 90 123-45-67" if "number" in text else "998901234567"
    assert redaction(Channel("x", url), address)(text) == expected


@pytest.mark.parametrize(
    ("url", "said", "expected"),
    [
        ("tgram://1029384756:AAplantedBot/{address}", "bot1029384756:AAplantedBot is away", "bot*** is away"),
        ("jsons://user:planted-3-word@hooks2.example.org/{address}",
         "hooks2.example.org: user has not planted-3-word", "hooks2.example.org: user has not ***"),
        ("jsons://hooks.example.org/in/T0planted/services?-to={address}",
         "https://hooks.example.org/in/T0planted/services", "https://hooks.example.org/in/***/services"),
        ("jsons://hooks.example.org/in?token=plantedword&-to={address}", "no plantedword", "no ***"),
        ("jsons://user:planted-4-word@hooks.example.org/{address}",
         f"Basic {base64.b64encode(b'user:planted-4-word').decode()}", "Basic ***"),
    ],
)  # fmt: skip
def test_the_keys_of_a_file_that_was_read_are_hidden_in_all_that_is_said(
    tmp_path: Path, url: str, said: str, expected: str
) -> None:
    read_channels(file(tmp_path, f'hook: {{url: "{url}"}}'))
    assert hidden(said) == expected


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("gotify://localhost:8080/Token-of-gotify-1/?-to={address}", "localhost does not answer"),
        ("gotify://push-host-1:8080/Token-of-gotify-2/?-to={address}", "push-host-1 is away"),
        ("gotify://push2.example.kz/Token-of-gotify-3/?-to={address}", "push2.example.kz is away"),
        ("mailtos://bob:Word-of-mail-1@smtp2.example.kz?from=alerts@meteo2.kz&to={address}",
         "smtp2.example.kz refused alerts@meteo2.kz"),
        ("mailtos://bob:Word-of-mail-2@localhost?from=alerts@weather.example&to={address}",
         "localhost: weather.example is not known, see http://localhost"),
        ("tgram://plantedbot/{address}", "plantedbot"),
    ],
)  # fmt: skip
def test_hosts_of_a_file_that_was_read_may_be_named(tmp_path: Path, url: str, said: str) -> None:
    read_channels(file(tmp_path, f'hook: {{url: "{url}"}}'))
    assert hidden(said) == said


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("gotify://push.example.kz/AbTokenOfGotify4/?-to={address}", "AbTokenOfGotify4"),
        ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnl2zkcOXrIdevi7/{address}", "T1JJ3T3L2"),
        ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnl2zkcOXrIdevi7/{address}", "TIiajkdnl2zkcOXrIdevi7"),
        ("pagerduty://A1BRTD5JD@TIiajkdnl5zkcOXrIdevi7/{address}", "TIiajkdnl5zkcOXrIdevi7"),
        ("sendgrid://SG.ab1cdEF.x2yzAB:alerts@meteo3.kz/{address}", "SG.ab1cdEF.x2yzAB"),
        ("mailtos://bob:wordofmail@mail3.example.kz?to={address}", "wordofmail"),
    ],
)  # fmt: skip
def test_keys_of_a_file_that_was_read_are_hidden_wherever_they_stand(
    tmp_path: Path, url: str, key: str
) -> None:
    read_channels(file(tmp_path, f'hook: {{url: "{url}"}}'))
    assert hidden(f"refused {key} of meteo3.kz") == "refused *** of meteo3.kz"
