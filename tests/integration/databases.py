"""Databases beside each other on the tests' server."""

from __future__ import annotations

from sqlalchemy import create_engine, text

from pipeline.local.postgres import EmbeddedPostgres


def copy_database(postgres: EmbeddedPostgres, name: str, template: str) -> None:
    admin = create_engine(postgres.url("postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy"))
    admin.dispose()
