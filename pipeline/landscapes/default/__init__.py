"""The landscapes shipped with the project: data, where they come from, and their derivation."""

from __future__ import annotations

from pathlib import Path


def default_landscapes_file() -> Path:
    """Return the shipped set, a file like any agency's."""
    return Path(__file__).with_name("landscapes.geojson")
