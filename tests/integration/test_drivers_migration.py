"""A warehouse from before there were more drivers: what it held stays, and what is new has a reason."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, create_engine, text

from pipeline.local.postgres import EmbeddedPostgres
from pipeline.warehouse.checks import read_checks, run_checks
from pipeline.warehouse.migrations import migrate, sql_folder
from tests.integration.little_world import told

pytestmark = pytest.mark.postgres

SHOWN_IN_MAY, SHOWN_IN_JUNE = (datetime(2026, month, 10, 6, tzinfo=UTC) for month in (5, 6))
OLD_CODES = [
    "spi_1",
    "spi_2",
    "spi_3",
    "spi_6",
    "spi_9",
    "spi_12",
    "spi_24",
    "spei_1",
    "spei_2",
    "spei_3",
    "spei_6",
    "spei_9",
    "spei_12",
    "spei_24",
    "pn_1",
    "pn_3",
    "pn_6",
    "pn_9",
    "pn_12",
]
HELD = f"""
INSERT INTO landscape.landscape (landscape_id) VALUES ('A');
INSERT INTO landscape.version (
    landscape_key, version, country_code, name_en, names, land_use, is_salt_affected, is_derived,
    area_km2, geometry_geojson, fingerprint
) VALUES (1, 1, 'UZ', 'A', '{{}}', 'rainfed', false, false, 1, '{{}}', 'f');
INSERT INTO index.calibration (
    landscape_key, landscape_version, source, calibration, index_code, calendar_month,
    distribution, parameters, n_years
) VALUES (1, 1, 'grid', '1991-2020', 'spi_3', 4, 'gamma', '{{"alpha": 2.0}}', 30),
    (1, 1, 'grid', '1991-2020', 'spei_3', 4, 'loglogistic', '{{"loc": 2.0}}', 30);
INSERT INTO index.value_month (
    landscape_key, month, source, calibration, landscape_version, {", ".join(OLD_CODES)},
    gaps, release, origin, known_from
) VALUES (
    1, '2026-04-01', 'grid', '1991-2020', 1, {", ".join(["0.5"] * 18)}, NULL,
    '{{"pn_12": "not_applicable"}}', 'preliminary', 'real', '{SHOWN_IN_MAY}'
);
INSERT INTO index.value_month_superseded (
    landscape_key, month, source, calibration, landscape_version, {", ".join(OLD_CODES)},
    gaps, release, origin, known_from, known_until
) VALUES (
    1, '2026-03-01', 'grid', '1991-2020', 1, {", ".join(["0.25"] * 19)},
    '{{}}', 'preliminary', 'real', '{SHOWN_IN_MAY}', '{SHOWN_IN_JUNE}'
);
"""  # noqa: S608 - values written above


@pytest.fixture
def upgraded(postgres: EmbeddedPostgres) -> Iterator[Engine]:
    """A warehouse that held two months when it was at 0014, brought to the newest version."""
    postgres.ensure_database("upgraded")
    engine = create_engine(postgres.url("upgraded"))
    files = sorted((sql_folder() / "migrations").glob("*.sql"))
    with engine.begin() as connection:
        cursor = connection.connection.cursor()
        cursor.execute(
            "CREATE TABLE public.applied_migration ("
            "name text PRIMARY KEY, sha256 text NOT NULL, applied_at timestamptz DEFAULT now());"
            "CREATE TABLE public.alembic_version (version_num varchar(32) PRIMARY KEY);"
            "INSERT INTO public.alembic_version VALUES ('0014')"
        )
        for path in files[:14]:
            cursor.execute(path.read_text(encoding="utf-8"))
            connection.execute(
                text("INSERT INTO public.applied_migration (name, sha256) VALUES (:name, :sha256)"),
                {"name": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()},
            )
        cursor.execute(HELD)
    migrate(engine)
    yield engine
    engine.dispose()
    admin = create_engine(postgres.url("postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("DROP DATABASE upgraded WITH (FORCE)"))
    admin.dispose()


def test_old_values_stay_and_new_indices_were_not_published(upgraded: Engine) -> None:
    shown = told(
        upgraded,
        "SELECT coalesce(value::text, gap), count(*) FROM mart.index_month GROUP BY 1 ORDER BY 1",
    )
    assert shown == [("0.5", 18), ("not_applicable", 1), ("not_published", 12)]
    then = told(
        upgraded,
        "SELECT coalesce(value::text, gap), count(*) FROM mart.index_month_as_of(:then) "
        "WHERE month = '2026-03-01' GROUP BY 1 ORDER BY 1",
        then=SHOWN_IN_MAY,
    )
    assert then == [("0.25", 19), ("not_published", 12)]


def test_filling_in_the_reasons_is_no_revision(upgraded: Engine) -> None:
    assert told(upgraded, "SELECT known_from FROM index.value_month") == [(SHOWN_IN_MAY,)]
    assert told(upgraded, "SELECT count(*) FROM index.value_month_superseded") == [(1,)]
    with upgraded.connect() as connection:
        (checked,) = run_checks(connection, read_checks(["missing_values_without_reason"]))
        assert checked.count == 0


def test_fits_of_spei_were_made_to_penman_monteith(upgraded: Engine) -> None:
    fits = told(upgraded, "SELECT index_code, pet_method FROM mart.calibration ORDER BY 1")
    assert fits == [("spei_3", "penman_monteith"), ("spi_3", None)]


def test_everything_is_due_at_the_next_computation(upgraded: Engine) -> None:
    assert told(upgraded, "SELECT count(*) FROM index.computed") == [(0,)]
