"""What the mail of a month says of backups and checks: what is not known is not called absent."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pipeline.steps.machine import BackupState
from pipeline.steps.months import backup_line, checks_line, is_checked
from pipeline.warehouse.outcomes import CheckFacts

NOW = datetime(2021, 3, 7, 6, tzinfo=UTC)


def test_a_folder_that_cannot_be_read_is_no_lack_of_backups() -> None:
    assert backup_line(None, NOW) == (
        "backup: not known, the folder of backups cannot be read; see why"
    )
    none = BackupState(0, None, None, None, None)
    assert backup_line(none, NOW) == "backup: NONE; run `drought db backup`"


@pytest.mark.parametrize(
    ("errors", "not_run", "said"),
    [
        (None, 0, "checks: 0 rows in error on 2021-03-07"),
        (
            {"checks": 1, "rows": 7},
            0,
            "checks: 7 rows in error on 2021-03-07; `drought check` says what to do",
        ),
        (
            None,
            2,
            "checks: 0 rows in error on 2021-03-07, and 2 could not be run; `drought check` says "
            "what to do",
        ),
    ],
)
def test_checks_that_found_errors_or_did_not_run_are_to_be_looked_at(
    errors: dict[str, int] | None, not_run: int, said: str
) -> None:
    checks = CheckFacts(NOW, {"error": errors} if errors else {"notice": {"rows": 9}}, not_run)
    assert checks_line(checks) == said
    assert is_checked(checks) == (said.count("`drought check`") == 0)


def test_checks_that_never_ran_are_said_to() -> None:
    assert checks_line(None) == "checks: not run yet"
