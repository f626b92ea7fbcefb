"""Log lines: what each bears, in which form, and that no secret is in any."""

from __future__ import annotations

import base64
import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr
from pathlib import Path

import pytest
import structlog

from pipeline import logs
from pipeline.core.secrets import know
from pipeline.delivery.channels import read_channels
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
        archive_url="https://host/archive?token=t0ken-of-archive",
    )
    to = lines(is_json=is_json, secrets=secrets_of(settings))
    with redirect_stderr(to), logs.bound(run="r1", landscape=PASSWORD):
        LOG.warning("said: %s and %s", PASSWORD, "key-of-the-store")
        LOG.warning("unquoted p@ss-word-1, quoted p%%40ss-word-1, %s", {"a": ["s3cret-of-sftp"]})
        LOG.warning("beside", extra={"about": PASSWORD})
        LOG.warning("GET /archive?token=t0ken-of-archive")
        try:
            raise OSError(f"sftp://user:s3cret-of-sftp@host: {PASSWORD}")
        except OSError:
            LOG.exception("failed")
    said = to.getvalue()
    assert said.count("***") >= 9
    for secret in (
        *(PASSWORD, "pass", "key-of-the-store", "s3cret-of-sftp", "ss-word-1", "t0ken-of"),
        *(json.dumps(PASSWORD)[1:-1], "p%40ss-word-1"),
    ):
        assert secret not in said, secret


def test_a_line_is_json_whatever_the_secret_is() -> None:
    to = lines(is_json=True, secrets=["123456", 'pa"ss}wörd'])
    with redirect_stderr(to):
        LOG.warning("stored", extra={"bytes": 1234567, "rows": 7, "123456": [None, True, 2.5]})
        LOG.warning("beside", extra={"about": {"k": ('pa"ss}wörd', Path("/123456"))}})
    first, second = (json.loads(line) for line in to.getvalue().splitlines())
    assert (first["bytes"], first["rows"], first["***"]) == ("***7", 7, [None, True, 2.5])
    assert second["about"] == {"k": ["***", "/***"]}


@pytest.mark.parametrize("is_json", [True, False])
def test_keys_of_the_file_of_channels_are_in_no_line_since_it_was_read(
    is_json: bool, tmp_path: Path
) -> None:
    key, word = "T0K3N-of-the-log", "wordofthelog"
    written = tmp_path / "channels.yaml"
    written.write_text(f"chat: {{url: 'jsons://user:{word}@host/{key}?-to={{address}}'}}\n")
    written.chmod(0o600)
    to = lines(is_json=is_json)
    with redirect_stderr(to):
        read_channels(written)
        basic = base64.b64encode(f"user:{word}".encode()).decode()
        LOG.warning("refused %s, header Basic %s", key, basic)
        try:
            raise OSError(f"https://user:{word}@host/{key}")
        except OSError:
            LOG.exception("failed")
    said = to.getvalue()
    assert said.count("***") >= 4
    assert [one for one in (key, word, basic) if one in said] == []


def test_short_and_common_words_of_settings_stay_in_lines() -> None:
    url = "postgresql://drought01@db.example/drought?require_auth=none"
    to = lines(is_json=False, secrets=secrets_of(Settings(database_url=url, smtp_password="none")))
    with redirect_stderr(to):
        LOG.warning("months: none; nonetheless the role drought01 at db.example")
    assert to.getvalue().endswith("months: none; nonetheless the role drought01 at db.example\n")


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


@pytest.mark.parametrize(
    ("text", "given", "line"),
    [
        ("100%% of %d", ("x",), "100%% of %d ('x',)"),
        ("%s and %s", ("one-key-of-the-log",), "%s and %s ('***',)"),
        ("no place", (1, 2), "no place (1, 2)"),
    ],
)
def test_a_call_that_a_library_wrote_wrongly_is_logged_and_ends_nothing(
    text: str, given: tuple[object, ...], line: str
) -> None:
    know(["one-key-of-the-log"])
    to = io.StringIO()
    handler = logging.StreamHandler(to)
    logging.getLogger().addHandler(handler)
    with logs.hiding():
        logging.getLogger("a.library").warning(text, *given)
    assert to.getvalue() == f"{line}\n"
