"""What readers of a table must know of it, in words: what it is, of whom, and how far to trust it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from pipeline.core.ids import BLENDED, ERA5_LAND, Country, Origin

SIMULATED = "EXERCISE - SIMULATED DATA - no real drought"
NO_OPINION = (
    "Boundaries are those of the landscapes as loaded and imply no opinion on the legal status of "
    "any territory."
)
_COPERNICUS = (
    "Contains modified Copernicus Climate Change Service information; neither the European "
    "Commission nor ECMWF is responsible for any use of it. Muñoz Sabater (2019), ERA5-Land monthly "
    "averaged data from 1950 to present, doi:10.24381/cds.68d2bb30"
)
_GHCN = (
    "NOAA National Centers for Environmental Information, Global Historical Climatology Network - "
    "Daily, doi:10.7289/V5D21VHZ"
)
_OWN = "as its owner handed it to this installation, under the owner's terms"
_FREE_OF_PLANS = frozenset({
    "agreement", "agreement_month", "area_share", "area_share_wide", "aridity", "calibration",
    "climate_month", "climate_month_long", "freshness", "headwater_index_month", "index_month",
    "index_month_wide", "indicator", "ingest", "input_quality", "issuer", "landscape",
    "observation", "quarantine", "recipient", "revision_value", "station", "station_month", "station_position",
})  # fmt: skip
"""Views that would be the same under any plan. A view that is not here is cautioned about, so none is
forgotten."""


@dataclass(frozen=True, slots=True)
class About:
    """What an export is."""

    software: str
    installation_id: str
    origin: Origin | None
    exported_at: datetime
    newest_change: datetime | None
    """When something was last written in the warehouse."""
    generic_plans: Mapping[Country, tuple[str, ...]]
    """Plans that stages may rest on, of which some number is not adopted by law."""

    @property
    def label(self) -> str | None:
        """What must stand wherever the data show; None: they are real."""
        return SIMULATED if self.origin is Origin.SIMULATED else None

    def said_of_all(self) -> dict[str, str]:
        """Return what is true of every table, and known before the first row."""
        said = {
            "label": self.label,
            "origin": self.origin.value if self.origin else None,
            "software": self.software,
            "installation_id": self.installation_id,
        }
        return {name: words for name, words in said.items() if words}


@dataclass(frozen=True, slots=True)
class Shown:
    """What one table holds."""

    rows: int
    sources: tuple[str, ...]
    """Names in its column `source`."""
    chosen: dict[str, str]
    """The filters that have a meaning in it."""
    deaf_to: tuple[str, ...]
    """Names of the filters that were set and have none in it: it was not cut by them."""
    rests_on_plans: bool
    countries: tuple[Country, ...]
    """Those it was cut to; empty: it was not."""


def rests_on_plans(view: str) -> bool:
    """Return whether rows of `view` would be others if the plans had other thresholds."""
    return view.removesuffix("_ever") not in _FREE_OF_PLANS


def said_of(about: About, shown: Shown, view: str, meaning: str) -> dict[str, str]:
    """Return what goes into a file: the same for the same rows, so it knows no time of day."""
    said = {
        "title": view,
        "description": meaning,
        **about.said_of_all(),
        "rows": str(shown.rows),
        "filters": in_words(shown),
        "sources": ", ".join(shown.sources),
        "attribution": " | ".join(attributions(shown.sources, about.origin)),
        "caution": " ".join(cautions(about, shown)),
    }
    return {name: words for name, words in said.items() if words}


def in_words(shown: Shown) -> str:
    """Return its filters in one line, and those that were set and have no meaning in it."""
    said = "; ".join(f"{name} {words}" for name, words in shown.chosen.items()) or "none"
    return f"{said} (not cut by {', '.join(shown.deaf_to)})" if shown.deaf_to else said


def moment(when: datetime) -> str:
    """Return a moment as ISO 8601 in UTC."""
    return when.astimezone(UTC).isoformat().replace("+00:00", "Z")


def attributions(sources: Iterable[str], origin: Origin | None) -> list[str]:
    """Return whose data the sources are, a line each."""
    return [f"{source}: {_owner(source, origin)}" for source in sources]


def _owner(source: str, origin: Origin | None) -> str:
    if origin is Origin.SIMULATED:
        return "simulated by this software; no number of it was observed"
    if source == ERA5_LAND:
        return _COPERNICUS
    if source == BLENDED:
        return "gauges on the normals of a grid; the terms of both hold"
    return _GHCN if source.startswith("ghcn") else _OWN


def cautions(about: About, shown: Shown) -> list[str]:
    """Return what could be misread."""
    found = [f"{SIMULATED}."] if about.label else []
    concerned = shown.countries or tuple(about.generic_plans)
    plans = sorted(plan for country in concerned for plan in about.generic_plans.get(country, ()))
    if shown.rests_on_plans and plans:
        found.append(
            "Stages rest on thresholds not all of which are adopted by national law "
            f"({', '.join(plans)}): that a threshold is crossed declares no drought."
        )
    return found
