"""What the views of `mart` and their columns mean: said once, in the database's comments.

Units are read off the names of columns, where the law of names puts them.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.core.ids import INDEX_CODES, IndexFamily

_UNITS = (
    ("_m3_m3", "m3/m3"),
    ("_mm", "mm"),
    ("_km2", "km2"),
    ("_mean_c", "degC"),
    ("_max_c", "degC"),
    ("_min_c", "degC"),
    ("elevation_m", "m"),
    ("latitude", "degrees_north"),
    ("longitude", "degrees_east"),
    ("_days", "d"),
    ("_fraction", "1"),
    ("_share", "1"),
    ("share", "1"),
)
"""What a name ends in, and what it says; the first that fits counts."""
_INDEX_UNITS = {
    str(code): "percent" if code.family is IndexFamily.PERCENT_OF_NORMAL else "1"
    for code in INDEX_CODES
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a view."""

    name: str
    type: str
    """As Postgres names it."""
    meaning: str

    @property
    def unit(self) -> str | None:
        """Return the unit that the name says; None: none, or as `meaning` says."""
        if self.name in _INDEX_UNITS:
            return _INDEX_UNITS[self.name]
        if not self.is_number:
            return None
        return next((unit for end, unit in _UNITS if self.name.endswith(end)), None)

    @property
    def is_number(self) -> bool:
        return self.type in {"double precision", "real", "numeric", "bigint", "integer", "smallint"}


@dataclass(frozen=True, slots=True)
class View:
    """A view of `mart`."""

    name: str
    meaning: str
    columns: tuple[Column, ...]

    def has(self, column: str) -> bool:
        return any(one.name == column for one in self.columns)


@dataclass(frozen=True, slots=True)
class Function:
    """A function of `mart`."""

    name: str
    arguments: str
    """Names and types, as they are written in SQL."""
    returns: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Dictionary:
    """Everything that `mart` offers, in the order of its names."""

    views: tuple[View, ...]
    functions: tuple[Function, ...]

    def view(self, name: str) -> View | None:
        """Return the view of that name; None: there is none."""
        return next((one for one in self.views if one.name == name), None)

    def function(self, name: str) -> Function | None:
        """Return the function of that name; None: there is none."""
        return next((one for one in self.functions if one.name == name), None)
