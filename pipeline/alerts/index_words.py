"""The words for indices and for shares of an area."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.alerts.outcomes import Outcome
from pipeline.core.ids import IndexFamily, Season


@dataclass(frozen=True, slots=True)
class IndexWords:
    """What a letter calls an index. Braces are filled in by `alerts.indices_in_words`."""

    full: Mapping[IndexFamily, str]
    short: Mapping[IndexFamily, str]
    label: str
    """An index with a fixed number of months."""
    season_labels: Mapping[Season, str]
    short_season_labels: Mapping[Season, str]
    window: str
    window_of_one: str
    """A window of one month."""
    season_window: str
    season_window_of_one: str
    """The first month of a season."""
    span: str
    """From one calendar month to another."""
    out_of_season: str
    blind: Mapping[IndexFamily, str]
    """Why an index says nothing in a month of its season."""
    on_area: str
    share_of_area: str
    """Where the share has no value."""
    by_maps: str
    no_map: str
    short_area_share: str
    area_compared: Mapping[Outcome, str]
    """How a share of the area lies to the threshold; only where there is a value."""
    area_reached: str
    """How a share ends a stage, with a dead band."""
    area_passed: str
    """The same without one."""
    area_not_reached: str
    area_not_passed: str
