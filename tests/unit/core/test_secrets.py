from __future__ import annotations

import base64
import json
from collections.abc import Callable

import pytest

from pipeline.core.secrets import (
    HIDDEN,
    hidden,
    know,
    passed_on,
    secrets_of_environment,
    secrets_of_url,
)


def test_a_secret_is_hidden_in_every_spelling_of_a_url() -> None:
    know(["pa ss+w@rd/1", "short"])
    said = "535 pa ss+w@rd/1, ftp://a:pa%20ss%2Bw%40rd%2F1@b, key=pa+ss%2Bw%40rd%2F1, shortly"
    assert hidden(said) == f"535 {HIDDEN}, ftp://a:{HIDDEN}@b, key={HIDDEN}, shortly"


def test_the_longer_one_goes_first() -> None:
    know(["secret-key", "secret-key-of-another"])
    assert hidden("it is secret-key-of-another!") == f"it is {HIDDEN}!"


@pytest.mark.parametrize(
    "url",
    [
        "https://h/a?sv=1&sig=ab/cdEFgh1234%2Bxyz%3D",
        "https://h/a?sv=1&sig=ab%2FcdEFgh1234%2Bxyz%3D",
        "https://h/a?sv=1&sig=ab%2fcdEFgh5678%2bxyz%3d",
        "https://h/a?sv=1&sig=ab/cdEFgh9012%2Bxyz=",
    ],
)
def test_a_secret_of_a_query_is_hidden_as_it_is_written_there(url: str) -> None:
    know(secrets_of_url(url))
    assert hidden(f"404 of {url}") == f"404 of https://h/a?sv=1&sig={HIDDEN}"


def test_a_slash_may_be_quoted_or_not() -> None:
    know(["ab/cd+efgh1"])
    assert hidden("ab/cd%2Befgh1 ab%2Fcd%2Befgh1") == f"{HIDDEN} {HIDDEN}"


@pytest.mark.parametrize("before", ["", "a:", "ab:", "abc:"])
def test_in_base64_a_secret_of_six_letters_is_hidden_too(before: str) -> None:
    know(["Zq8wK3"])
    written = base64.b64encode(f"{before}Zq8wK3".encode()).decode()
    assert hidden(f"Basic {written}, 401") == f"Basic {HIDDEN}, 401"


@pytest.mark.parametrize("before", ["", "a:", "ab:", "abc:", "operator:"])
@pytest.mark.parametrize("after", ["", "x", "yz"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_a_secret_is_hidden_in_base64_whatever_stands_around_it(
    before: str, after: str, encode: Callable[[bytes], bytes]
) -> None:
    know(["k\u00e9y?>~of the base-1"])
    written = encode(f"{before}k\u00e9y?>~of the base-1{after}".encode()).decode()
    assert hidden(f"Authorization: Basic {written}, 401") == f"Authorization: Basic {HIDDEN}, 401"


def test_a_secret_is_hidden_in_json() -> None:
    know(['wö"rd\\of json'])
    said = json.dumps({"error": 'wö"rd\\of json'})
    assert hidden(said) == f'{{"error": "{HIDDEN}"}}'


@pytest.mark.parametrize(
    ("url", "secrets"),
    [
        ("ftp://agency:p%40ss@host/in", ["p%40ss", "p@ss"]),
        ("https://host/in?token=a%20token&page=2", ["a token", "a%20token"]),
        ("postgresql://host/db?user=u&password=s3cret&sslmode=require", ["s3cret"]),
        ("postgresql://host/db?password=abc12", []),  # of 5 letters: it would make holes in words
        (
            "postgresql://drought01@db.example/drought",
            [],
        ),  # who logs in by the account, or a passfile
        ("postgresql+psycopg://drought01@db.example/drought", []),
        ("sftp://hydromet01@host/in", []),
        ("postgresql://host/db?require_auth=none", []),
        ("postgresql://host/db?require_auth=scram-sha-256", []),
        ("postgresql://host/db?require_auth=password", []),
        ("postgresql://host/db?passfile=/srv/drought/pgpass&sslkey=/srv/drought/key", []),
        ("https://host/in?auth=bearer&code=default", []),
        ("https://h/a?sv=1&sig=ab%2fcd%2B", ["ab/cd+", "ab%2fcd%2B"]),
        ("https://ghp_1234567890@host/in", ["ghp_1234567890", "ghp_1234567890"]),
        ("sftp://agency@host/in", []),
        ("http://[broken", []),
    ],
)
def test_of_a_url_the_password_and_what_it_calls_a_secret_are_some(
    url: str, secrets: list[str]
) -> None:
    assert secrets_of_url(url) == secrets


def test_what_is_known_is_passed_on_and_what_becomes_known_too() -> None:
    know(["known-before-1"])
    heard: list[str] = []
    with passed_on(heard.extend):
        assert "known-before-1" in heard
        know(["known-since-2"])
        assert "known-since-2" in heard
        heard.clear()
        know(["known-since-2"])
        assert heard == []
    know(["known-after-3"])
    assert heard == []


def test_keys_of_object_stores_are_secrets_though_no_setting_holds_them() -> None:
    environment = {
        "AWS_ACCESS_KEY_ID": "named-openly",
        "AWS_SECRET_ACCESS_KEY": "of-amazon",
        "AWS_SESSION_TOKEN": "of-a-session",
        "FSSPEC_S3_SECRET": "of-fsspec",
        "FSSPEC_S3_ENDPOINT_URL": "https://s3.example.org",
        "AWS_SHARED_CREDENTIALS_FILE": "/run/secrets/aws",
        "KEY": "of-something-else",
    }
    assert secrets_of_environment(environment) == ["of-amazon", "of-a-session", "of-fsspec"]


@pytest.mark.parametrize(
    ("environment", "secrets"),
    [
        pytest.param(
            {
                "AZURE_STORAGE_CONNECTION_STRING": "DefaultEndpointsProtocol=https;"
                "AccountName=drought;AccountKey=a2V5b2ZhenVyZQ==;EndpointSuffix=core.windows.net"
            },
            ["a2V5b2ZhenVyZQ=="],
            id="a connection string of Azure",
        ),
        pytest.param(
            {
                "AZURE_STORAGE_CONNECTION_STRING": "BlobEndpoint=https://drought.example/;"
                "SharedAccessSignature=sv=2024&sig=of-a-share"
            },
            ["sv=2024&sig=of-a-share", "of-a-share"],
            id="one with a signature",
        ),
        pytest.param(
            {"FSSPEC_ABFS": '{"sas_token": "?sv=2024&sig=of%2Fa%2Ftoken"}'},
            ["?sv=2024&sig=of%2Fa%2Ftoken", "of/a/token", "of%2Fa%2Ftoken"],
            id="a signature alone",
        ),
        pytest.param(
            {
                "FSSPEC_S3": '{"key": "of-the-account", "secret": "of-fsspec", "anon": false, '
                '"client_kwargs": {"endpoint_url": "https://s3.example.org", '
                '"aws_session_token": "of-a-session"}}'
            },
            ["of-the-account", "of-fsspec", "of-a-session"],
            id="what fsspec takes as JSON",
        ),
        pytest.param(
            {"FSSPEC_ABFS": '{"connection_string": "AccountName=drought;AccountKey=of-azure"}'},
            ["of-azure"],
            id="a connection string in JSON",
        ),
        pytest.param({"FSSPEC_S3": "{broken"}, [], id="no JSON after all"),
        pytest.param({"FSSPEC_S3": '["of-a-list"]'}, [], id="JSON of something else"),
    ],
)
def test_keys_of_object_stores_are_secrets_in_what_holds_more_than_one_thing(
    environment: dict[str, str], secrets: list[str]
) -> None:
    found = secrets_of_environment(environment)
    assert [one for one in found if one not in environment.values()] == secrets
    know(found)
    (told,) = environment.values()
    assert [one for one in secrets if one in hidden(told)] == []


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("{}", "***"),
        ("{}==", "***"),
        ("{}, {}; {} ", "***, ***; *** "),
        ("{}{}={}", "******"),
        ("ab/cd{}+ef==gh", "***gh"),
        ("=={}==", "==***"),
        ("nothing", "nothing"),
    ],
)
def test_of_base64_all_that_a_secret_stands_in_is_hidden_and_no_more(
    said: str, expected: str
) -> None:
    know(["of-a-long-run-1"])
    part = base64.b64encode(b"of-a-long-run-1").decode()  # of 15 bytes: no letter holds two
    assert hidden(said.replace("{}", part)) == expected


def test_a_long_run_of_letters_with_a_secret_in_it_is_hidden_whole() -> None:
    know(["of-a-long-run-2"])
    part = base64.b64encode(b"of-a-long-run-2").decode()
    run = "A" * 1_000_000  # tried from each letter anew, this would take an hour
    assert hidden(f"{run} {run}{part}{run} {run}") == f"{run} {HIDDEN} {run}"
