"""Airflow live on one machine: its settings, its set-up, and the components kept running.

``python -m pipeline.airflow_server`` is the supervisor of `make up`. Where systemd or containers
keep programs running, they call `drought airflow setup` and `drought airflow run COMPONENT`.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from pathlib import Path
from threading import Event
from typing import Any, NoReturn

from pipeline import wiring
from pipeline.core.errors import InputError
from pipeline.local.one_airflow import OneAirflow
from pipeline.local.processes import Background, end
from pipeline.local.supervisor import (
    Part,
    Supervisor,
    end_what_is_left,
    read_parts,
    stop_on_signals,
)

COMPONENTS = {
    "api-server": ("api-server",),
    # Else it would offer the logs of its tasks to the whole network; they lie in our folder.
    "scheduler": ("scheduler", "--skip-serve-logs"),
    "dag-processor": ("dag-processor",),
}
"""What `make up` keeps running, and how Airflow's own command names it."""
RUNNABLE = {**COMPONENTS, "triggerer": ("triggerer",), "celery-worker": ("celery", "worker")}
PREFERRED_PORT = 8080
LEAST_DAYS_KEPT = 100
"""Longer than a run of `approve_alerts` may wait for an answer."""
READY_SECONDS = 180.0
_STOP_SECONDS = 90.0
"""The supervisor ends one component after another."""
_HOST = "127.0.0.1"
_OTHER_WAYS = ("_CMD", "_SECRET")
_PARTS_OF_HEALTH = ("metadatabase", "scheduler", "dag_processor")


# --- settings and set-up ----------------------------------------------------------------------


def folder() -> Path:
    """Return Airflow's folder, which nobody else may enter: it holds passwords."""
    found = wiring.airflow_folder()
    found.mkdir(parents=True, exist_ok=True)
    found.chmod(0o700)
    return found


def environment() -> dict[str, str]:
    """Return the environment of a component. What the caller's sets already is kept.

    The components of one installation share their secrets, which are made here once.
    """
    secret = _kept_secret(folder() / "secret")
    port = os.environ.get("AIRFLOW__API__PORT") or str(kept_port() or PREFERRED_PORT)
    ours = {
        "AIRFLOW__API__PORT": port,
        "AIRFLOW__API__HOST": _HOST,
        "AIRFLOW__API__BASE_URL": f"http://{_HOST}:{port}",
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__SECRET_KEY": secret,
        "AIRFLOW__API_AUTH__JWT_SECRET": secret,
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://{_HOST}:{port}/execution/",
        # A scheduler that was killed leaves tasks that nobody runs; they are looked for every
        # 5 minutes otherwise.
        "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "30",
        "PYTHONWARNINGS": "ignore",
    }
    # An empty value is none; and what a command or a vault says would be hidden by ours.
    ours = {n: v for n, v in ours.items() if not any(os.environ.get(n + w) for w in _OTHER_WAYS)}
    given = {name: value for name, value in os.environ.items() if value or name not in ours}
    return {**ours, **given, **wiring.airflow_environment()}


def set_up(say: Callable[[str], None]) -> None:
    """Make all that Airflow needs before a component starts. Safe to repeat, and after upgrades.

    That is its tables, the pool of the data store, the secret that components share, and the
    passwords of the users: those that Airflow made itself it would write into its log.

    Raises:
        InputError: Airflow's database could not be set up.
    """
    for login in wiring.airflow_logins().make_missing():
        say(f"user {login}: dropped, as it is in no list of users; operator is the new admin")
    say("Airflow's tables and pools")
    _run("set_up", trouble="its tables could not be brought up to date")


def tidy(days: int) -> str:
    """Forget Airflow's runs and logs older than so many days; return what was forgotten.

    Raises:
        InputError: fewer days than an alert may wait, or Airflow's database could not be tidied.
    """
    if days < LEAST_DAYS_KEPT:
        raise InputError(
            f"days to keep: expected {LEAST_DAYS_KEPT} or more, as an alert may wait on the page for "
            f"90, got {days}"
        )
    said = _run("tidy", str(days), trouble="its old runs could not be forgotten")
    return said.splitlines()[-1]  # what Airflow says of each table stands before


def _run(module: str, *arguments: str, trouble: str) -> str:
    """Run one of our programs that know Airflow, in its environment; return what it printed."""
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", f"pipeline.orchestration.{module}", *arguments],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise InputError(f"Airflow: {trouble}: {done.stderr.strip()[-800:]}")
    return done.stdout


def run_component(name: str, queues: str | None = None) -> NoReturn:
    """Become one component of Airflow, in the foreground.

    Args:
        name: of the component.
        queues: from which a worker takes tasks, separated by commas; None: the default one.

    Raises:
        InputError: there is no such component, it takes nothing from queues, or `make up` keeps
            Airflow running here.
    """
    if name not in RUNNABLE:
        raise InputError(f"component: expected one of {', '.join(RUNNABLE)}, got {name!r}")
    if queues is not None and name != "celery-worker":
        raise InputError(f"queues: expected none for {name}; only a celery-worker has them")
    taken = [] if queues is None else ["--queues", queues]
    if name in COMPONENTS:
        _one_airflow().join()
        _end_what_is_left()  # by a supervisor that was killed
    os.execve(sys.executable, [*_command(name), *taken], environment())  # noqa: S606 - our own program


def run_airflow(arguments: Sequence[str]) -> NoReturn:
    """Become a command of Airflow's own, with this installation's settings."""
    command = [sys.executable, "-m", "airflow", *arguments]
    os.execve(sys.executable, command, environment())  # noqa: S606 - our own program


def _command(name: str) -> list[str]:
    return [sys.executable, "-m", "airflow", *RUNNABLE[name]]


def _kept_secret(path: Path) -> str:
    if not path.exists():
        unfinished = path.with_name(f"{path.name}.{os.getpid()}")
        unfinished.touch(mode=0o600)
        unfinished.write_text(secrets.token_urlsafe(48))
        try:
            os.link(unfinished, path)  # another process may be quicker: its secret holds
        except FileExistsError:
            pass
        finally:
            unfinished.unlink()
    return path.read_text()


# --- ports ------------------------------------------------------------------------------------


def kept_port() -> int | None:
    """Return the port of the last start."""
    try:
        return int(json.loads((_run_folder() / "ports.json").read_text())["airflow"])
    except (FileNotFoundError, ValueError, KeyError):
        return None


def choose_port(wanted: int | None) -> int:
    """Return the port to take: the wanted one, else that of the last start, else a free one.

    Raises:
        InputError: another program listens at the wanted one.
    """
    if wanted is not None:
        if not _is_free(wanted):
            raise InputError(
                f"port {wanted}: expected it to be free, but another program listens there; say "
                "another with --port, or leave the option out for a free one"
            )
        return wanted
    for port in (kept_port(), PREFERRED_PORT):
        if port is not None and _is_free(port):
            return port
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        return int(probe.getsockname()[1])


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError:
            return False
    return True


# --- up, down, status -------------------------------------------------------------------------


def start(wanted_port: int | None, say: Callable[[str], None]) -> tuple[str, bool]:
    """Start the supervisor unless it runs, and wait until Airflow answers.

    The warehouse is brought up to date first. The schedule stays off until someone turns a DAG on.

    Returns:
        The address, and whether it ran before.

    Raises:
        InputError: the wanted port is taken, another Airflow of this installation runs, or Airflow
            did not come up; the logs are named.
    """
    if _supervisor().is_running():
        port = kept_port()
        if port is None or wanted_port not in (None, port):
            raise InputError(f"Airflow: runs already at port {port}; `drought airflow down` first")
        return address(port), True
    with _one_airflow().alone() as lock:
        _end_what_is_left()
        port = choose_port(wanted_port)
        if port != PREFERRED_PORT and wanted_port is None:
            say(f"port {PREFERRED_PORT} is not the one: Airflow listens at {port}")
        _run_folder().mkdir(parents=True, exist_ok=True)
        (_run_folder() / "ports.json").write_text(json.dumps({"airflow": port}))
        wiring.migrate_warehouse()  # not beside an older version that runs: it would fail
        set_up(say)
        say(f"starting {', '.join(COMPONENTS)}")
        command = [sys.executable, "-m", "pipeline.airflow_server", str(lock)]
        _supervisor().start(command, os.environ, kept=(lock,))
    say("waiting until Airflow answers")
    _wait_until_healthy(port)
    return address(port), False


def stop() -> None:
    """Stop what `start` left running, whatever became of the supervisor."""
    _supervisor().stop(_STOP_SECONDS)
    _end_what_is_left()


def _end_what_is_left() -> None:
    end_what_is_left(_run_folder())
    (_run_folder() / "state.json").unlink(missing_ok=True)


def others() -> list[str]:
    """Return the processes of an Airflow here that no supervisor of ours keeps: systemd's, say."""
    return [] if _supervisor().is_running() else _one_airflow().holders()


def restart(name: str) -> bool:
    """End a component that the supervisor starts again; return whether one runs."""
    if not _supervisor().is_running():
        return False
    for part in read_parts(_run_folder()):
        process = part.process()
        if part.name == name and process is not None and process.is_running:
            end(process)
            return True
    return False


def address(port: int) -> str:
    return f"http://{_HOST}:{port}"


def status() -> dict[str, Any]:
    """Return what runs, since when, how often it was started again, and what Airflow says itself."""
    supervisor, port = _supervisor().process(), kept_port()
    parts = read_parts(_run_folder())
    components = [_shown(part) for part in parts]
    is_running = supervisor is not None and all(one["state"] == "running" for one in components)
    return {
        "is_running": is_running,
        "supervisor": None if supervisor is None else supervisor.pid,
        "others": others(),
        "address": address(port) if port is not None and parts else None,
        "components": components,
        "health": health(port) if port is not None and parts else {},
        "logs": str(_run_folder()),
    }


def _shown(part: Part) -> dict[str, Any]:
    process = part.process()
    ended = part.state == "running" and process is not None and not process.is_running
    return {
        "name": part.name,
        "state": "ended" if ended else part.state,
        "since": part.since,
        "pid": part.pid,
        "restarts": part.restarts,
        "last_end": part.last_end,
    }


def health(port: int) -> dict[str, str]:
    """Return what Airflow says of its parts; nothing if it does not answer."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{address(port)}/api/v2/monitor/health", timeout=5) as answer:
            said = json.loads(answer.read())
    except (urllib.error.URLError, OSError, ValueError):
        return {}
    return {name: str((said.get(name) or {}).get("status")) for name in _PARTS_OF_HEALTH}


def _wait_until_healthy(port: int) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if not _supervisor().is_running():
            raise InputError(
                f"supervisor: ended at once, expected it to run; see {_supervisor().log}"
            )
        if set(health(port).values()) == {"healthy"}:
            return
        time.sleep(0.3)
    raise InputError(
        f"Airflow: expected it to answer at {address(port)} within {READY_SECONDS:.0f} s, got "
        f"{health(port) or 'no answer'}; `drought airflow status` shows what runs, the logs are in "
        f"{_run_folder()}; it goes on trying until `drought airflow down`"
    )


def _run_folder() -> Path:
    return folder() / "run"


def _supervisor() -> Background:
    return Background(_run_folder(), "supervisor")


def _one_airflow() -> OneAirflow:
    return OneAirflow(folder() / "running.lock")


# --- users ------------------------------------------------------------------------------------


def refuse_given_users(what: str) -> None:
    """Refuse to change users that are named in the environment.

    Raises:
        InputError: they are.
    """
    if os.environ.get(wiring.AIRFLOW_USERS_VARIABLE):
        raise InputError(
            f"{what}: the users are named by {wiring.AIRFLOW_USERS_VARIABLE} in the environment, "
            "and this command would change a list that is not used; change them there"
        )


# --- the supervisor ---------------------------------------------------------------------------


def supervise(lock: int | None = None) -> None:
    """Keep the components and the embedded Postgres running until told to stop.

    Args:
        lock: what says that no other Airflow runs here, as taken by who started this process; None:
            it is to be taken.

    Raises:
        InputError: it is taken.
    """
    stop = Event()
    stop_on_signals(stop)
    commands = {name: _started_as(name) for name in COMPONENTS}
    with nullcontext() if lock is not None else _one_airflow().alone():
        Supervisor(_run_folder(), commands, ground=_bring_up_postgres, stop=stop).run()


def _started_as(name: str) -> Callable[[], tuple[list[str], Mapping[str, str]]]:
    return lambda: (_command(name), environment())


def _bring_up_postgres() -> bool:
    """Start the embedded Postgres if it is down, and say so; another server is not ours to start.

    Neither is one that a service runs: who stopped that for a while meant it.
    """
    if wiring.settings().database_url is not None:
        return False
    postgres = wiring.embedded_postgres()
    with suppress(InputError):  # no room for it is no reason to leave the server down
        postgres.shorten_log()
    if wiring.settings().postgres_served or postgres.is_running():
        return False
    postgres.start()
    return True


if __name__ == "__main__":
    supervise(int(sys.argv[1]) if len(sys.argv) > 1 else None)
