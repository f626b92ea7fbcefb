"""Log lines: what each bears, in which form, and that no secret is in any."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr

import pytest
import structlog

from pipeline import logs
from pipeline.settings import Settings, secrets_of

LOG = logging.getLogger("pipeline.of.the.test")
PASSWORD = 'pass"wörd/%@'  # noqa: S105 - of nothing


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """The process logs afterwards as it did."""
    root, ours = logging.getLogger(), logging.getLogger("pipeline")
    held = (list(root.handlers), root.level, ours.level)
    yield
    root.handlers[:], level, our_level = held
    root.setLevel(level)
    ours.setLevel(our_level)
    structlog.reset_defaults()
    logs._State.is_json = False


def lines(*, is_json: bool, secrets: list[str] | None = None) -> io.StringIO:
    """Configure the log; what it writes goes here."""
    logs.configure(is_json=is_json, secrets=secrets or [])
    return io.StringIO()


def test_a_line_bears_what_is_bound_around_it() -> None:
    to = lines(is_json=True)
    with redirect_stderr(to), logs.bound(run="r1", step="evaluate", month=None):
        with logs.bound(month="2026-10", landscape="UZ-NW"):
            LOG.info("stage %s", "watch")
        LOG.warning("after", extra={"rows": 7})
        structlog.get_logger("pipeline.other").warning("its own way", much=1)
    first, second, third = (json.loads(line) for line in to.getvalue().splitlines())
    assert list(first)[:3] == ["time", "level", "event"]
    assert first["time"].endswith("Z")
    assert {name: first[name] for name in first if name != "time"} == {
        "level": "info",
        "event": "stage watch",
        "landscape": "UZ-NW",
        "logger": "pipeline.of.the.test",
        "month": "2026-10",
        "run": "r1",
        "step": "evaluate",
    }
    assert (second["rows"], "month" in second, "landscape" in second) == (7, False, False)
    assert (third["event"], third["much"], third["run"]) == ("its own way", 1, "r1")


def test_for_people_a_line_begins_at_warning_and_is_plain() -> None:
    to = lines(is_json=False)
    with redirect_stderr(to), logs.bound(run="r1", step="fetch"):
        LOG.info("not shown")
        LOG.warning("data store: %s", "away")
    (line,) = to.getvalue().splitlines()
    assert line.endswith("Z warning: data store: away [run=r1 step=fetch]")


@pytest.mark.parametrize("is_json", [True, False])
def test_no_secret_is_in_a_line_however_it_comes_in(is_json: bool) -> None:
    settings = Settings(
        database_url=f"postgresql://drought:{'p%40ss-word-1'}@host/db",
        smtp_password=PASSWORD,
        cdsapi_key="key-of-the-store",
        watch=["sftp://user:s3cret-of-sftp@host/in"],
    )
    to = lines(is_json=is_json, secrets=secrets_of(settings))
    with redirect_stderr(to), logs.bound(run="r1", landscape=PASSWORD):
        LOG.warning("said: %s and %s", PASSWORD, "key-of-the-store")
        LOG.warning("unquoted p@ss-word-1, quoted p%%40ss-word-1, %s", {"a": ["s3cret-of-sftp"]})
        LOG.warning("beside", extra={"about": PASSWORD})
        try:
            raise OSError(f"sftp://user:s3cret-of-sftp@host: {PASSWORD}")
        except OSError:
            LOG.exception("failed")
    said = to.getvalue()
    assert said.count("***") >= 8
    for secret in (
        *(PASSWORD, "pass", "key-of-the-store", "s3cret-of-sftp", "ss-word-1"),
        *(json.dumps(PASSWORD)[1:-1], "p%40ss-word-1"),
    ):
        assert secret not in said, secret


def test_importing_the_engine_leaves_our_lines_as_they_were() -> None:
    code = (
        "import logging; from pipeline import logs; logs.configure(is_json=True)\n"
        "import pipeline.indices.engine\n"
        "with logs.bound(run='r1'): logging.getLogger('pipeline.x').info('still here')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    (line,) = done.stderr.splitlines()
    assert (json.loads(line)["event"], json.loads(line)["run"]) == ("still here", "r1")


def test_a_process_that_configures_nothing_logs_as_ever() -> None:
    """Under Airflow the lines are Airflow's."""
    code = (
        "import logging, structlog\n"
        "from pipeline import logs\n"
        "with logs.bound(run='r1'): pass\n"
        "print(structlog.is_configured(), logging.getLogger().handlers, logging.getLogger().level)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False [] 30\n"
