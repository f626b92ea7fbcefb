"""Where the parts are put together: the only place that knows both settings and edges."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from sqlalchemy import Engine

from pipeline.core.clock import implausible
from pipeline.core.errors import InputError
from pipeline.local.postgres import EmbeddedPostgres
from pipeline.plans.shipped import shipped_plans
from pipeline.settings import Settings, settings_from_environment
from pipeline.steps.installation import Installation
from pipeline.warehouse.engine import connect
from pipeline.warehouse.ingests import read_newest_commit
from pipeline.warehouse.migrations import migrate, refuse_other_version
from pipeline.warehouse.plans import save_plan

DATABASE = "drought"
AIRFLOW_DATABASE = "airflow"
AIRFLOW_DATABASE_VARIABLE = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
DAGS = Path(__file__).parents[1] / "dags"


@cache
def settings() -> Settings:
    """Return the settings of this process."""
    return settings_from_environment()


def embedded_postgres() -> EmbeddedPostgres:
    """Return the embedded Postgres of this installation, running or not."""
    return EmbeddedPostgres(settings().postgres_folder.absolute())


def database_url(database: str = DATABASE) -> str:
    """Return the URL of a database, with its password; the embedded Postgres is started if needed."""
    given = settings().database_url
    if given is not None:
        return given.get_secret_value()
    postgres = embedded_postgres()
    postgres.start()
    postgres.ensure_database(database)
    return postgres.url(database)


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
            newest = None if ready.settings.trust_clock else read_newest_commit(connection)
            wrong = implausible(ready.clock(), newest)
            if wrong is not None:
                raise InputError(wrong)
    return ready


def migrate_warehouse() -> tuple[list[str], list[str]]:
    """Bring the warehouse up to date and load the shipped plans.

    Returns:
        The migrations applied now, and the plans that were new.
    """
    engine = connected()
    applied = migrate(engine)
    with engine.begin() as connection:
        new = [
            f"{plan.plan_id} version {plan.version}"
            for plan in shipped_plans()
            if save_plan(connection, plan, is_shipped=True)
        ]
    return applied, new


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
        "AIRFLOW_HOME": str(folder / "airflow"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        # 32 workers are forked ahead otherwise; these machines have two cores.
        "AIRFLOW__CORE__PARALLELISM": "4",
        AIRFLOW_DATABASE_VARIABLE: os.environ.get(AIRFLOW_DATABASE_VARIABLE)
        or _airflow_database_url(),
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
    }
    given = {name: value for name, value in os.environ.items() if name in ours and value}
    return {**ours, **given, "DROUGHT_VAR": str(folder)}


def _airflow_database_url() -> str:
    if settings().database_url is not None:
        # Airflow's some sixty tables have no place among the warehouse's.
        raise InputError(
            f"{AIRFLOW_DATABASE_VARIABLE}: expected a database for Airflow's own tables, as "
            "DROUGHT_DATABASE_URL is for the warehouse alone, got nothing; create an empty one and "
            "set it, as in postgresql+psycopg2://user:password@host:port/airflow"
        )
    return database_url(AIRFLOW_DATABASE).replace("postgresql+psycopg://", "postgresql+psycopg2://")
