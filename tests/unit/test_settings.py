"""Settings from the environment: what each variable means, and what a wrong one says."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.errors import InputError
from pipeline.demo import _leave_real_settings_behind
from pipeline.settings import FILES_VARIABLE, Settings, settings_from_environment

SECRETS = {
    "DROUGHT_DATABASE_URL": "postgresql://drought:hush-1@db/drought",
    "DROUGHT_SMTP_PASSWORD": "hush-2",
    "CDSAPI_KEY": "hush-3",
}


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.upper().startswith(("DROUGHT_", "CDSAPI_")) or name == FILES_VARIABLE:
            monkeypatch.delenv(name)


def read(monkeypatch: pytest.MonkeyPatch, variables: Mapping[str, str]) -> Settings:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return settings_from_environment()


def test_without_any_variable_the_installation_lives_in_var_and_sends_no_mail() -> None:
    settings = settings_from_environment()
    assert settings.var == Path("var")
    assert settings.database_url is None
    assert settings.calibration == CalibrationPeriod(1991, 2020)
    assert settings.min_coverage == 0.5
    assert settings.rainless_share == 0.3173
    assert settings.smtp_host is None
    assert settings.authority is None
    assert settings.archive == (Path("var") / "archive").absolute().as_uri()
    assert settings.grids == (Path("var") / "grids").absolute().as_uri()
    assert settings.backups_folder == Path("var") / "backups"


def test_each_variable_reaches_its_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(
        monkeypatch,
        SECRETS
        | {
            "DROUGHT_VAR": "/srv/drought",
            "DROUGHT_ARCHIVE_URL": "s3://raw/drought",
            "DROUGHT_GRIDS_URL": "s3://grids/drought",
            "DROUGHT_BACKUPS": "/mnt/other/drought",
            "DROUGHT_BACKUPS_KEPT": "14",
            "DROUGHT_CALIBRATION": "1981-2010",
            "DROUGHT_MIN_COVERAGE": "0.8",
            "DROUGHT_RAINLESS_SHARE": "0.5",
            "DROUGHT_SOURCE": "era5-land",
            "DROUGHT_BLEND_WITH": "cfsr",
            "DROUGHT_AUTHORITY": "the Test Authority",
            "DROUGHT_CAP_SENDER": "drought@hydromet.example",
            "DROUGHT_SMTP_HOST": "mail.hydromet.example",
            "DROUGHT_SMTP_PORT": "587",
            "DROUGHT_SMTP_USER": "drought",
            "DROUGHT_SMTP_STARTTLS": "true",
            "DROUGHT_MAIL_FROM": "drought@hydromet.example",
            "DROUGHT_MAIL_OPERATOR": "duty@example.org, night@example.org,",
            "CDSAPI_URL": "http://127.0.0.1:9/api",
        },
    )
    assert settings.outgoing == Path("/srv/drought/outgoing")
    assert settings.backups_folder == Path("/mnt/other/drought")
    assert settings.backups_kept == 14
    assert settings.site == Path("/srv/drought/site")
    assert settings.archive == "s3://raw/drought"
    assert settings.grids == "s3://grids/drought"
    assert settings.calibration == CalibrationPeriod(1981, 2010)
    assert settings.min_coverage == 0.8
    assert settings.rainless_share == 0.5
    assert (settings.source, settings.blend_with) == ("era5-land", "cfsr")
    assert settings.authority == "the Test Authority"
    assert settings.cap_sender == "drought@hydromet.example"
    assert (settings.smtp_host, settings.smtp_port) == ("mail.hydromet.example", 587)
    assert (settings.smtp_user, settings.smtp_starttls) == ("drought", True)
    assert settings.mail_from == "drought@hydromet.example"
    assert settings.mail_operator == ["duty@example.org", "night@example.org"]
    assert settings.cdsapi_url == "http://127.0.0.1:9/api"
    held = (settings.database_url, settings.smtp_password, settings.cdsapi_key)
    assert [one.get_secret_value() for one in held if one] == list(SECRETS.values())


def test_the_arc_of_an_authority_is_of_one_of_the_countries(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert read(monkeypatch, {"DROUGHT_AUTHORITY_OID": "2.49.0.1.860.0"}).authority_oid is not None
    with pytest.raises(InputError, match=r"DROUGHT_AUTHORITY_OID: authority OID: .*2\.49\.0\.0"):
        read(monkeypatch, {"DROUGHT_AUTHORITY_OID": "2.49.0.0.860.0"})


def test_blanks_are_no_authority(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="DROUGHT_AUTHORITY"):
        read(monkeypatch, {"DROUGHT_AUTHORITY": "  "})
    assert read(monkeypatch, {"DROUGHT_AUTHORITY": ""}).authority is None


def test_no_secret_is_shown_with_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(monkeypatch, SECRETS)
    for shown in (repr(settings), str(settings), settings.model_dump_json()):
        assert "hush" not in shown


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        pytest.param("DROUGHT_CALIBRATION", "2001-2020", "at least 30 years", id="a short period"),
        pytest.param("DROUGHT_CALIBRATION", "thirty", "expected FIRST-LAST", id="no period"),
        pytest.param("DROUGHT_MIN_COVERAGE", "0", "greater than 0", id="no coverage at all"),
        pytest.param("DROUGHT_MIN_COVERAGE", "1.5", "less than or equal to 1", id="over the whole"),
        pytest.param("DROUGHT_MIN_COVERAGE", "nan", "less than or equal", id="not a number"),
        pytest.param("DROUGHT_RAINLESS_SHARE", "0", "greater than 0", id="no rainless year"),
        pytest.param("DROUGHT_RAINLESS_SHARE", "0.67", "equal to 0.66", id="rain is an exception"),
        pytest.param("DROUGHT_SMTP_PORT", "smtp", "valid integer", id="a port by name"),
        pytest.param(
            "DROUGHT_SMTP_PORT", "65536", "less than or equal to 65535", id="no such port"
        ),
        pytest.param("DROUGHT_SMTP_STARTTLS", "perhaps", "valid boolean", id="neither yes nor no"),
    ],
)
def test_a_value_that_cannot_be_meant_names_its_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    with pytest.raises(InputError, match=said) as refused:
        read(monkeypatch, {name: value})
    assert str(refused.value).startswith(f"settings: {name}: ")
    assert str(refused.value).endswith("; correct the environment variable")


def test_every_wrong_variable_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError) as refused:
        read(monkeypatch, {"DROUGHT_SMTP_PORT": "x", "DROUGHT_MIN_COVERAGE": "2"} | SECRETS)
    assert "DROUGHT_SMTP_PORT: " in str(refused.value)
    assert "DROUGHT_MIN_COVERAGE: " in str(refused.value)
    assert "hush" not in str(refused.value)


@pytest.mark.parametrize(
    "name", ["DROUGHT_DATABASE_URL", "DROUGHT_SMTP_HOST", "DROUGHT_SMTP_PORT", "DROUGHT_CHANNELS"]
)
def test_an_empty_variable_is_an_unset_one(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    unset = settings_from_environment()
    assert read(monkeypatch, {name: ""}) == unset


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of settings that are files."""
    monkeypatch.setenv(FILES_VARIABLE, str(tmp_path))
    return tmp_path


def test_a_secret_may_be_a_file(files: Path) -> None:
    for name, value in SECRETS.items():
        # As an editor leaves it: with an end of line.
        (files / name.lower()).write_text(f"{value}\n")
    (files / "airflow_fernet_key").write_text("of another program")
    settings = settings_from_environment()
    held = (settings.database_url, settings.smtp_password, settings.cdsapi_key)
    assert [one.get_secret_value() for one in held if one] == list(SECRETS.values())
    assert "hush" not in repr(settings)


def test_the_environment_goes_before_a_file(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (files / "drought_smtp_host").write_text("of-the-file")
    assert settings_from_environment().smtp_host == "of-the-file"
    assert read(monkeypatch, {"DROUGHT_SMTP_HOST": ""}).smtp_host == "of-the-file"
    assert read(monkeypatch, {"DROUGHT_SMTP_HOST": "of-here"}).smtp_host == "of-here"


def test_an_empty_file_is_an_unset_setting(files: Path) -> None:
    for name in ("cdsapi_key", "drought_smtp_password", "drought_smtp_port"):
        (files / name).write_text("\n")
    settings = settings_from_environment()
    assert (settings.cdsapi_key, settings.smtp_password) == (None, None)
    assert settings.smtp_port == 25


def test_without_the_folder_there_are_no_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FILES_VARIABLE, "/nowhere/at/all")
    assert settings_from_environment().database_url is None


def test_a_file_of_a_setting_that_does_not_exist_is_refused(files: Path) -> None:
    (files / "drought_smpt_password").write_text("hush")
    with pytest.raises(InputError, match="DROUGHT_SMPT_PASSWORD: there is no such") as told:
        settings_from_environment()
    assert "hush" not in str(told.value)


def test_a_wrong_value_names_the_file_it_came_from(
    files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (files / "drought_smtp_port").write_text("x")
    with pytest.raises(InputError, match=r"correct /.*/drought_smtp_port$"):
        settings_from_environment()
    with pytest.raises(InputError, match=r"correct the environment variable$"):
        read(monkeypatch, {"DROUGHT_SMTP_PORT": "y"})


@pytest.mark.parametrize("kind", ["a folder", "a link to elsewhere", "no text"])
def test_a_file_that_cannot_be_read_is_not_left_out(
    files: Path, tmp_path_factory: pytest.TempPathFactory, kind: str
) -> None:
    file = files / "drought_smtp_password"
    if kind == "a folder":
        file.mkdir()
    elif kind == "a link to elsewhere":
        elsewhere = tmp_path_factory.mktemp("elsewhere") / "password"
        elsewhere.write_text("hush")
        file.symlink_to(elsewhere)
    else:
        file.write_bytes(b"\xff\xfe hush")
    with pytest.raises(InputError, match=r"^settings: .*mend the file or take it away$") as told:
        settings_from_environment()
    assert "hush" not in str(told.value)


def test_the_demonstration_leaves_the_files_of_the_installation_aside(
    files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [n for n in os.environ if n.startswith("AIRFLOW")]:
        monkeypatch.delenv(name)
    (files / "drought_database_url").write_text(SECRETS["DROUGHT_DATABASE_URL"])
    assert settings_from_environment().database_url is not None
    _leave_real_settings_behind()
    assert settings_from_environment().database_url is None


def test_settings_do_not_change_under_way() -> None:
    settings = Settings()
    with pytest.raises(ValueError, match="frozen"):
        settings.min_coverage = 0.9  # type: ignore[misc]


def test_a_setting_that_does_not_exist_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DROUGHT_MIN_COVERGE", "0.9")
    with pytest.raises(InputError, match="DROUGHT_MIN_COVERGE: there is no such setting") as told:
        settings_from_environment()
    assert "DROUGHT_MIN_COVERAGE" in str(told.value)


def test_a_setting_that_left_says_what_replaces_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DROUGHT_MAIL_TO", "committee@example.org")
    monkeypatch.setenv("DROUGHT_MIN_COVERGE", "0.9")
    with pytest.raises(
        InputError, match="DROUGHT_MAIL_TO: there is no such setting any more"
    ) as told:
        settings_from_environment()
    assert "`drought recipients add" in str(told.value)
