"""What a task of Airflow leaves in its log when it fails: no secret, whoever raised or logged it."""

from __future__ import annotations

import base64
import subprocess
import sys
from pathlib import Path

import pytest

from tests.dags.conftest import ROOT

pytestmark = pytest.mark.airflow

KEY = "planted-key-7a2d"
WORD = "planted-word-7a2d"
"""Each opens nothing."""
DAG = """
import base64, logging
from urllib.error import URLError
from airflow.sdk import DAG, task
from pipeline import wiring
from pipeline.delivery.channels import read_channels
from pipeline.orchestration import skip_unless, verdicts

def tell(key):
    logging.getLogger("a.library").warning("told of %s", key)

with DAG("quotes", schedule=None):

    @task
    def raises():
        with verdicts():
            key = wiring.settings().cdsapi_key.get_secret_value()
            tell(key)
            channel = read_channels(wiring.settings().channels)["chat"]
            word = channel.url.partition("user:")[2].partition("@")[0]
            tell(word)
            try:
                raise URLError(word)
            except URLError:
                logging.getLogger("a.library").exception("it said")
            try:
                raise ConnectionError(f"ftp://agency:{key}@host does not answer")
            except ConnectionError as error:
                basic = base64.b64encode(f"user:{word}".encode()).decode()
                raise OSError(f"Authorization: Basic {basic}") from error

    @task
    def skips():
        with verdicts():
            wiring.settings()
            skip_unless(0)

    raises()
    skips()
"""
RUN = """
from datetime import UTC, datetime
from pipeline.orchestration import rehearsal
rehearsal.prepare()
try:
    rehearsal.run_dags(["quotes"], "2026-09", datetime.now(UTC))
except rehearsal.RehearsalError as error:
    print("ended:", error)
"""


def test_a_task_tells_no_secret_of_what_it_was_told(
    airflow_environment: dict[str, str], tmp_path: Path
) -> None:
    dags = tmp_path / "dags"
    dags.mkdir()
    (dags / "quotes.py").write_text(DAG)
    channels = tmp_path / "channels.yaml"
    channels.write_text(f"chat: {{url: 'jsons://user:{WORD}@host/{{address}}'}}\n")
    channels.chmod(0o600)
    home = tmp_path / "airflow"
    done = subprocess.run(
        [sys.executable, "-c", RUN],
        cwd=ROOT,
        env={
            **airflow_environment,
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home / "passwords.json"),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}",
            "CDSAPI_KEY": KEY,
            "DROUGHT_CHANNELS": str(channels),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said[-3000:]
    assert "'raises': 'failed', 'skips': 'skipped'" in said
    # What happened is told, and where.
    assert "OSError: Authorization: Basic ***; after ConnectionError: ftp://agency:***@host" in said
    assert "quotes.py" in said
    kept = {str(path): path.read_bytes() for path in home.rglob("*") if path.is_file()}
    assert said.count("told of ***") == 2
    assert "URLError: <urlopen error ***>" in said
    secrets = (KEY, WORD, base64.b64encode(f"user:{WORD}".encode()).decode())
    held = {"printed": said.encode(), **kept}
    assert [
        (where, one) for where, text in held.items() for one in secrets if one.encode() in text
    ] == []
