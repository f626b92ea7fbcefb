"""Geometry where PostGIS is, by the questions QGIS asks; and the warehouse on an older Postgres."""

from __future__ import annotations

import itertools
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from shapely import box, wkt
from sqlalchemy import Engine, create_engine, make_url, text

from pipeline.core.gaps import Gap
from pipeline.plans.shipped import shipped_plans
from pipeline.settings import Settings
from pipeline.steps.checkup import Patient, Verdict, look_at_analysts
from pipeline.steps.evaluate import evaluate
from pipeline.steps.installation import Installation
from pipeline.steps.readers import let_readers_in
from pipeline.warehouse.analysts import Limits, add_analyst, read_open_doors, remove_analyst
from pipeline.warehouse.geometry import LAYERS, PostGIS, drop_geometry_views, keep_geometry
from pipeline.warehouse.landscapes import save_landscapes
from pipeline.warehouse.migrations import migrate, refuse_other_version
from pipeline.warehouse.plans import save_plan
from tests.integration.conftest import NOW
from tests.integration.debian_postgres import BINARIES, debian_postgres
from tests.integration.little_world import landscape, say_spi_3, settle, told
from tests.integration.test_warehouse import UNCOMMENTED

pytestmark = pytest.mark.postgres

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with debian_postgres() as url:
        yield url


@contextmanager
def copied(server: str, template: str, name: str) -> Iterator[Engine]:
    """A copy of the database `template`, gone in the end."""
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template} ENCODING 'UTF8'"))
    engine = create_engine(make_url(server).set(database=name))
    yield engine
    engine.dispose()
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture(scope="module")
def template(server: str) -> Iterator[str]:
    """A warehouse without PostGIS: two landscapes, and a drought in one of them."""
    with copied(server, "template0", "bare") as engine:
        migrate(engine)
        with engine.begin() as connection:
            for plan in shipped_plans():
                save_plan(connection, plan, is_shipped=True)
        square = replace(landscape("B"), geometry=box(70.0, 38.0, 71.0, 39.0))
        settle(engine, [landscape("A"), square])
        say_spi_3(engine, {"A": [-1.2, -1.6, 0.3], "B": [0.1, Gap.NOT_PUBLISHED, 0.3]})
        evaluate(Installation(Settings(), engine, clock=lambda: NOW))
        engine.dispose()
        yield "bare"


@pytest.fixture(scope="module")
def template_with_postgis(server: str, template: str) -> Iterator[str]:
    with copied(server, template, "with_postgis") as engine:
        let_readers_in(engine, is_server_ours=True)
        engine.dispose()
        yield "with_postgis"


@pytest.fixture
def bare(server: str, template: str) -> Iterator[Engine]:
    """The warehouse without PostGIS."""
    with copied(server, template, f"maps_{next(_numbers)}") as engine:
        yield engine


@pytest.fixture
def mapped(server: str, template_with_postgis: str) -> Iterator[Engine]:
    """The warehouse with PostGIS, as `drought db migrate` leaves it."""
    with copied(server, template_with_postgis, f"maps_{next(_numbers)}") as engine:
        let_readers_in(engine, is_server_ours=True)
        yield engine


def test_every_migration_runs_on_an_older_postgres(server: str, template: str) -> None:
    engine = create_engine(make_url(server).set(database=template))
    with engine.connect() as connection:
        refuse_other_version(connection)
        version = connection.execute(text("SHOW server_version_num")).scalar_one()
    engine.dispose()
    assert 150_000 <= int(version) < 160_000


class TestWithoutPostGIS:
    def test_boundaries_stay_geojson(self, bare: Engine) -> None:
        assert told(bare, "SELECT to_regclass('landscape.geometry')") == [(None,)]
        found = told(bare, "SELECT geometry_geojson ->> 'type' FROM mart.landscape")
        assert found == [("Polygon",), ("Polygon",)]

    def test_an_owner_who_may_not_make_it_is_told(self, bare: Engine) -> None:
        name = str(bare.url.database)
        with bare.begin() as connection:
            connection.execute(text("CREATE ROLE clerk LOGIN CREATEROLE"))
            connection.execute(text(f"ALTER DATABASE {name} OWNER TO clerk"))
            schemas = (
                "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_|^information|^public'"
            )
            for (schema,) in connection.execute(text(schemas)).all():
                connection.execute(text(f"ALTER SCHEMA {schema} OWNER TO clerk"))
            connection.execute(text("GRANT drought_pipeline TO clerk"))
        clerk = create_engine(bare.url.set(username="clerk"))
        said: list[str] = []
        # It does not own the server's functions: nothing fails, and what stays open is said.
        let_readers_in(clerk, is_server_ours=False, tell=said.append)
        assert said[0].endswith("have a superuser run CREATE EXTENSION postgis in it, and repeat")
        assert said[1].startswith("open to logins of analysts: ")
        with clerk.begin() as connection:
            assert keep_geometry(connection) is PostGIS.FORBIDDEN
            left = {door.door: door.closed_by for door in read_open_doors(connection)}
            add_analyst(connection, "aliev", "open-sesame", Limits())
        verdict, found = look_at_analysts(
            Patient(Settings(), clerk, lambda: NOW, 0, is_thorough=False)
        )
        assert verdict is Verdict.ATTENTION
        assert "things are open to their logins that `drought db migrate` could not close" in found
        with clerk.begin() as connection:
            remove_analyst(connection, "aliev")
        clerk.dispose()
        assert "this database: temporary tables" not in left
        lock = "pg_advisory_lock(bigint)"
        assert left[f"function {lock}"] == (
            f"REVOKE EXECUTE ON FUNCTION {lock} FROM public; "
            f"GRANT EXECUTE ON FUNCTION {lock} TO clerk, drought_common"
        )
        # A superuser who runs what is said closes it.
        with bare.begin() as connection:
            for door, statement in left.items():
                if door.startswith("function "):
                    connection.execute(text(statement.replace(":", r"\:")))
            open_still = [door.door for door in read_open_doors(connection)]
        assert not [door for door in open_still if door.startswith("function ")]
        with bare.begin() as connection:
            connection.execute(text("REASSIGN OWNED BY clerk TO boss; DROP OWNED BY clerk"))
            connection.execute(text("DROP ROLE clerk"))


FAR_AWAY = """
WITH made AS (
    INSERT INTO landscape.landscape (landscape_id) SELECT 'far ' || n FROM generate_series(1, 1000) AS n
    RETURNING landscape_key
)
INSERT INTO landscape.version (landscape_key, version, country_code, name_en, names, land_use,
    is_salt_affected, is_derived, area_km2, geometry_geojson, fingerprint)
SELECT landscape_key, 1, 'TR', 'far', '{}', 'rainfed', FALSE, FALSE, 1,
    st_asgeojson(st_makeenvelope(30 + landscape_key / 1e4, 39, 30.01 + landscape_key / 1e4, 40))::jsonb, 'x'
FROM made
"""


class TestLayers:
    def test_each_is_registered_with_its_type_and_reference_system(self, mapped: Engine) -> None:
        registered = told(
            mapped,
            "SELECT f_table_name, f_geometry_column, coord_dimension, srid, type "
            "FROM geometry_columns WHERE f_table_schema = 'mart' ORDER BY 1",
        )
        assert registered == [
            (name, "geometry", 2, 4326, "MULTIPOLYGON") for name in sorted(LAYERS)
        ]

    @pytest.mark.parametrize(
        ("layer", "rows"),
        [
            ("landscape_map", 2),
            ("status_map", 2),
            ("stage_map", 18),
            ("index_map", 6),
            ("drought_event_map", 1),
        ],
    )
    def test_each_opens_as_qgis_opens_it(self, mapped: Engine, layer: str, rows: int) -> None:
        """The key is unique and an integer; an extent finds what lies in it."""
        (key,) = told(
            mapped,
            f"SELECT count(*), count(DISTINCT row_key), max(row_key) < 2 ^ 53 FROM mart.{layer}",  # noqa: S608
        )
        assert key == (rows, rows, True)
        kinds = told(
            mapped,
            "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute "
            "WHERE attrelid = to_regclass('mart.' || :layer) AND attname IN ('row_key', 'geometry')",
            layer=layer,
        )
        assert {*kinds} == {
            ("row_key", "bigint"),
            ("geometry", "geometry(MultiPolygon,4326)"),
        }
        with_extent = (
            f'SELECT "row_key", st_asbinary("geometry", \'NDR\') FROM "mart"."{layer}" '  # noqa: S608
            'WHERE "geometry" && st_makeenvelope(65, 37, 68, 40, 4326)'
        )
        everywhere = told(mapped, f"SELECT count(*) FROM mart.{layer}")  # noqa: S608
        inside = told(mapped, with_extent)
        assert 0 < len(inside) <= everywhere[0][0]  # type: ignore[operator]
        assert len(inside) == (rows if layer == "drought_event_map" else rows // 2)

    def test_an_extent_is_found_by_the_index(self, mapped: Engine) -> None:
        with mapped.connect() as connection:
            connection.execute(text(FAR_AWAY))
            connection.execute(text("ANALYZE landscape.geometry"))
            plan = connection.execute(
                text(
                    "EXPLAIN SELECT * FROM mart.landscape_map "
                    "WHERE geometry && st_makeenvelope(65, 37, 68, 40, 4326)"
                )
            )
            said = "\n".join(plan.scalars())
        assert "geometry_geometry" in said
        assert "Index Cond: (geometry && " in said

    def test_the_analyst_reads_them(self, mapped: Engine) -> None:
        name = f"reader_{next(_numbers)}"
        with mapped.begin() as connection:
            add_analyst(connection, name, "open-sesame", Limits())
            assert read_open_doors(connection) == []
        analyst = create_engine(mapped.url.set(username=name))
        # Unqualified: QGIS calls PostGIS so, and the login's search path finds it.
        found = told(analyst, "SELECT st_geometrytype(geometry) FROM landscape_map LIMIT 1")
        assert found == [("ST_MultiPolygon",)]
        listed = told(analyst, "SELECT f_table_name FROM geometry_columns ORDER BY 1")
        assert [layer for (layer,) in listed] == sorted(LAYERS)
        analyst.dispose()
        with mapped.begin() as connection:
            connection.execute(text(f"DROP OWNED BY {name}; DROP ROLE {name}"))

    def test_each_column_says_what_it_is(self, mapped: Engine) -> None:
        # Of PostGIS's own we say nothing.
        ours = [
            said
            for (said,) in told(mapped, UNCOMMENTED)
            if not any(word in str(said) for word in ("public", "function "))
        ]
        assert ours == []

    def test_gdal_opens_them(self, mapped: Engine) -> None:
        if shutil.which("ogrinfo") is None:
            pytest.skip("no ogrinfo (gdal-bin) here")
        host = make_url(mapped.url).query["host"]
        source = (
            f"PG:host={host} dbname={mapped.url.database} user={mapped.url.username} schemas=mart"
        )
        done = subprocess.run(
            ["ogrinfo", "-ro", "-so", source, "status_map"],
            capture_output=True,
            text=True,
            check=True,
        )
        assert "Geometry: Multi Polygon" in done.stdout
        assert "Feature Count: 2" in done.stdout


def test_a_dump_brings_layers_and_boundaries_back(mapped: Engine, tmp_path: Path) -> None:
    dump, name = tmp_path / "dump", f"maps_{next(_numbers)}"
    host = str(make_url(mapped.url).query["host"])

    def run(tool: str, *arguments: str) -> None:
        subprocess.run(
            [
                str(BINARIES / tool),
                f"--host={host}",
                f"--username={mapped.url.username}",
                *arguments,
            ],
            check=True,
            capture_output=True,
        )

    run("pg_dump", "--format=custom", f"--file={dump}", str(mapped.url.database))
    server = mapped.url.set(database="postgres").render_as_string()
    with copied(server, "template0", name) as restored:
        run("pg_restore", "--exit-on-error", f"--dbname={name}", str(dump))
        let_readers_in(restored, is_server_ours=True)
        layer = "SELECT row_key, st_astext(geometry) FROM mart.stage_map ORDER BY 1"
        assert told(restored, layer) == told(mapped, layer) != []
        with restored.begin() as connection:
            save_landscapes(connection, [landscape("C")])
            assert read_open_doors(connection) == []
        assert told(restored, "SELECT count(*) FROM mart.landscape_map") == [(3,)]


class TestBoundaries:
    def shapes(self, warehouse: Engine) -> dict[tuple[object, object], str]:
        rows = told(
            warehouse,
            "SELECT landscape_key, version, st_astext(geometry) FROM landscape.geometry",
        )
        return {(key, version): wkt.loads(str(shape)).wkt for key, version, shape in rows}

    def test_are_kept_once_for_each_version(self, mapped: Engine) -> None:
        before = self.shapes(mapped)
        assert {*before} == {(1, 1), (2, 1)}
        moved = replace(landscape("A"), geometry=box(66.0, 38.0, 67.5, 39.0))
        with mapped.begin() as connection:
            save_landscapes(connection, [moved])
        after = self.shapes(mapped)
        assert {*after} == {(1, 1), (1, 2), (2, 1)}
        assert after[1, 1] == before[1, 1]
        assert wkt.loads(after[1, 2]).equals(moved.geometry)
        shown = told(mapped, "SELECT st_xmax(geometry) FROM mart.landscape_map ORDER BY 1")
        assert shown == [(67.5,), (71.0,)]

    def test_follow_when_postgis_comes_later_and_again(self, bare: Engine) -> None:
        assert told(bare, "SELECT to_regclass('mart.landscape_map')") == [(None,)]
        for _ in range(2):
            let_readers_in(bare, is_server_ours=True)
            assert {*self.shapes(bare)} == {(1, 1), (2, 1)}

    def test_an_unchanged_layer_is_not_made_anew(self, mapped: Engine) -> None:
        """Or each `drought db migrate` would wait for whoever has the layer open."""
        made = "SELECT oid FROM pg_class WHERE relname = 'landscape_map'"
        before = told(mapped, made)
        with mapped.connect() as reader:
            reader.execute(text("SELECT * FROM mart.landscape_map"))
            with mapped.begin() as connection:
                connection.execute(text("SET LOCAL lock_timeout = '2s'"))
                assert keep_geometry(connection) is PostGIS.PRESENT
        assert told(mapped, made) == before

    def test_a_layer_gains_the_columns_of_its_view(self, mapped: Engine) -> None:
        with mapped.begin() as connection:
            drop_geometry_views(connection)
            connection.execute(
                text("ALTER VIEW mart.landscape RENAME COLUMN land_use TO use_of_land")
            )
            keep_geometry(connection)
        assert told(mapped, "SELECT use_of_land FROM mart.landscape_map LIMIT 1") == [("rainfed",)]

    def test_landscapes_load_after_postgis_was_taken_away(self, mapped: Engine) -> None:
        with mapped.begin() as connection:
            connection.execute(text("DROP EXTENSION postgis CASCADE"))
        with mapped.begin() as connection:
            save_landscapes(connection, [landscape("C")])
        let_readers_in(mapped, is_server_ours=True)
        assert {*self.shapes(mapped)} == {(1, 1), (2, 1), (3, 1)}
