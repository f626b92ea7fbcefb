"""The systemd units of an installation: systemd takes them, and the commands in them exist."""

from __future__ import annotations

import itertools
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import psycopg
import pytest
import typer
from typer.testing import CliRunner

from pipeline import wiring
from pipeline.cli import app
from pipeline.local import units
from pipeline.local.postgres import EmbeddedPostgres
from pipeline.settings import Settings
from tests.integration.beside import until

ACCOUNT = "drought"
KINDS = [
    pytest.param(["--timer", "--account", ACCOUNT], id="timers of the system"),
    pytest.param(["--with-airflow", "--account", ACCOUNT], id="Airflow of the system"),
    pytest.param(["--timer", "--user-units"], id="timers of a user"),
    pytest.param(["--with-airflow", "--user-units"], id="Airflow of a user"),
]


@pytest.fixture
def var(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for name in list(os.environ):
        if name.startswith(("DROUGHT_", "CDSAPI_", "AIRFLOW")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("DROUGHT_VAR", str(tmp_path / "var"))
    wiring.settings.cache_clear()
    yield tmp_path / "var"
    wiring.settings.cache_clear()


def written(folder: Path, *options: str) -> dict[str, str]:
    """Let the command write units; return their texts."""
    done = CliRunner().invoke(app, ["units", "--to", str(folder), *options])
    assert done.exit_code == 0, done.output
    return {path.name: path.read_text() for path in sorted(folder.iterdir())}


def place_in(folder: Path, **given: Any) -> units.Place:  # noqa: ANN401
    usual = {"is_postgres_ours": True, "account": ACCOUNT, "systemd": 252}
    folders = dict.fromkeys(("checkout", "programs", "var", "notices", "env_file"), folder)
    return units.Place(**folders, writable=(), **(usual | given))


@pytest.mark.parametrize("is_ours", [True, False])
def test_services_of_the_system_start_after_a_database_of_the_system(
    is_ours: bool, tmp_path: Path
) -> None:
    texts = units.units(place_in(tmp_path, is_postgres_ours=is_ours), with_airflow=False)
    after = said(texts["drought-run.service"], "After")
    assert ("postgresql.service" in after) == (not is_ours)
    of_user = units.units(
        place_in(tmp_path, is_postgres_ours=is_ours, account=None), with_airflow=False
    )
    assert "postgresql.service" not in "".join(of_user.values())


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze here")
@pytest.mark.parametrize("options", KINDS)
def test_systemd_takes_every_unit_without_a_word(
    options: list[str], var: Path, tmp_path: Path
) -> None:
    texts = written(tmp_path / "units", *options)
    (tmp_path / "run").mkdir(mode=0o700)
    manager = ["--user"] if "--user-units" in options else ["--system"]
    for network in ("network-online.target", "time-sync.target"):
        assert (network in "".join(texts.values())) == (manager == ["--system"])
    done = subprocess.run(
        ["systemd-analyze", *manager, "verify", *(str(tmp_path / "units" / n) for n in texts)],
        env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path / "run"), "SYSTEMD_LOG_LEVEL": "info"},
        capture_output=True,
        text=True,
        check=False,
    )
    said = [line for line in done.stderr.splitlines() if str(tmp_path / "units") in line]
    assert (done.returncode, said) == (0, []), done.stderr


@pytest.mark.parametrize("options", KINDS)
def test_every_command_of_a_unit_exists_with_its_options(
    options: list[str], var: Path, tmp_path: Path
) -> None:
    seen = set()
    for name, text in written(tmp_path / "units", *options).items():
        for line in re.findall(r"^Exec\w+=-?(.*)$", text, re.MULTILINE):
            program, *arguments = shlex.split(line)
            assert os.access(program, os.X_OK), f"{name}: {program}"
            if Path(program).name == "drought":
                parse(arguments)
                seen.add(" ".join(arguments))
    expected = {"db serve", "db up"}
    if "--timer" in options:
        expected |= {command for task in units.TASKS for command in task.commands} | {"db tidy"}
    else:
        expected |= {"airflow setup", *(f"airflow run {one}" for one in units.COMPONENTS)}
        expected |= {"airflow tidy", "db tidy"}
    assert seen == expected


def parse(arguments: list[str]) -> None:
    """Read a command line as the command would, without doing it."""
    command: Any = typer.main.get_command(app)
    context = None
    while hasattr(command, "resolve_command"):
        context = command.make_context(command.name, list(arguments), parent=context)
        rest = [*context._protected_args, *context.args]
        _, command, arguments = command.resolve_command(context, rest)
    command.make_context(command.name, arguments, parent=context)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        pytest.param(["db", "sreve"], "No such command", id="no such command"),
        pytest.param(["run", "--month", "2026-10"], "No such option", id="no such option"),
        pytest.param(["airflow", "run"], "Missing", id="a word lacks"),
    ],
)
def test_a_command_that_does_not_exist_would_be_found(wrong: list[str], told: str) -> None:
    with pytest.raises(Exception, match=told):
        parse(wrong)


DOCS = Path(wiring.__file__).parents[1] / "docs"
GUIDES = ("install", "handover", "airflow", "containers", "many_machines", "monitoring", "operator")


@pytest.mark.parametrize(
    "guide", [*(f"{name}.md" for name in GUIDES), "runbooks/alarms.md", "runbooks/upgrade.md"]
)
def test_every_command_of_the_guides_exists(guide: str) -> None:
    text = (DOCS / guide).read_text(encoding="utf-8")
    quoted = re.findall(r"`(drought [^`]+)`", text)
    blocks = re.findall(r"^```\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = [part.strip() for block in blocks for part in re.split(r"[\n;]", block)]
    found = [
        line.partition("#")[0].split()[1:]
        for line in [*quoted, *lines]
        if line.startswith("drought ") and "…" not in line.split()[1]
    ]
    assert len(found) > 2
    for words in found:
        if (
            words[:2] == ["airflow", "exec"] or words[0] == "COMMAND"
        ):  # what follows is Airflow's, or any
            continue
        command: Any = typer.main.get_command(app)
        for word in words:
            if not hasattr(command, "commands") or word.startswith("-"):
                break
            assert word in command.commands, f"{guide}: drought {' '.join(words)}"
            command = command.commands[word]
        known = {name for option in command.params for name in option.opts + option.secondary_opts}
        known |= {"--help"}
        options = {word for word in words if word.startswith("--")}
        assert options <= known, f"{guide}: drought {' '.join(words)}"


def test_what_is_started_at_boot_is_what_is_there(var: Path, tmp_path: Path) -> None:
    for options in (["--timer"], ["--with-airflow"]):
        texts = written(tmp_path / options[0], *options, "--account", ACCOUNT)
        wanted = re.findall(r"^Wants=(.*)$", texts["drought.target"], re.MULTILINE)[0].split()
        tasks = {Path(name).stem for name in texts if Path(name).suffix == ".timer"}
        assert "drought-tidy.timer" in wanted
        assert set(wanted) == {
            name
            for name in texts
            if (name != "drought.target" and "@" not in name and Path(name).suffix == ".timer")
            or (
                Path(name).suffix == ".service" and Path(name).stem not in tasks and "@" not in name
            )
        }
        named = {
            unit for text in texts.values() for unit in re.findall(r"drought-[\w-]+\.\w+", text)
        }
        assert named <= texts.keys() | {"drought-notice@.service"}


def said(text: str, key: str) -> list[str]:
    """Return the words of all lines of a unit that say `key`."""
    return " ".join(re.findall(rf"^{key}=(.*)$", text, re.MULTILINE)).split()


def test_tasks_that_are_due_at_once_take_turns_and_nobody_starts_another(
    var: Path, tmp_path: Path
) -> None:
    texts = written(tmp_path / "units", "--timer", "--account", ACCOUNT)
    heavy = ["drought-backup.service", "drought-check.service", "drought-run.service"]
    for earlier, later in itertools.pairwise(heavy):
        assert earlier in said(texts[later], "After")
    # What is approved is sent while a run of hours goes on.
    assert not set(heavy) & set(said(texts["drought-deliver.service"], "After"))
    for name, text in texts.items():
        if name != "drought.target":
            assert not set(heavy) & set(said(text, "Wants")), name


def test_the_log_of_the_database_is_tidied_also_where_airflow_cannot_be(
    var: Path, tmp_path: Path
) -> None:
    """Of several commands systemd does those behind one that fails no more."""
    texts = written(tmp_path / "units", "--with-airflow", "--account", ACCOUNT)
    tidied = commands(texts, "drought-tidy.service", "ExecStart")
    assert [command[1:] for command in tidied] == [["db", "tidy"], ["airflow", "tidy"]]


@pytest.mark.parametrize(
    ("said_in", "is_told"),
    [
        pytest.param("nowhere", True, id="no address"),
        pytest.param("the shell", False, id="an address that the file of settings takes over"),
        pytest.param("the file", False, id="an address in the file of settings"),
        pytest.param("the shell, late", True, id="one that the services are not told"),
    ],
)
def test_who_asks_for_units_is_told_that_there_is_no_public_site_yet(
    said_in: str, is_told: bool, var: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ["units", "--to", str(tmp_path / "units"), "--account", ACCOUNT]
    if said_in == "the shell, late":
        assert CliRunner().invoke(app, arguments).exit_code == 0
    if said_in.startswith("the shell"):
        monkeypatch.setenv("DROUGHT_SITE_URL", "https://drought.example.org")
    if said_in == "the file":
        assert CliRunner().invoke(app, arguments).exit_code == 0
        with (var / "drought.env").open("a") as file:
            file.write("DROUGHT_SITE_URL=https://drought.example.org\n")
    wiring.settings.cache_clear()
    done = CliRunner().invoke(app, arguments)
    assert ("127.0.0.1:8081 shows nothing" in done.output) == is_told, done.output
    internal = CliRunner().invoke(app, [*arguments, "--internal-site"])
    assert "shows nothing" not in internal.output


@pytest.mark.parametrize(
    ("version", "airflow", "database"),
    [
        pytest.param(252, ["30s"], ["5s"], id="Debian 12: pauses do not grow"),
        pytest.param(254, ["5s"], ["1s"], id="pauses grow"),
    ],
)
def test_what_ends_is_started_again_after_a_pause(
    version: int, airflow: list[str], database: list[str], tmp_path: Path
) -> None:
    texts = units.units(place_in(tmp_path, systemd=version), with_airflow=True)
    for component in units.COMPONENTS:
        text = texts[f"drought-{component}.service"]
        assert said(text, "RestartSec") == airflow
        assert ("RestartSteps" in text) == (version >= 254)
        # Told together with what it started, it could not end that in its order.
        assert said(text, "KillMode") == ["mixed"]
    assert said(texts[units.POSTGRES], "RestartSec") == database


def test_units_name_the_link_that_outlasts_an_upgrade(
    var: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two versions side by side: the link is set to the other, and each path in the units leads there."""
    home = tmp_path / "home"
    for version in ("0.1.0", "0.2.0"):
        (home / f"cacilm-drought-{version}" / "pipeline").mkdir(parents=True)
        programs = home / f"cacilm-drought-{version}" / ".venv" / "bin"
        programs.mkdir(parents=True)
        for name in ("drought", "python"):
            (programs / name).write_text(f"#!/bin/sh\necho {version}\n")
            (programs / name).chmod(0o755)
    old, new = home / "cacilm-drought-0.1.0", home / "cacilm-drought-0.2.0"
    monkeypatch.setattr(wiring, "__file__", str(old / "pipeline" / "wiring.py"))
    monkeypatch.setattr(sys, "executable", str(old / ".venv" / "bin" / "python"))
    named = "".join(written(tmp_path / "without", "--account", ACCOUNT).values())
    assert f"ExecStart={old}/.venv/bin/drought" in named

    link = home / "cacilm-drought"
    link.symlink_to(old.name)
    texts = written(tmp_path / "units", "--account", ACCOUNT)
    assert str(old) not in "".join(texts.values())
    assert said(texts["drought-run.service"], "WorkingDirectory") == [str(link)]
    link.unlink()
    link.symlink_to(new.name)
    for text in texts.values():
        for line in re.findall(rf"^Exec\w+=-?({home}.*)$", text, re.MULTILINE):
            done = subprocess.run(shlex.split(line)[:1], capture_output=True, text=True, check=True)
            assert done.stdout == "0.2.0\n"


def test_units_are_written_anew_by_the_command_they_name(var: Path, tmp_path: Path) -> None:
    options = ["--with-airflow", "--user-units", "--site-port", "9000", "--internal-site"]
    texts = written(tmp_path / "units", *options)
    [command] = re.findall(r"^# Written by `drought (.*)`", texts["drought.target"], re.MULTILINE)
    for path in (tmp_path / "units").iterdir():
        path.unlink()
    assert CliRunner().invoke(app, shlex.split(command)).exit_code == 0
    assert {path.name: path.read_text() for path in (tmp_path / "units").iterdir()} == texts


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize(
    ("options", "shown", "hidden"),
    [
        pytest.param([], "public", "site", id="the public site, if nothing is said"),
        pytest.param(["--internal-site"], "site", "public", id="the agency's own, asked for"),
    ],
)
def test_the_site_that_needs_no_password_is_the_public_one(
    options: list[str], shown: str, hidden: str, var: Path, tmp_path: Path
) -> None:
    """The command of the unit, run: before and after something was published."""
    port = free_port()
    arguments = ["units", "--to", str(tmp_path / "units"), "--account", ACCOUNT]
    done = CliRunner().invoke(app, [*arguments, "--site-port", str(port), *options])
    assert ("alerts that nobody has approved" in done.output) == bool(options)
    text = (tmp_path / "units" / "drought-site.service").read_text()
    [command] = commands({"site": text}, "site", "ExecStart")
    assert said(text, "Description")[1:3] == (["the", "agency's"] if options else ["the", "public"])

    def asked(path: str) -> tuple[int, str]:
        connection = HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", path)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, text

    def answers() -> bool:
        with suppress(OSError):
            return bool(asked("/")[0])
        return False

    with subprocess.Popen(command, stderr=subprocess.DEVNULL, cwd=tmp_path) as server:
        try:
            until(answers)
            assert asked("/")[0] == 404
            for site in ("public", "site"):
                (var / site).mkdir()
                (var / site / "index.html").write_text(f"this is {site}")
                (var / site / f"{site}.html").touch()
            assert asked("/") == (200, f"this is {shown}")
            for path in (f"/{hidden}.html", f"/../{hidden}/index.html", "/%2e%2e/drought.env"):
                assert asked(path)[0] == 404, path
        finally:
            server.terminate()
    # Told by systemd to end, it ends as systemd takes for good order.
    assert server.returncode == -signal.SIGTERM


def test_the_help_warns_of_showing_the_agencys_own_site() -> None:
    said = CliRunner().invoke(app, ["units", "--help"], env={"COLUMNS": "200"}).output
    assert "alerts that nobody has approved" in " ".join(said.replace("│", " ").split())


def test_the_first_file_of_settings_is_private_and_every_setting_in_it_exists(
    var: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CDSAPI_KEY", "a key with 'quotes' and $signs")
    monkeypatch.setenv("DROUGHT_BACKUPS", "elsewhere")
    wiring.settings.cache_clear()
    texts = written(tmp_path / "units", "--account", ACCOUNT)
    file = var / "drought.env"
    assert file.stat().st_mode & 0o777 == 0o600
    assert f"EnvironmentFile={file}" in texts["drought-run.service"]
    known = {f"DROUGHT_{name.upper()}" for name in Settings.model_fields}
    known |= {"CDSAPI_KEY", "CDSAPI_URL"}
    named = re.findall(r"^#?([A-Z_]+)=", file.read_text(), re.MULTILINE)
    assert set(named) <= known
    assert len(named) > 10

    shell = subprocess.run(
        ["/bin/sh", "-c", f"set -a; . {file}; env -0"],
        env={},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    assert f"DROUGHT_VAR={var}" in shell
    assert "DROUGHT_POSTGRES_SERVED=true" in shell
    assert "CDSAPI_KEY=a key with 'quotes' and $signs" in shell
    assert f"DROUGHT_BACKUPS={Path('elsewhere').absolute()}" in shell
    assert f" -{Path('elsewhere').absolute()}" in texts["drought-backup.service"]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        pytest.param(
            "DROUGHT_SMPT_HOST=a", "there is no such setting: DROUGHT_SMPT_HOST", id="typo"
        ),
        pytest.param(
            "DROUGHT_VAR=/elsewhere", "expected the line DROUGHT_VAR=", id="another place"
        ),
        pytest.param(
            "DROUGHT_POSTGRES_SERVED=no",
            "expected the line DROUGHT_POSTGRES_SERVED=true",
            id="each command would start a server",
        ),
    ],
)
def test_a_file_of_settings_that_is_there_is_kept_and_must_fit(
    line: str, told: str, var: Path, tmp_path: Path
) -> None:
    written(tmp_path / "units", "--account", ACCOUNT)
    file = var / "drought.env"
    with file.open("a") as more:
        more.write(f"{line}\n")
    before = file.read_text()
    done = CliRunner().invoke(app, ["units", "--to", str(tmp_path / "units"), "--account", ACCOUNT])
    assert told in str(done.exception)
    assert file.read_text() == before


def test_units_are_not_written_for_root_or_for_a_path_that_systemd_would_read_otherwise(
    var: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = CliRunner().invoke(app, ["units", "--to", str(tmp_path / "a"), "--account", "root"])
    assert "expected one that is not root" in str(done.exception)
    monkeypatch.setenv("DROUGHT_VAR", str(tmp_path / "100% new"))
    wiring.settings.cache_clear()
    done = CliRunner().invoke(app, ["units", "--to", str(tmp_path / "a"), "--account", ACCOUNT])
    assert "which systemd takes as it stands" in str(done.exception)
    assert not (tmp_path / "a").exists()


# --- the database's unit ----------------------------------------------------------------------------


def commands(texts: dict[str, str], unit: str, kind: str) -> list[list[str]]:
    return [shlex.split(c) for c in re.findall(rf"^{kind}=-?([^-].*)$", texts[unit], re.MULTILINE)]


@pytest.mark.postgres
def test_the_database_comes_back_after_a_kill_and_nobody_else_starts_one(
    var: Path, tmp_path: Path
) -> None:
    """What systemd does by the unit, done by hand: start, killed, started again."""
    texts = written(tmp_path / "units", "--account", ACCOUNT)
    [serve] = commands(texts, units.POSTGRES, "ExecStart")
    [is_up] = [
        c for c in commands(texts, units.POSTGRES, "ExecStartPost") if c[-2:] == ["db", "up"]
    ]
    # Told all at once to end, the checkpointer of Postgres 18 may be gone before those who still write.
    assert "KillMode=mixed" in texts[units.POSTGRES].splitlines()
    told = (var / "drought.env").read_text().splitlines()
    settings = dict(line.split("=", 1) for line in told if line.startswith("DROUGHT_"))
    environment = {"PATH": os.environ["PATH"], **settings}
    server = EmbeddedPostgres(var / "postgres")

    first = subprocess.Popen(serve, env=environment)
    waiting = subprocess.Popen(is_up, env=environment)
    try:
        assert waiting.wait(120) == 0
        assert postmaster(server) == first.pid
        with psycopg.connect(url(server), autocommit=True) as connection:
            connection.execute("CREATE TABLE rain AS SELECT n FROM generate_series(1, 1000) AS n")

        first.kill()
        first.wait()
        until(lambda: not server.is_running())
        waiting = subprocess.Popen(is_up, env=environment)
        stopped = subprocess.run(
            [serve[0], "db", "down"], env=environment, capture_output=True, text=True, check=False
        )
        assert stopped.returncode == 1
        assert f"{units.POSTGRES} runs it" in stopped.stderr
        assert waiting.poll() is None
        assert not server.is_running()

        second = subprocess.Popen(serve, env=environment)
        assert waiting.wait(120) == 0
        assert postmaster(server) == second.pid
        with psycopg.connect(url(server)) as connection:
            assert connection.execute("SELECT count(*) FROM rain").fetchone() == (1000,)

        second.send_signal(signal.SIGINT)
        assert second.wait(60) == 0
    finally:
        waiting.kill()
        waiting.wait()
        server.stop()


@pytest.mark.postgres
def test_the_unit_takes_over_from_a_server_that_a_command_started(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "var" / "postgres")
    server.start()
    drought = str(Path(sys.executable).with_name("drought"))
    environment = {"PATH": os.environ["PATH"], "DROUGHT_VAR": str(tmp_path / "var")}
    served = subprocess.Popen([drought, "db", "serve"], env=environment)
    try:
        until(lambda: server.is_running() and postmaster(server) == served.pid)
    finally:
        server.stop()
        assert served.wait(60) == 0


def postmaster(server: EmbeddedPostgres) -> int:
    file = server.root / "data" / "postmaster.pid"
    return int(file.read_text().split()[0]) if file.exists() else 0


def url(server: EmbeddedPostgres) -> str:
    return server.url().replace("+psycopg", "")
