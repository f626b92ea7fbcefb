"""Wrong usage of `drought recipients add` is told at once, before the warehouse is asked."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from pipeline import wiring
from pipeline.cli import app
from pipeline.commands.recipients import shortened
from pipeline.settings import Settings

SOUND = {
    "--name": "Committee",
    "--channel": "mail",
    "--address": "committee@example.org",
    "--language": "uz",
    "--country": "UZ",
}


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        pytest.param({"--address": "nobody"}, "expected one mail address", id="no address"),
        pytest.param({"--language": "de"}, "expected one of en, ru", id="another language"),
        pytest.param({"--country": "DE"}, "'DE' is not one of", id="another country"),
        pytest.param({"--hours": "18-09"}, "full hours of one day", id="hours over midnight"),
        pytest.param({"--weekdays": "mo"}, "such as mon-fri", id="days in short"),
        pytest.param({"--form": "fax"}, "letter, brief, sms", id="another form"),
        pytest.param({"--digest-from": "1"}, "greater than or equal to 2", id="a digest of one"),
        pytest.param({"--channel": "file"}, "needs no recipient", id="the folder"),
        pytest.param({"--land-use": "city"}, "'city' is not one of", id="another land use"),
        pytest.param({"--country": None}, "--clock: expected whose", id="no clock"),
    ],
)
def test_wrong_usage_says_what_is_wrong(
    edit: dict[str, str | None], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiring, "installation", lambda: pytest.fail("the warehouse was asked"))
    monkeypatch.setattr(wiring, "settings", Settings)
    options = [word for pair in (SOUND | edit).items() if pair[1] for word in pair]
    told = CliRunner(env={"COLUMNS": "300"}).invoke(app, ["recipients", "add", "x", *options])
    assert told.exit_code == 2, told.output
    assert said in " ".join(told.stderr.split())


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("committee@example.org", "com…@example.org"),
        ("+998901234567", "+99…"),
        ("ab", "ab…"),
    ],
)
def test_an_address_is_shortened(address: str, shown: str) -> None:
    assert shortened(address) == shown
