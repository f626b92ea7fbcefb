"""Landscapes and their versions."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shapely.geometry import MultiPolygon, Polygon, mapping, shape
from sqlalchemy import Connection, text

from pipeline.core.ids import Country, LandUse
from pipeline.landscapes.landscape import Landscape
from pipeline.warehouse.known import seen


@dataclass(frozen=True, slots=True)
class StoredLandscape:
    """A landscape with its key and version."""

    landscape_key: int
    version: int
    landscape: Landscape


def save_landscapes(connection: Connection, landscapes: Sequence[Landscape]) -> dict[str, int]:
    """Save `landscapes`; a changed one becomes a new version.

    Returns:
        How many were `new`, `changed` and `unchanged`.
    """
    counts = {"new": 0, "changed": 0, "unchanged": 0}
    for landscape in landscapes:
        counts[_save_landscape(connection, landscape)] += 1
    return counts


def _save_landscape(connection: Connection, landscape: Landscape) -> str:
    key = connection.execute(
        text(
            "INSERT INTO landscape.landscape (landscape_id) VALUES (:id) "
            "ON CONFLICT (landscape_id) DO UPDATE SET landscape_id = excluded.landscape_id "
            "RETURNING landscape_key"
        ),
        {"id": landscape.landscape_id},
    ).scalar_one()
    held = connection.execute(
        text(
            "SELECT version, fingerprint FROM landscape.version "
            "WHERE landscape_key = :key ORDER BY version DESC LIMIT 1"
        ),
        {"key": key},
    ).one_or_none()
    row = _row(landscape)
    if held is not None and held.fingerprint == row["fingerprint"]:
        return "unchanged"
    connection.execute(
        text(
            "INSERT INTO landscape.version (landscape_key, version, country_code, name_en, names, "
            "land_use, is_salt_affected, is_derived, area_km2, headwater_landscape_id, "
            "aridity_index, geometry_geojson, fingerprint) VALUES (:key, :version, "
            ":country_code, :name_en, CAST(:names AS jsonb), :land_use, :is_salt_affected, "
            ":is_derived, :area_km2, :headwater_landscape_id, :aridity_index, "
            "CAST(:geometry_geojson AS jsonb), :fingerprint)"
        ),
        {**row, "key": key, "version": 1 if held is None else held.version + 1},
    )
    return "new" if held is None else "changed"


def _row(landscape: Landscape) -> dict[str, object]:
    described: dict[str, object] = {
        "country_code": str(landscape.country),
        "name_en": landscape.name_en,
        "names": json.dumps(dict(landscape.names), sort_keys=True, ensure_ascii=False),
        "land_use": str(landscape.land_use),
        "is_salt_affected": landscape.is_salt_affected,
        "is_derived": landscape.is_derived,
        "headwater_landscape_id": landscape.headwater_landscape_id,
    }
    if landscape.aridity_index is not None:
        # Where nobody said it, a landscape stays the version it was before there was the field.
        described["aridity_index"] = landscape.aridity_index
    said = json.dumps([described, landscape.boundary_sha256], sort_keys=True)
    return described | {
        "aridity_index": landscape.aridity_index,
        "area_km2": landscape.area_km2,
        "geometry_geojson": json.dumps(mapping(landscape.geometry)),
        "fingerprint": hashlib.sha256(said.encode()).hexdigest(),
    }


def read_landscape_keys(connection: Connection) -> dict[str, int]:
    """Return the key of every landscape by its id."""
    rows = connection.execute(text("SELECT landscape_id, landscape_key FROM landscape.landscape"))
    return {row.landscape_id: row.landscape_key for row in rows}


def read_landscape_countries(connection: Connection) -> dict[str, Country]:
    """Return the country of every landscape by its id."""
    rows = connection.execute(text("SELECT landscape_id, country_code FROM landscape.current"))
    return {row.landscape_id: Country(row.country_code) for row in rows}


def read_landscapes(
    connection: Connection,
    versions: Sequence[tuple[int, int]] | None = None,
    *,
    at: datetime | None = None,
) -> list[StoredLandscape]:
    """Return the newest version of every landscape, or the (key, version) pairs asked for.

    Args:
        connection: the caller's transaction.
        versions: pairs of key and version; None: the newest of each landscape.
        at: the newest that was known at this moment; None: now.
    """
    if versions is None:
        rows = connection.execute(
            text(
                "SELECT DISTINCT ON (v.landscape_key) l.landscape_id, v.* "  # noqa: S608 - a moment
                "FROM landscape.version AS v JOIN landscape.landscape AS l USING (landscape_key) "
                f"WHERE {seen('v.valid_from', at)} ORDER BY v.landscape_key, v.version DESC"
            )
        )
    else:
        rows = connection.execute(
            text(
                "SELECT l.landscape_id, v.* FROM landscape.version AS v "
                "JOIN landscape.landscape AS l USING (landscape_key) "
                "JOIN unnest(CAST(:keys AS integer[]), CAST(:versions AS integer[])) "
                "AS wanted (landscape_key, version) USING (landscape_key, version)"
            ),
            {"keys": [key for key, _ in versions], "versions": [v for _, v in versions]},
        )
    return [
        StoredLandscape(
            row.landscape_key,
            row.version,
            Landscape(
                landscape_id=row.landscape_id,
                country=Country(row.country_code),
                name_en=row.name_en,
                names=row.names,
                land_use=LandUse(row.land_use),
                is_salt_affected=row.is_salt_affected,
                is_derived=row.is_derived,
                headwater_landscape_id=row.headwater_landscape_id,
                geometry=_polygons(row.geometry_geojson),
                aridity_index=row.aridity_index,
            ),
        )
        for row in rows
    ]


def _polygons(geojson: dict[str, object]) -> Polygon | MultiPolygon:
    geometry = shape(geojson)
    assert isinstance(geometry, Polygon | MultiPolygon)  # noqa: S101 - `Landscape` lets no other in
    return geometry
