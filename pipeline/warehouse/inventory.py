"""What every table holds, in numbers that tell two warehouses apart."""

from __future__ import annotations

from sqlalchemy import Connection, text

from pipeline.core.backups import TableFacts

_TABLES = text("""
SELECT format('%I.%I', n.nspname, c.relname) AS name
FROM pg_class AS c
JOIN pg_namespace AS n ON c.relnamespace = n.oid
WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    -- Made of the boundaries where there is PostGIS, and left out of backups.
    AND (n.nspname, c.relname) <> ('landscape', 'geometry')
    AND NOT EXISTS (
        SELECT FROM pg_depend AS d
        WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
    )
ORDER BY 1
""")


def read_inventory(connection: Connection) -> dict[str, TableFacts]:
    """Return rows and content of every table but those of extensions, by schema and name.

    The content of a table is the sum of its rows' hashes, so that their order does not matter.
    """
    found = {}
    for name in connection.execute(_TABLES).scalars().all():
        hashes = f"SELECT hash_record_extended(t, 0) AS hash FROM {name} AS t"  # noqa: S608 - quoted
        row = connection.execute(
            text(f"SELECT count(*), coalesce(sum(hash), 0)::text FROM ({hashes}) AS one")  # noqa: S608
        ).one()
        found[str(name)] = TableFacts(rows=row[0], content=row[1])
    return found


def read_server_version(connection: Connection) -> int:
    """Return the version of Postgres as a number, such as 180003."""
    return int(connection.execute(text("SHOW server_version_num")).scalar_one())


def is_empty(connection: Connection) -> bool:
    """Return whether the database holds no table, view or schema of anybody's."""
    return not connection.execute(
        text(
            "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname !~ '^pg_' "
            "AND nspname NOT IN ('information_schema', 'public')) OR EXISTS ("
            "SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace)"
        )
    ).scalar_one()
