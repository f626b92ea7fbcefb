"""Why a value is missing. A gap is data: it is stored, shown and explained like a value."""

from __future__ import annotations

from enum import StrEnum


class Gap(StrEnum):
    """The reason a value could not be given."""

    NOT_PUBLISHED = "not_published"
    """The source has no value for this month (yet)."""
    OUTSIDE_GRID = "outside_grid"
    """No grid cell with values touches the landscape."""
    LOW_COVERAGE = "low_coverage"
    """Cells with values cover less of the landscape than `DROUGHT_MIN_COVERAGE`."""
    TOO_FEW_OBSERVATIONS = "too_few_observations"
    """A station reported too few days or dekads to make a month."""
    SHORT_HISTORY = "short_history"
    """The record does not reach back over the whole window of the index."""
    CALIBRATION_SHORT = "calibration_short"
    """The calibration period holds too few valid values in this calendar month."""
    NOT_APPLICABLE = "not_applicable"
    """The index is blind or does not exist in this calendar month: rain (or its normal) is too
    rare there, or the month is outside the season."""
    REJECTED = "rejected"
    """A value came, and a check refused it."""
