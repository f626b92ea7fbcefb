"""The script that sets Postgres up, on a real server with PostGIS: it is enough to work with, and no more."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL, create_engine, make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from pipeline.local.postgres import EmbeddedPostgres
from pipeline.steps.readers import let_readers_in
from pipeline.warehouse.analysts import Limits, add_analyst
from pipeline.warehouse.geometry import LAYERS
from pipeline.warehouse.migrations import migrate
from tests.containers.conftest import DOCKER
from tests.integration.debian_postgres import OWNER, debian_postgres

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def server(installed: Path) -> Iterator[URL]:
    with debian_postgres() as url:
        done = subprocess.run(
            ["sh", DOCKER / "postgres" / "20_roles.sh"],
            env={
                "PATH": os.environ["PATH"],
                "PGHOST": str(make_url(url).query["host"]),
                "POSTGRES_USER": OWNER,
                "SECRETS": str(installed / "secrets"),
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        yield make_url(url)


def run(url: URL, statement: str) -> list[tuple[object, ...]]:
    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    try:
        with engine.connect() as connection:
            got = connection.execute(text(statement))
            return [tuple(row) for row in got] if got.returns_rows else []
    finally:
        engine.dispose()


def of(server: URL, login: str, database: str) -> URL:
    return server.set(username=login, database=database)


def test_no_login_is_a_superuser_and_each_has_the_password_of_its_file(
    server: URL, installed: Path
) -> None:
    rows = run(
        server,
        "SELECT rolname, rolsuper, rolcreaterole, rolcreatedb, rolpassword LIKE 'SCRAM-SHA-256$%' "
        "FROM pg_authid WHERE rolname IN ('drought', 'airflow') ORDER BY rolname",
    )
    assert rows == [
        ("airflow", False, False, False, True),
        ("drought", False, True, True, True),
    ]


@pytest.mark.parametrize(
    ("login", "database"),
    [
        ("airflow", "drought"),
        ("drought", "airflow"),
        ("airflow", "postgres"),
        ("airflow", "template1"),
    ],
)
def test_a_login_enters_no_other_database(server: URL, login: str, database: str) -> None:
    with pytest.raises(DBAPIError, match="permission denied for database"):
        run(of(server, login, database), "SELECT 1")


def test_the_warehouse_can_be_made_with_geometry_and_analysts_let_in(server: URL) -> None:
    ours = of(server, "drought", "drought")
    engine = create_engine(ours, poolclass=NullPool)
    told: list[str] = []
    assert migrate(engine)
    let_readers_in(engine, is_server_ours=False, tell=told.append)
    assert not [line for line in told if "PostGIS" in line]
    layers = run(ours, "SELECT viewname FROM pg_views WHERE schemaname = 'mart'")
    assert set(LAYERS) <= {row[0] for row in layers}
    with engine.begin() as connection:
        add_analyst(connection, "karimova", "a long password of hers", Limits())
    assert run(of(server, "karimova", "drought"), "SELECT count(*) FROM mart.landscape") == [(0,)]
    with pytest.raises(DBAPIError, match="permission denied for database"):
        run(of(server, "karimova", "airflow"), "SELECT 1")


def test_airflow_owns_its_database(server: URL) -> None:
    run(of(server, "airflow", "airflow"), "CREATE TABLE mine (a int)")


def test_the_owner_who_is_no_superuser_is_enough_on_a_newer_server(
    installed: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """From Postgres 16 on who makes a role is not in it; the embedded server is newer than the image's."""
    postgres = EmbeddedPostgres(tmp_path_factory.mktemp("newer"))
    postgres.start()
    try:
        first = make_url(postgres.url("postgres"))
        run(first, f"CREATE ROLE {OWNER} SUPERUSER LOGIN PASSWORD '{first.password}'")
        admin = first.set(username=OWNER)
        # The embedded server's own superuser has the name that the script gives the warehouse's owner.
        run(admin, f"ALTER ROLE {first.username} RENAME TO somebody_else")
        script = (DOCKER / "postgres" / "20_roles.sh").read_text()
        without = script.replace("CREATE EXTENSION postgis SCHEMA public;", "")
        assert without != script
        subprocess.run(
            ["sh", "-c", without],
            env={
                "PATH": os.environ["PATH"],
                "PGHOST": str(admin.host),
                "PGPORT": str(admin.port),
                "PGPASSWORD": str(admin.password),
                "POSTGRES_USER": str(admin.username),
                "SECRETS": str(installed / "secrets"),
            },
            check=True,
        )
        password = (installed / "secrets" / "postgres_drought_password").read_text().strip()
        ours = admin.set(username="drought", password=password, database="drought")
        engine = create_engine(ours, poolclass=NullPool)
        assert migrate(engine)
        let_readers_in(engine, is_server_ours=False)
        with engine.begin() as connection:
            add_analyst(connection, "karimova", "a long password of hers", Limits())
        reader = ours.set(username="karimova", password="a long password of hers")
        assert run(reader, "SELECT count(*) FROM mart.landscape") == [(0,)]
        # A step takes on the role of its component.
        assert run(ours, "SELECT pg_has_role('drought_decide', 'SET')") == [(True,)]
        with pytest.raises(DBAPIError, match="password authentication failed"):
            run(ours.set(password="another"), "SELECT 1")
    finally:
        postgres.stop()
