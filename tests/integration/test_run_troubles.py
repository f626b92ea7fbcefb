"""A run in which a step fails: what can be done without it is done, letters leave, and it fails in the end."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from pipeline.core.errors import InputError
from pipeline.core.months import Month
from pipeline.local.postgres import EmbeddedPostgres
from pipeline.settings import Settings
from pipeline.steps.approve import approve
from pipeline.steps.golive import golive
from pipeline.steps.installation import Installation
from pipeline.steps.run import run
from pipeline.steps.status import pending_alerts, status
from tests.integration.desk import appoint
from tests.integration.little_world import told
from tests.integration.mapped_world import LAST, ingest, new_place, whole_record, write_grid
from tests.integration.postbox import HOST, Postbox, free_port, listening
from tests.unit.alerts.cases import APPROVAL

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

HOLE = Month(1990, 2)
"""A month nobody gave a file of, before the years of calibration. The source has no schedule."""
AFTER = datetime(2022, 1, 26, 6, tzinfo=UTC)
"""The day on which the newest month should have gone its whole way."""
OPERATOR = "operator@example.org"


@pytest.fixture(scope="module")
def told_of(
    postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """All is computed and decided, and alerts of the newest month wait; tests copy it."""
    folder = tmp_path_factory.mktemp("troubles")
    with new_place(postgres, folder) as place:
        months = [month for month in whole_record(first=HOLE - 1) if month != HOLE]
        ingest(place, write_grid(folder / "record.nc", months))
        dry = whole_record(first=LAST - 5)
        ingest(place, write_grid(folder / "dry.nc", dry, rain_factor=0.1))
        run(place)
        appoint(place.warehouse, APPROVAL)
        golive(place, LAST)
        yield place


@pytest.fixture
def postbox() -> Iterator[Postbox]:
    with listening(Postbox(free_port())) as opened:
        yield opened


@pytest.fixture
def place(
    postgres: EmbeddedPostgres, told_of: Installation, postbox: Postbox, tmp_path: Path
) -> Iterator[Installation]:
    """A copy with an operator and an approved alert that has not left."""
    with new_place(postgres, tmp_path, copy_of=told_of) as copied:
        settings = Settings(
            var=copied.settings.var,
            smtp_host=HOST,
            smtp_port=postbox.port,
            mail_operator=[OPERATOR],
        )
        copied = replace(copied, settings=settings, clock=lambda: AFTER)
        approve(copied, pending_alerts(copied), APPROVAL, accepts_unchecked=True)
        yield copied


def say(place: Installation, statement: str) -> None:
    with place.warehouse.begin() as connection:
        connection.execute(text(statement))


def newest(place: Installation) -> dict[object, object]:
    """How each step ended last."""
    rows = told(place.warehouse, "SELECT step, state FROM ops.outcome ORDER BY outcome_id")
    return dict(rows)  # type: ignore[arg-type]


def unsent(place: Installation) -> list[tuple[object, ...]]:
    return told(place.warehouse, "SELECT 1 FROM alert.delivery WHERE state <> 'sent'")


def subjects(postbox: Postbox) -> list[object]:
    return [mail["Subject"] for recipient, mail in postbox.letters if recipient == OPERATOR]


def test_a_month_that_nobody_gave_is_no_failure_and_the_status_says_it(
    place: Installation, postbox: Postbox, caplog: pytest.LogCaptureFixture
) -> None:
    assert unsent(place)
    for _ in range(2):
        assert run(place).without_file == (HOLE,)
    assert "grid: expected 1990-02 from a file, got none" in caplog.text
    assert unsent(place) == []
    (line,) = [line for line in status(place).late if line.startswith("grid: no file")]
    assert "no file was given of 1 month between others (1990-02)" in line
    # Letters leave before the month is looked at, and its message in the same run.
    assert len(subjects(postbox)) == 1
    assert str(subjects(postbox)[0]).startswith(f"Drought monitor {LAST}: ")
    with pytest.raises(InputError, match="expected 1990-02 from a file"):
        run(place, HOLE, HOLE)


def test_letters_leave_whatever_notices_do(
    place: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    say(place, "REVOKE UPDATE (expired_at) ON alert.approval FROM drought_decide")
    with pytest.raises(ProgrammingError, match="permission denied for table approval"):
        run(place)
    assert unsent(place) == []
    assert newest(place) | {"escalate": "failed", "deliver": "done", "publish": "done"} == newest(
        place
    )
    assert "escalate: " in caplog.text


def test_a_defect_in_taking_files_ends_no_run(place: Installation) -> None:
    place.settings.incoming.mkdir(parents=True)
    (place.settings.incoming / "notes.txt").write_text("of nothing", encoding="utf-8")
    say(place, "REVOKE INSERT ON ops.watched FROM drought_ingest")
    with pytest.raises(ProgrammingError, match="permission denied for table watched"):
        run(place)
    assert unsent(place) == []
    assert newest(place) | {"watch": "failed", "evaluate": "done", "deliver": "done"} == newest(
        place
    )


def test_what_cannot_be_decided_is_said_in_bulletin_and_site(place: Installation) -> None:
    say(place, "REVOKE SELECT ON ALL TABLES IN SCHEMA index FROM drought_decide")
    # What the run before left.
    say(place, "DELETE FROM ops.outcome")
    with pytest.raises(ProgrammingError, match="permission denied"):
        run(place)
    assert newest(place) | {"evaluate": "failed", "bulletins": "done", "publish": "done"} == newest(
        place
    )


def test_letters_leave_where_no_file_can_be_looked_up(
    place: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    """Nor can be told whether there is anything to compute."""
    say(place, "ALTER TABLE ops.grid_month RENAME TO gone")
    with pytest.raises(ProgrammingError, match=r"ops\.grid_month.* does not exist"):
        run(place)
    assert unsent(place) == []
    assert "sources: ProgrammingError: " in caplog.text


def test_maps_that_failed_keep_the_month_open_until_they_are_made(
    place: Installation, postbox: Postbox
) -> None:
    grids = place.settings.var / "grids"
    shutil.move(grids, place.settings.var / "away")
    grids.write_text("in the way", encoding="utf-8")
    with pytest.raises(OSError, match="grids"):
        run(place)
    assert newest(place)["maps"] == "failed"
    (subject,) = subjects(postbox)
    assert subject == f"Drought monitor {LAST}: NOT complete (maps)"
    grids.unlink()
    shutil.move(place.settings.var / "away", grids)
    run(place)
    assert len(subjects(postbox)) == 2
    assert "NOT complete" not in str(subjects(postbox)[1])


def test_telling_that_fails_is_named_and_keeps_nothing_from_being_done(
    place: Installation,
) -> None:
    say(place, "REVOKE INSERT ON alert.notice FROM drought_watch")
    with pytest.raises(ProgrammingError, match="permission denied for table notice"):
        run(place)
    assert unsent(place) == []
    assert newest(place) | {"tell_of_months": "failed", "publish": "done"} == newest(place)
