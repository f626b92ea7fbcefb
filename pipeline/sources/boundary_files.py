"""What landscapes are built from besides rasters: administrative units, basins, irrigated land."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

import shapely
from shapely.geometry import MultiPolygon
from shapely.validation import explain_validity

from pipeline.core.errors import InputError
from pipeline.core.ids import Country, LandUse
from pipeline.landscapes.basins import Basin
from pipeline.landscapes.building import Unit, polygons_of
from pipeline.landscapes.landscape import checked_geometry
from pipeline.sources.feature_files import Feature, names_by_column, read_features

Vocabulary = TypeVar("Vocabulary", bound=StrEnum)

_COLUMN = re.compile(r"\{([^{}]+)\}")


def read_units(
    paths: Sequence[Path],
    *,
    id_field: str,
    name_field: str,
    names: Mapping[str, str],
    country: Country | None = None,
) -> list[Unit]:
    """Return the administrative units of the files, in their order.

    Features of one id are parts of one unit and are joined, if they have the same names and
    country.

    Args:
        paths: files of one layer each.
        id_field: column of the ids, kept unchanged, as text.
        name_field: column of the English names, or a text with columns in braces, such as
            ``{ADM2_EN} district``.
        names: the same for other languages, by language code.
        country: of features without a country_code.

    Raises:
        InputError: a file cannot be read, a column is not there, an id, English name or country is
            empty, one id has different names, or a geometry is refused.
    """
    texts = {"en": name_field, **names}
    units: dict[str, Unit] = {}
    for path in paths:
        for feature in read_features(path):
            unit = _unit(feature, id_field, texts, country)
            held = units.get(unit.unit_id)
            units[unit.unit_id] = unit if held is None else _joined(held, unit, feature.where)
    return list(units.values())


def _unit(
    feature: Feature, id_field: str, texts: Mapping[str, str], country: Country | None
) -> Unit:
    where, record, geometry = feature
    unit_id = _filled(f"{{{id_field}}}", record, where)
    if unit_id is None:
        raise InputError(f"{where}: {id_field} is empty, expected an id; fill it in")
    where = f"{where} {unit_id!r}"
    names = {language: _filled(text, record, where) for language, text in texts.items()}
    if names["en"] is None:
        raise InputError(f"{where}: {texts['en']} is empty, expected an English name; fill it in")
    theirs = _country(record, where) or country
    if theirs is None:
        raise InputError(
            f"{where}: country_code is empty, expected a value; fill it in or say --country"
        )
    return Unit(
        unit_id,
        theirs,
        {language: name for language, name in names.items() if name is not None},
        checked_geometry(geometry, theirs, where),
    )


def _filled(text: str, record: Mapping[str, object], where: str) -> str | None:
    """The text with the values of columns in it; None where one of them is empty."""
    template = text if _COLUMN.search(text) else f"{{{text}}}"
    values: dict[str, object] = {}
    for column in _COLUMN.findall(template):
        if column not in record:
            raise InputError(
                f"{where}: no column {column!r}, expected one of {', '.join(record)}; correct the "
                "field asked for"
            )
        values[column] = record[column]
    if None in values.values():
        return None
    return " ".join(_COLUMN.sub(lambda match: str(values[match[1]]), template).split()) or None


def _country(record: Mapping[str, object], where: str) -> Country | None:
    return _word(record, "country_code", Country, where)


def _word(
    record: Mapping[str, object], column: str, vocabulary: type[Vocabulary], where: str
) -> Vocabulary | None:
    value = record.get(column)
    if value is None:
        return None
    if value not in tuple(vocabulary):
        raise InputError(
            f"{where}: {column}: expected one of {', '.join(vocabulary)}, got {value!r}; correct it"
        )
    return vocabulary(str(value))


def _joined(held: Unit, other: Unit, where: str) -> Unit:
    if (held.names, held.country) != (other.names, other.country):
        raise InputError(
            f"{where} {other.unit_id!r}: expected the names of the unit that has this id, "
            f"{', '.join(held.names.values())}, got {', '.join(other.names.values())}; correct the "
            "id, or name another --id-field"
        )
    whole = polygons_of(held.geometry.union(other.geometry))
    return replace(held, geometry=whole, features=held.features + other.features)


def read_basins(paths: Sequence[Path]) -> list[Basin]:
    """Return the basins of the files, in their order.

    Columns: basin_id, name_en, headwater_basin_id (empty for a headwater), and if you like
    name_<language>, land_use (of the landscape made of a headwater), country_code.

    Raises:
        InputError: a file cannot be read, a column is not there, a value is empty or outside its
            vocabulary, or a geometry is refused.
    """
    return [_basin(feature) for path in paths for feature in read_features(path)]


def _basin(feature: Feature) -> Basin:
    where, record, geometry = feature
    for column in ("basin_id", "name_en", "headwater_basin_id"):
        if column not in record:
            raise InputError(
                f"{where}: no column {column!r}, expected one, got {', '.join(record)}; name the "
                "columns of the basin layer so"
            )
    basin_id, name_en, headwater = (
        _filled(column, record, where) for column in ("basin_id", "name_en", "headwater_basin_id")
    )
    if basin_id is None or name_en is None:
        raise InputError(f"{where}: basin_id or name_en is empty, expected a text; fill it in")
    where = f"{where} {basin_id!r}"
    country = _country(record, where)
    return Basin(
        basin_id,
        {"en": name_en, **names_by_column(record)},
        headwater,
        _word(record, "land_use", LandUse, where) or LandUse.PASTORAL,
        country,
        checked_geometry(geometry, country, where),
    )


def read_irrigated(path: Path) -> MultiPolygon:
    """Return the irrigated land of a file of polygons, overlaps joined.

    Raises:
        InputError: the file cannot be read, or a geometry is missing or invalid.
    """
    features = read_features(path)
    for feature in features:
        if feature.geometry is None or not feature.geometry.is_valid:
            raise InputError(
                f"{feature.where}: expected a valid polygon of irrigated land, got "
                f"{'none' if feature.geometry is None else explain_validity(feature.geometry)}; "
                "mend it, for instance with 'Fix geometries' in QGIS"
            )
    return polygons_of(shapely.union_all([feature.geometry for feature in features]))
