"""Airflow live on this machine, for `make up`: three components, and the page beside them."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from pipeline import wiring
from pipeline.core.errors import InputError
from pipeline.local.processes import Background

COMPONENTS = ("api-server", "scheduler", "dag-processor")
SITE = "site"
READY_SECONDS = 120.0


def start(port: int, site_port: int, say: Callable[[str], None]) -> None:
    """Start Airflow and the site and wait until both answer.

    The schedule stays off until someone turns a DAG on.

    Raises:
        InputError: a port is taken, or a component ended; its log is named.
    """
    environment = _environment(port)
    programs = _programs()
    if not any(program.is_running() for program in programs.values()):
        for taken in (port, site_port):
            _refuse_taken(taken)
    say("Airflow's tables")
    _run(["airflow", "db", "migrate"], environment)
    _run(
        ["airflow", "pools", "set", "cds", "1", "one request to the data store at a time"],
        environment,
    )
    for name in COMPONENTS:
        say(f"starting {name}")
        programs[name].start([*_airflow(), name], environment)
    site = wiring.settings().site.absolute()
    site.mkdir(parents=True, exist_ok=True)
    programs[SITE].start(
        [
            sys.executable,
            "-m",
            "http.server",
            str(site_port),
            "--bind",
            "127.0.0.1",
            "-d",
            str(site),
        ],
        environment,
    )
    say("waiting until Airflow answers")
    _wait_until_healthy(port, programs)


def stop() -> None:
    """Stop what `start` left running."""
    for program in reversed(_programs().values()):
        program.stop()


def _programs() -> dict[str, Background]:
    folder = wiring.settings().var.absolute() / "airflow" / "run"
    return {name: Background(folder, name) for name in (*COMPONENTS, SITE)}


def _airflow() -> list[str]:
    return [sys.executable, "-m", "airflow"]


def _environment(port: int) -> dict[str, str]:
    """Return the environment of the components: they must share their secrets."""
    folder = wiring.settings().var.absolute() / "airflow"
    folder.mkdir(parents=True, exist_ok=True)
    # Airflow writes the passwords of its users here, and into its log.
    folder.chmod(0o700)
    secret = _kept_secret(folder / "secret")
    ours = {
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__SECRET_KEY": secret,
        "AIRFLOW__API_AUTH__JWT_SECRET": secret,
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "PYTHONWARNINGS": "ignore",
    }
    return {**ours, **os.environ, **wiring.airflow_environment()}


def _kept_secret(path: Path) -> str:
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(48))
    return path.read_text()


def _run(command: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(  # noqa: S603 - our own program
        [*_airflow(), *command[1:]], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise InputError(f"{' '.join(command)}: failed: {done.stderr.strip()[-800:]}")


def _refuse_taken(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise InputError(
                f"port {port}: expected it to be free, but another program listens there; "
                "say another with --port or --site-port"
            ) from error


def _wait_until_healthy(port: int, programs: dict[str, Background]) -> None:
    deadline = time.monotonic() + READY_SECONDS
    url = f"http://127.0.0.1:{port}/api/v2/monitor/health"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < deadline:
        for name, program in programs.items():
            if not program.is_running():
                raise InputError(f"{name}: ended at once, expected it to run; see {program.log}")
        try:
            with opener.open(url, timeout=5) as answer:
                if b'"scheduler":{"status":"healthy"' in answer.read().replace(b" ", b""):
                    return
        except (urllib.error.URLError, OSError):
            pass
        time.sleep(0.5)
    raise InputError(
        f"Airflow: did not answer at {url} within {READY_SECONDS:.0f} s; "
        f"see {programs[SITE].folder}"
    )
