"""One rule of a plan document, and where each of its numbers comes from.

A rule that could never speak, begin or end is a contradiction and is refused, like crossed
thresholds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from itertools import product
from typing import Annotated, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationInfo,
    model_validator,
)

from pipeline.core.area_shares import AreaShare, WrittenIndex
from pipeline.core.errors import InputError
from pipeline.core.ids import IndexCode, LandUse
from pipeline.core.indicators import (
    IndicatorCode,
    IndicatorUnit,
    Measure,
    index_behind,
    measure_of,
)
from pipeline.plans.thresholds import Thresholds

ALL_YEAR = frozenset(range(1, 13))
STORED = object()
"""Context of a plan that the warehouse holds: it is read though a rule could never begin or end."""


class Strict(BaseModel):
    """A part of a plan document: an unknown key refuses it, and nothing in it changes."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", arbitrary_types_allowed=True, allow_inf_nan=False
    )


class SourceKind(StrEnum):
    """Who stands behind a number."""

    NATIONAL = "national"
    """Adopted by the country, with the citation."""
    AGENCY = "agency"
    """An agency's operational table, not an article of the plan."""
    GENERIC = "generic"
    """International guidance or a choice of this project; never national law."""


class Source(Strict):
    """Where a number comes from."""

    kind: SourceKind
    reference: str = Field(min_length=1)
    note: str | None = None


class RuleSources(Strict):
    """The threshold, the exit and the months in a row each have a source of their own."""

    threshold: Source
    exit: Source
    persistence: Source


def in_order(values: frozenset[int] | frozenset[str]) -> Sequence[object]:
    """Give a set one order, so that equal plans have equal fingerprints."""
    return sorted(values)


CalendarMonths = Annotated[frozenset[Annotated[int, Field(ge=1, le=12)]], PlainSerializer(in_order)]
LandUses = Annotated[frozenset[LandUse], PlainSerializer(in_order)]


class Rule(Strict):
    """One latching rule: what it hears, a threshold to enter, one to leave, and time."""

    index: WrittenIndex | None = None
    """The index it hears; a rule names either this, or `indicator`, or `area_share`."""
    indicator: IndicatorCode | None = None
    """The agency's indicator it hears, in `unit`."""
    unit: IndicatorUnit | None = None
    area_share: AreaShare | None = None
    """The share of the landscape's area at which an index is low; more is drier."""
    enter_at: float
    """The rule argues for its stage at this value or below (of an area: or above), in the
    measure's own unit."""
    enter_after: int = Field(ge=1)
    """Months in a row."""
    exit_at: float
    """The rule argues against its stage at this value or above (of an area: or below)."""
    exit_after: int = Field(ge=1)
    """Months in a row."""
    has_dead_band: bool = True
    """False allows `exit_at` equal to `enter_at`, for published tables without a dead band;
    the stage then ends beyond the threshold, and a value on it still counts as dry."""
    calendar_months: CalendarMonths = Field(default=ALL_YEAR, min_length=1)
    """Calendar months in which the rule speaks."""
    land_uses: LandUses = Field(default=frozenset(LandUse), min_length=1)
    """Land uses the rule applies to."""
    source: RuleSources

    @property
    def measure(self) -> Measure:
        """What the rule hears."""
        return measure_of(self.index, self.indicator, self.unit, self.area_share)

    @property
    def thresholds(self) -> Thresholds:
        """The one to enter and the one to leave."""
        return Thresholds(self.enter_at, self.exit_at, is_more_drier=self.area_share is not None)

    @model_validator(mode="after")
    def _hears_one_measure(self) -> Self:
        try:
            measure = self.measure
            if not isinstance(measure, IndexCode):
                measure.demand("enter_at", self.enter_at)
                measure.demand("exit_at", self.exit_at)
        except InputError as error:
            raise ValueError(str(error)) from error
        return self

    @model_validator(mode="after")
    def _thresholds_do_not_cross(self) -> Self:
        thresholds = self.thresholds
        if self.has_dead_band and (thresholds.do_cross or not thresholds.has_dead_band):
            side, mend = ("below", "lower") if thresholds.is_more_drier else ("above", "raise")
            raise ValueError(
                f"exit_at must be {side} enter_at ({self.enter_at}), got {self.exit_at}: the stage "
                f"could begin and end in one month; {mend} exit_at, or write "
                "'has_dead_band: false' if the published table has none"
            )
        if not self.has_dead_band and thresholds.has_dead_band:
            raise ValueError(
                f"exit_at must equal enter_at ({self.enter_at}) where has_dead_band is false, "
                f"got {self.exit_at}; drop 'has_dead_band: false' or make them equal"
            )
        return self

    @model_validator(mode="after")
    def _can_begin_and_end(self, info: ValidationInfo) -> Self:
        if info.context is STORED:
            return self
        if isinstance(self.measure, AreaShare) and self.enter_at == 0:
            raise ValueError(
                "enter_at: expected a share of the area above 0, got 0: no area at all would do; "
                "write the least share that should begin the stage"
            )
        spoken = self._demand_speaking_months()
        longest = _longest_run(spoken)
        for name, needed in (("enter_after", self.enter_after), ("exit_after", self.exit_after)):
            if spoken != ALL_YEAR and needed > longest:
                raise ValueError(
                    f"{name}: expected at most {longest}, got {needed}: the rule speaks in no more "
                    "months in a row, so it would never come to that; lower it, or let the rule "
                    "speak in more calendar months"
                )
        return self

    def _demand_speaking_months(self) -> frozenset[int]:
        """Return the calendar months in which the rule speaks and what it hears exists."""
        index = index_behind(self.measure)
        exists = {m for m in ALL_YEAR if index is None or index.months_back(m)}
        spoken = self.calendar_months & exists
        if not spoken:
            raise ValueError(
                f"calendar_months: expected some of {sorted(exists)}, the only ones in which "
                f"{index} exists, got {sorted(self.calendar_months)}: the rule would never speak; "
                "name those, or hear another index"
            )
        return frozenset(spoken)


def _longest_run(calendar_months: Iterable[int]) -> int:
    """Return how many of `calendar_months` follow each other at most, over the new year too."""
    wanted, longest, run = set(calendar_months), 0, 0
    for _, month in product(range(2), range(1, 13)):
        run = run + 1 if month in wanted else 0
        longest = max(longest, run)
    return min(longest, 12)
