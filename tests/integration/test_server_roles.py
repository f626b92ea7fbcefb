"""Roles on a server that lacks them: its owner is no superuser, and each step has its component's rights all the same."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.pool import NullPool

from pipeline.core.components import MEMBERSHIPS, ROLES, Component
from pipeline.core.errors import InputError
from pipeline.local.postgres import EmbeddedPostgres
from pipeline.settings import Settings
from pipeline.sources.archive import Archive
from pipeline.steps.backup import Programs, back_up
from pipeline.steps.checkup import Patient, Verdict, look_at_rights
from pipeline.steps.evaluate import evaluate
from pipeline.steps.golive import golive
from pipeline.steps.installation import Installation
from pipeline.steps.readers import let_readers_in
from pipeline.steps.restore import restore
from pipeline.steps.status import status
from pipeline.warehouse.databases import Place, beside
from pipeline.warehouse.engine import acting_as, may_act_as, unguarded
from pipeline.warehouse.migrations import migrate
from tests.integration.conftest import NOW
from tests.integration.little_world import JANUARY, landscape, say_spi_3, settle, told

pytestmark = pytest.mark.postgres

PASSWORD = "open-sesame"  # noqa: S105 - of nothing


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Engine]:
    """A server that holds nothing, as its superuser; its roles are no other test's."""
    postgres = EmbeddedPostgres(tmp_path / "server")
    postgres.start()
    admin = create_engine(postgres.url("postgres"), poolclass=NullPool)
    yield admin.execution_options(isolation_level="AUTOCOMMIT")
    postgres.stop()


def say(server: Engine, *statements: str) -> None:
    with server.connect() as connection:
        for one in statements:
            connection.execute(text(one))


def as_it_says(engine: Engine) -> Engine:
    return engine.execution_options(isolation_level="AUTOCOMMIT")


def login(server: Engine, name: str, database: str) -> Engine:
    there = make_url(server.url).set(username=name, password=PASSWORD, database=database)
    return create_engine(there, poolclass=NullPool)


@pytest.fixture
def agency(server: Engine) -> Engine:
    """The server as an agency's login finds it: it may make roles and databases, and no more."""
    say(server, f"CREATE ROLE agency LOGIN CREATEROLE CREATEDB PASSWORD '{PASSWORD}'")
    return login(server, "agency", "postgres")


def roles_taken(warehouse: Engine) -> list[str]:
    """Who a transaction of each component acts as."""
    taken = []
    for component in Component:
        with acting_as(warehouse, component).begin() as connection:
            taken.append(str(connection.execute(text("SELECT current_user")).scalar_one()))
    return taken


def test_what_is_restored_on_a_new_server_works_with_the_rights_of_each_component(
    installation: Installation, postgres: EmbeddedPostgres, server: Engine, agency: Engine
) -> None:
    settle(installation.warehouse, [landscape("A")])
    say_spi_3(installation.warehouse, {"A": [0.4, -1.2]})
    programs = Programs((postgres.programs(),), postgres.root)
    made = back_up(installation, programs, is_tried=False)
    said: list[str] = []
    place = Place(beside(agency, "restored"), agency, is_there=False)
    restore(
        place, programs.folders, made.path, Archive(installation.settings.archive), tell=said.append
    )
    assert roles_taken(place.database) == list(Component)
    assert not any("rights" in line for line in said)
    verdict, found = look_at(installation, place.database)
    assert (verdict, found) == (Verdict.OK, "each step has the rights of its component")
    # The steps do their work there.
    restored = replace(installation, warehouse=place.database)
    golive(restored, JANUARY + 1)
    evaluate(restored)
    assert told(place.database, "SELECT count(*) FROM alert.transition") == [(1,)]


def look_at(installation: Installation, warehouse: Engine) -> tuple[Verdict, str]:
    settings = Settings(
        var=installation.settings.var,
        database_url=warehouse.url.render_as_string(hide_password=False),
    )
    return look_at_rights(Patient(settings, warehouse, lambda: NOW, 1, is_thorough=False))


def test_an_owner_without_the_roles_is_told_of_and_takes_them_with_the_next_migration(
    installation: Installation,
    server: Engine,
    agency: Engine,
    caplog: pytest.LogCaptureFixture,
) -> None:
    say(as_it_says(agency), "CREATE DATABASE drought")
    warehouse = beside(agency, "drought")
    migrate(warehouse)
    # As a server stands on which it made the roles, and did not give them to itself.
    say(as_it_says(agency), f"REVOKE {', '.join(Component)} FROM agency GRANTED BY agency")
    assert unguarded(warehouse) == list(Component)
    verdict, found = look_at(installation, warehouse)
    assert verdict is Verdict.ATTENTION
    assert "steps work with all rights of agency" in found
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            status(replace(installation, warehouse=warehouse))
    (record,) = [one for one in caplog.records if one.name == "pipeline.warehouse.engine"]
    assert "all rights of agency, which may not take on drought_watch" in record.getMessage()

    let_readers_in(warehouse, is_server_ours=False)
    assert roles_taken(warehouse) == list(Component)


def test_an_owner_who_may_not_take_them_is_told_what_to_hand_to_the_administrator(
    installation: Installation, server: Engine
) -> None:
    say(
        server,
        f"CREATE ROLE clerk LOGIN PASSWORD '{PASSWORD}'",
        "CREATE DATABASE drought OWNER clerk",
    )
    clerk = login(server, "clerk", "drought")
    say(server, *script_of(clerk))
    migrate(clerk)
    say(server, f"REVOKE {', '.join(Component)} FROM clerk")
    said: list[str] = []
    let_readers_in(clerk, is_server_ours=False, tell=said.append)
    remedy = said[-1].partition("in this database: ")[2]
    assert remedy in look_at(installation, clerk)[1]
    say(server, *remedy.rstrip(";").split(";"))
    assert roles_taken(clerk) == list(Component)


def script_of(locked: Engine) -> list[str]:
    """The statements that a login is told which may make no roles."""
    with pytest.raises(InputError, match="have a superuser run this, and repeat") as refused:
        migrate(locked)
    return str(refused.value).partition(":\n")[2].rstrip(";").split(";\n")


def test_all_that_lacks_before_a_migration_is_said_at_once_and_nothing_is_changed(
    server: Engine,
) -> None:
    say(
        server,
        f"CREATE ROLE clerk LOGIN PASSWORD '{PASSWORD}'",
        "CREATE DATABASE drought OWNER clerk",
    )
    clerk = login(server, "clerk", "drought")
    script = script_of(clerk)
    assert script[: len(ROLES)] == [f'CREATE ROLE "{role}" NOLOGIN' for role in ROLES]
    assert len(script) == len(ROLES) + len(MEMBERSHIPS) + len(Component)
    assert told(clerk, "SELECT to_regclass('public.applied_migration')") == [(None,)]

    # Half of it is run: what lacks still is said.
    say(server, *script[:-10])
    assert script_of(clerk) == [one for one in script[-10:] if not one.endswith('TO "clerk"')] + [
        one for one in script if one.endswith('TO "clerk"')
    ]
    say(server, *script[-10:])
    assert migrate(clerk)
    assert roles_taken(clerk) == list(Component)


def test_the_login_of_one_component_is_left_as_it_is(
    installation: Installation, server: Engine, agency: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    say(as_it_says(agency), "CREATE DATABASE drought")
    migrate(beside(agency, "drought"))
    let_readers_in(beside(agency, "drought"), is_server_ours=False)
    say(server, f"CREATE ROLE postman LOGIN PASSWORD '{PASSWORD}' IN ROLE {Component.DELIVER}")
    postman = login(server, "postman", "drought")
    with caplog.at_level(logging.WARNING):
        assert acting_as(postman, Component.DECIDE) is postman
    assert caplog.records == []
    assert look_at(installation, postman) == (
        Verdict.OK,
        "postman may what drought_deliver may, and no more",
    )
    assert [one for one in Component if may_act_as(postman, one)] == [Component.DELIVER]
