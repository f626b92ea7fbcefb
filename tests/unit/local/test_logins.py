"""Users of Airflow's page: passwords made before Airflow makes its own, for their owner's eyes only."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from pipeline.core.errors import InputError
from pipeline.local.logins import Job, Logins


@pytest.fixture
def logins(tmp_path: Path) -> Logins:
    return Logins(tmp_path / "airflow" / "users.json", tmp_path / "airflow" / "passwords.json")


def passwords(logins: Logins) -> dict[str, str]:
    found: dict[str, str] = json.loads(logins.passwords_file.read_text())
    return found


def test_a_new_installation_has_one_user_of_each_job(logins: Logins) -> None:
    assert logins.make_missing() == []
    assert logins.airflow_users() == "operator:admin,forecaster:user,viewer:viewer"
    assert set(passwords(logins)) == {"operator", "forecaster", "viewer"}
    assert all(len(one) >= 20 for one in passwords(logins).values())
    assert len(set(passwords(logins).values())) == 3


def test_nobody_else_reads_the_files(logins: Logins) -> None:
    logins.make_missing()
    logins.set_password("karimova", "long enough", Job.FORECASTER)
    folder = logins.users_file.parent
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.iterdir())}
    assert modes.pop("airflow") == 0o700
    assert set(modes.values()) == {0o600}


def test_what_is_there_stays_and_the_admin_of_before_is_dropped(logins: Logins) -> None:
    logins.users_file.parent.mkdir()
    logins.passwords_file.write_text('{"admin": "old", "forecaster": "kept"}')
    assert logins.make_missing() == ["admin"]
    assert passwords(logins)["forecaster"] == "kept"
    assert "admin" not in passwords(logins)
    before = passwords(logins)
    assert logins.make_missing() == []
    assert passwords(logins) == before


def test_a_user_is_added_and_removed(logins: Logins) -> None:
    logins.make_missing()
    assert logins.set_password("karimova", "long enough", Job.FORECASTER)
    assert logins.users()["karimova"] is Job.FORECASTER
    assert passwords(logins)["karimova"] == "long enough"
    assert not logins.set_password("karimova", "another one")
    logins.remove("karimova")
    assert "karimova" not in logins.users()
    assert "karimova" not in passwords(logins)


@pytest.mark.parametrize(
    ("login", "password", "job", "told"),
    [
        ("nobody", "long enough", None, "expected one of the users forecaster, operator, viewer"),
        ("viewer", "short", None, "expected 10 characters or more, got 5"),
        ("A:admin", "long enough", Job.VIEWER, "expected lower-case letters"),
        ("a,b:admin", "long enough", Job.VIEWER, "expected lower-case letters"),
        ("operator", "long enough", Job.VIEWER, "expected an operator among those who stay"),
    ],
)
def test_what_cannot_be_taken_changes_nothing(
    logins: Logins, login: str, password: str, job: Job | None, told: str
) -> None:
    logins.make_missing()
    before = passwords(logins), logins.users()
    with pytest.raises(InputError, match=told):
        logins.set_password(login, password, job)
    assert (passwords(logins), logins.users()) == before


def test_the_last_operator_stays(logins: Logins) -> None:
    logins.make_missing()
    with pytest.raises(InputError, match="expected an operator"):
        logins.remove("operator")
    logins.set_password("admin2", "long enough", Job.OPERATOR)
    logins.remove("operator")
    with pytest.raises(InputError, match="expected one of the users"):
        logins.remove("operator")


@pytest.mark.parametrize("held", ['{"a": "boss"}', "[]", "{", '{"a": 1}'])
def test_a_list_that_is_none_is_refused_by_name(logins: Logins, held: str) -> None:
    logins.users_file.parent.mkdir()
    logins.users_file.write_text(held)
    with pytest.raises(InputError, match=r"users\.json: expected users as"):
        logins.users()
