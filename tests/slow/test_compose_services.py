"""The services of the compose file as programs of this machine, with the environment it gives them.

No engine runs here. What an engine adds (images, networks, limits) stays untried; what the file says to
Postgres, redis, Airflow and the health checks is tried for real.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from tests.containers.conftest import DOCKER, PROGRAMS, composed, installed
from tests.integration.debian_postgres import OWNER, debian_postgres

__all__ = ["composed", "installed"]

REDIS = shutil.which("redis-server")
SERVICES = ("api-server", "scheduler", "dag-processor", "worker-office")
SECONDS = 240.0

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.airflow,
    pytest.mark.slow,
    pytest.mark.skipif(
        REDIS is None, reason="redis-server is not installed; `make apt` installs it"
    ),
]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def at_home(
    installed: Path, composed: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    """Postgres and redis, set up by the files of docker/, and the environment of our services."""
    folder = tmp_path_factory.mktemp("services")
    secrets = folder / "secrets"
    shutil.copytree(installed / "secrets", secrets)
    broker, page, logs = _free_port(), _free_port(), _free_port()
    with ExitStack() as stack:
        server = stack.enter_context(debian_postgres())
        host = make_url(server).query["host"]
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        subprocess.run(
            ["sh", DOCKER / "postgres" / "20_roles.sh"],
            env=kept | {"PGHOST": str(host), "POSTGRES_USER": OWNER, "SECRETS": str(secrets)},
            check=True,
        )
        for path in secrets.iterdir():
            text = path.read_text()
            text = text.replace("@postgres:5432/drought", f"@/drought?host={host}")
            text = text.replace("@postgres:5432/airflow", f"@/airflow?host={host}")
            text = text.replace("@redis:6379/", f"@127.0.0.1:{broker}/")
            text = text.replace("dir /data", f"dir {folder}\nport {broker}\nbind 127.0.0.1")
            path.chmod(0o644)
            path.write_text(text)
        redis = stack.enter_context(
            subprocess.Popen(
                [str(REDIS), secrets / "redis.conf"], stdout=subprocess.DEVNULL, cwd=folder
            )
        )
        stack.callback(redis.terminate)
        told: dict[str, str] = composed["services"]["setup"]["environment"]
        ours = {
            name: value.replace("/run/secrets", str(secrets)).replace(
                "http://api-server:8080", f"http://127.0.0.1:{page}"
            )
            for name, value in told.items()
        }
        yield (
            kept
            | ours
            | {
                "DROUGHT_VAR": str(folder / "var"),
                "CREDENTIALS_DIRECTORY": str(secrets),
                "AIRFLOW__API__HOST": "127.0.0.1",
                "AIRFLOW__API__PORT": str(page),
                "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(logs),
            }
        )


@pytest.fixture(scope="module")
def set_up(at_home: dict[str, str], composed: dict[str, Any]) -> str:
    """What the service `setup` said; it ran by its own command."""
    service = composed["services"]["setup"]
    done = subprocess.run(
        [*service["entrypoint"], *service["command"]],
        env=at_home | {"PATH": f"{PROGRAMS}:{at_home['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def running(
    at_home: dict[str, str],
    set_up: str,
    composed: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[str, Path]]:
    """Our services, each by its own command; their logs by name."""
    folder = tmp_path_factory.mktemp("logs")
    logs = {name: folder / name for name in SERVICES}
    started = []
    with ExitStack() as stack:
        for name, path in logs.items():
            log = stack.enter_context(path.open("wb"))
            service = subprocess.Popen(
                [PROGRAMS / "drought", *composed["services"][name]["command"]],
                env=at_home,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
            started.append(stack.enter_context(service))
        yield logs
        # All at once, for each takes its time; and with what they started themselves.
        for service in started:
            if service.poll() is None:
                os.killpg(service.pid, signal.SIGTERM)


def asked(words: list[str], environment: dict[str, str]) -> str:
    """What the health check of a service says, asked as an engine would."""
    assert words[:2] == ["CMD", "healthy"]
    page = f"http://127.0.0.1:{environment['AIRFLOW__API__PORT']}"
    words = [word.replace("http://api-server:8080", page) for word in words[2:]]
    if words == ["airflow", "metadatabase"]:
        words.append(page)
    done = subprocess.run(
        [sys.executable, DOCKER / "healthy.py", *words],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip()


def test_the_set_up_makes_the_tables_and_says_no_secret(
    set_up: str, at_home: dict[str, str]
) -> None:
    assert "migrations applied: 0001_" in set_up
    assert "airflow: set up" in set_up
    for path in Path(at_home["CREDENTIALS_DIRECTORY"]).iterdir():
        secret = path.read_text().strip()
        assert not secret or secret not in set_up


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_becomes_healthy(
    running: dict[str, Path], at_home: dict[str, str], composed: dict[str, Any], name: str
) -> None:
    words = composed["services"][name]["healthcheck"]["test"]
    until = time.monotonic() + SECONDS
    while (said := asked(words, at_home)) != "healthy":
        assert time.monotonic() < until, f"{said}\n{running[name].read_text()[-3000:]}"
        time.sleep(0.2)


def test_no_log_of_a_service_holds_a_secret(
    running: dict[str, Path], at_home: dict[str, str]
) -> None:
    for path in Path(at_home["CREDENTIALS_DIRECTORY"]).iterdir():
        secret = path.read_text().strip()
        for name, log in running.items():
            assert not secret or secret not in log.read_text(errors="replace"), (path.name, name)
