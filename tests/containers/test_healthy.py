"""The health check, by what real servers say."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.containers.conftest import DOCKER


@contextmanager
def saying(body: str) -> Iterator[str]:
    """A server that answers every question with this."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/api/v2/monitor/health" else 404)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: object) -> None: ...  # noqa: A002

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def healthy(*words: str, **variables: str) -> tuple[int, str]:
    kept = {n: v for n, v in os.environ.items() if not n.startswith(("DROUGHT_", "AIRFLOW"))}
    done = subprocess.run(
        [sys.executable, DOCKER / "healthy.py", *words],
        env=kept | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout.strip()


HEALTH = {"metadatabase": {"status": "healthy"}, "scheduler": {"status": "unhealthy"}}


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        pytest.param("metadatabase", (0, "healthy"), id="works"),
        pytest.param("scheduler", (1, "scheduler is unhealthy"), id="does not"),
        pytest.param("dag_processor", (1, "dag_processor is not known"), id="never started"),
    ],
)
def test_a_part_is_as_well_as_airflow_says(part: str, expected: tuple[int, str]) -> None:
    with saying(json.dumps(HEALTH)) as url:
        # A proxy of the agency's is not asked for a neighbour.
        assert healthy("airflow", part, url, http_proxy="http://127.0.0.1:9") == expected


@pytest.mark.parametrize("body", ["<html>", ""])
def test_another_answer_is_none(body: str) -> None:
    with saying(body) as url:
        code, said = healthy("airflow", "scheduler", url)
    assert code == 1
    assert said.startswith(f"{url} gives no answer")


def test_nobody_there_is_told() -> None:
    with saying("") as url:
        pass
    assert healthy("airflow", "scheduler", url)[0] == 1


def test_a_broker_that_is_away_is_told_without_its_password() -> None:
    url = "redis://:hush@127.0.0.1:1/0"
    code, said = healthy("worker", AIRFLOW__CELERY__BROKER_URL=url)
    assert code == 1
    assert said.startswith("the broker gives no answer")
    assert "hush" not in said


def test_without_a_warehouse_there_is_none_to_be_well(tmp_path: Path) -> None:
    code, said = healthy("warehouse", DROUGHT_VAR=str(tmp_path))
    assert (code, said.partition(":")[0]) == (1, "there is none yet")
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("words", [(), ("everything",)])
def test_another_word_is_wrong_usage(words: tuple[str, ...]) -> None:
    assert healthy(*words) == (2, "")
