"""The example of the environment, and the secrets beside it: every setting, none that does not exist."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from sqlalchemy import make_url

from pipeline.settings import FILES_VARIABLE, Settings, settings_from_environment
from tests.containers.conftest import CHECKOUT, DOCKER, setting_lines

EXAMPLE = (DOCKER / "drought.env.example").read_text()
LEFT_OUT = {
    "DROUGHT_DATABASE_URL",
    "DROUGHT_SMTP_PASSWORD",
    "CDSAPI_KEY",
    "DROUGHT_VAR",
    "DROUGHT_POSTGRES_SERVED",
}
"""The example says of each why."""


def known_settings() -> set[str]:
    aliases = {"cdsapi_url": "CDSAPI_URL", "cdsapi_key": "CDSAPI_KEY"}
    return {aliases.get(name, f"DROUGHT_{name.upper()}") for name in Settings.model_fields}


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in list(os.environ):
        if name.startswith(("DROUGHT_", "CDSAPI_")) or name == FILES_VARIABLE:
            monkeypatch.delenv(name)
    return monkeypatch


def test_every_setting_stands_in_it_or_is_left_out_on_purpose() -> None:
    assert set(setting_lines(EXAMPLE)) == known_settings() - LEFT_OUT
    for name in LEFT_OUT:
        assert name in EXAMPLE.partition("# ---")[0]


def test_every_line_has_its_meaning_above_it() -> None:
    lines = EXAMPLE.splitlines()
    for above, line in itertools.pairwise(lines):
        if re.match(r"#?[A-Z_]+=", line):
            assert re.match(r"# [A-Z].{15,}", above), line


def test_nothing_counts_until_somebody_says_so(bare: pytest.MonkeyPatch) -> None:
    assert not [line for line in EXAMPLE.splitlines() if line and not line.startswith("#")]


def test_every_example_can_be_meant_and_what_is_no_example_is_the_default(
    bare: pytest.MonkeyPatch,
) -> None:
    unset = settings_from_environment()
    for name, value in setting_lines(EXAMPLE).items():
        bare.setenv(name, value)
    settings = settings_from_environment()
    lines = EXAMPLE.splitlines()
    for above, line in itertools.pairwise(lines):
        name = line.removeprefix("#").partition("=")[0]
        if name in setting_lines(EXAMPLE) and not above.endswith("Such as"):
            field = (
                name.lower() if name.startswith("CDSAPI") else name.removeprefix("DROUGHT_").lower()
            )
            assert getattr(settings, field) == getattr(unset, field), name


def test_secrets_are_made_once_and_nobody_else_may_enter(installed: Path) -> None:
    folder = installed / "secrets"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    before = {path.name: path.read_text() for path in folder.iterdir()}
    passwords = [text for name, text in before.items() if "://" not in text and text.strip()]
    assert len(set(passwords)) == len(passwords)
    subprocess.run([installed / "make_secrets.sh"], check=True)
    assert {path.name: path.read_text() for path in folder.iterdir()} == before
    # Compose hands a file over as it is, and the account in a container is another one.
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o444}


def test_a_key_is_given_as_the_guide_says_and_never_readable(tmp_path: Path) -> None:
    """The guide's own line, with an umask that would let others read: a key that is given twice."""
    shutil.copytree(DOCKER, tmp_path / "docker", ignore=shutil.ignore_patterns("secrets", "*.env"))
    subprocess.run([tmp_path / "docker/make_secrets.sh"], check=True)
    guide = (CHECKOUT / "docs" / "containers.md").read_text()
    [line] = [line for line in guide.splitlines() if line.startswith("read -rsp")]
    folder = tmp_path / "docker" / "secrets"
    before = {path.name for path in folder.iterdir()}
    for key in ("0a1b-the-first", "0a1b-the-second"):
        subprocess.run(
            ["bash", "-euc", f"umask 0; {line}"],
            cwd=tmp_path,
            input=f"{key}\n",
            text=True,
            check=True,
        )
        assert (folder / "cdsapi_key").read_text() == key
    # Nothing is left but the file, in the folder that nobody else enters.
    assert {path.name for path in folder.iterdir()} == before
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert sorted(path.name for path in tmp_path.iterdir()) == ["docker"]
    assert "/tmp/" not in line  # noqa: S108


def test_secrets_fit_each_other(installed: Path) -> None:
    text = {path.name: path.read_text().strip() for path in (installed / "secrets").iterdir()}
    assert make_url(text["drought_database_url"]).password == text["postgres_drought_password"]
    airflow = make_url(text["airflow_database_url"])
    assert airflow.password == text["postgres_airflow_password"]
    assert f"db+{text['airflow_database_url']}" == text["airflow_result_backend"]
    assert make_url(text["airflow_broker_url"]).password == text["redis_password"]
    assert f"requirepass {text['redis_password']}\n" in text["redis.conf"] + "\n"
    assert {airflow.database, make_url(text["drought_database_url"]).database} == {
        "airflow",
        "drought",
    }


def test_airflow_takes_the_key_it_is_given(installed: Path) -> None:
    fernet = pytest.importorskip("cryptography.fernet")
    key = (installed / "secrets" / "airflow_fernet_key").read_bytes().strip()
    assert fernet.Fernet(key).decrypt(fernet.Fernet(key).encrypt(b"a")) == b"a"


def test_the_settings_take_the_secrets_as_files(installed: Path, bare: pytest.MonkeyPatch) -> None:
    bare.setenv(FILES_VARIABLE, str(installed / "secrets"))
    settings = settings_from_environment()
    assert settings.database_url is not None
    # Empty until somebody gives them.
    assert (settings.cdsapi_key, settings.smtp_password) == (None, None)
