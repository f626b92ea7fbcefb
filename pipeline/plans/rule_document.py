"""One rule of a plan document, and where each of its numbers comes from.

A rule that could never speak, begin or end is a contradiction and is refused, like crossed
thresholds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from typing import Annotated, Self, TypeAlias

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationInfo,
    model_validator,
)

from pipeline.core.area_shares import AreaShare, WrittenIndex
from pipeline.core.errors import InputError
from pipeline.core.forecasts import ForecastProbability
from pipeline.core.ids import IndexCode, IndexFamily, LandUse
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
        frozen=True,
        extra="forbid",
        arbitrary_types_allowed=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,  # they become the descriptions of the JSON Schema
    )


CUT = 3.09
"""Standardised indices are cut at this value and at its negative."""
MOST_COUNTED = 9_999
"""The most months or days that a plan may ask for: no table and no calendar overflows."""


def _number(value: object) -> object:
    """Refuse true and false, which would count as 1 and 0, and a number as a text would have it."""
    if isinstance(value, bool):
        raise ValueError(f"expected a number, got {str(value).lower()}; write digits")
    if isinstance(value, str):
        plain = value.strip().translate(str.maketrans(",\u2212\u2013", ".--"))
        if plain != value and re.fullmatch(r"-?\d+(\.\d+)?", plain):
            raise ValueError(
                f"expected a number, got {value!r}; write {plain}, with a point and a plain minus sign"
            )
    return value


Number = Annotated[float, BeforeValidator(_number)]
Count = Annotated[int, BeforeValidator(_number), Field(le=MOST_COUNTED)]
"""Of months or days."""


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
    """The law, the table or the paper."""
    note: str | None = None
    """What a reader should know of it."""


class RuleSources(Strict):
    """The threshold, the exit and the months in a row each have a source of their own."""

    threshold: Source
    exit: Source
    persistence: Source

    @property
    def are_national(self) -> bool:
        """Whether the country has adopted all three."""
        return all(
            one.kind is SourceKind.NATIONAL for one in (self.threshold, self.exit, self.persistence)
        )


def in_order(values: frozenset[int] | frozenset[str]) -> Sequence[object]:
    """Give a set one order, so that equal plans have equal fingerprints."""
    return sorted(values)


class Where(StrEnum):
    """The land whose value a rule hears."""

    LANDSCAPE = "landscape"
    """The landscape itself."""
    HEADWATER = "headwater"
    """The landscape its irrigation water comes from."""


@dataclass(frozen=True, slots=True)
class OfHeadwater:
    """A measure of the headwater of a landscape.

    >>> str(OfHeadwater(IndexCode.parse("spi_12")))
    'spi_12 of the headwater'
    """

    measure: Measure

    def __str__(self) -> str:
        return f"{self.measure} of the headwater"


Heard: TypeAlias = Measure | OfHeadwater | ForecastProbability
"""What a rule hears, and of which land."""


@dataclass(frozen=True, slots=True)
class Land:
    """What of a landscape decides which rules and actions are for it."""

    land_use: LandUse
    is_salt_affected: bool = False
    has_headwater: bool = False
    """Whether the landscape its irrigation water comes from is known."""


CalendarMonths = Annotated[frozenset[Annotated[int, Field(ge=1, le=12)]], PlainSerializer(in_order)]
LandUses = Annotated[frozenset[LandUse], PlainSerializer(in_order)]


class Rule(Strict):
    """One latching rule: what it hears, a threshold to enter, one to leave, and time."""

    index: WrittenIndex | None = None
    """The index it hears; a rule names either this, or `indicator`, `area_share` or `forecast`."""
    indicator: IndicatorCode | None = None
    """The agency's indicator it hears, in `unit`."""
    unit: IndicatorUnit | None = None
    """The unit of the indicator."""
    area_share: AreaShare | None = None
    """The share of the landscape's area at which an index is low; more is drier."""
    forecast: ForecastProbability | None = None
    """Reserved: the probability that an index will be low; more is drier."""
    where: Where = Where.LANDSCAPE
    """The land whose value it hears."""
    enter_at: Number
    """The rule argues for its stage at this value or below (of an area: or above), in the
    measure's own unit."""
    enter_after: Count = Field(ge=1)
    """Months in a row."""
    exit_at: Number
    """The rule argues against its stage at this value or above (of an area: or below)."""
    exit_after: Count = Field(ge=1)
    """Months in a row."""
    has_dead_band: bool = True
    """False allows `exit_at` equal to `enter_at`, for published tables without a dead band;
    the stage then ends beyond the threshold, and a value on it still counts as dry."""
    calendar_months: CalendarMonths = Field(default=ALL_YEAR, min_length=1)
    """Calendar months in which the rule speaks."""
    land_uses: LandUses = Field(default=frozenset(LandUse), min_length=1)
    """Land uses the rule applies to."""
    salt_affected: bool | None = None
    """True: for salt-affected land only; False: for other land only; None: for both."""
    gap_breaks_run_after: Count = Field(default=2, ge=0)
    """An entering run is forgotten after more than so many silent months."""
    ends_after_silence: Count | None = Field(default=None, ge=1)
    """The rule lets go after more than so many silent months; None: a gap never ends it."""
    hold_limit: Count | None = Field(default=None, ge=0)
    """Months of silence after which what rests on the rule is unconfirmed; None: the plan's."""
    late_after_days: Count | None = Field(default=None, ge=0)
    """Days after the end of a month by which its value is to be there; None: the plan's."""
    source: RuleSources

    @property
    def measure(self) -> Measure:
        """What the rule hears, wherever.

        Raises:
            InputError: it hears a forecast, which no plan that is in force does.
        """
        return measure_of(self.index, self.indicator, self.unit, self.area_share)

    @property
    def heard(self) -> Heard:
        """What the rule hears, and of which land."""
        if self.forecast is not None:
            return self.forecast
        return OfHeadwater(self.measure) if self.where is Where.HEADWATER else self.measure

    @property
    def _index(self) -> IndexCode | None:
        return index_behind(self.measure) if self.forecast is None else self.forecast.index

    @property
    def speaking_months(self) -> frozenset[int]:
        """The calendar months in which the rule speaks and what it hears exists."""
        index = self._index
        return frozenset(m for m in self.calendar_months if index is None or index.months_back(m))

    @property
    def thresholds(self) -> Thresholds:
        """The one to enter and the one to leave."""
        is_share = self.area_share is not None or self.forecast is not None
        return Thresholds(self.enter_at, self.exit_at, is_more_drier=is_share)

    def applies_to(self, land: Land) -> bool:
        """Return whether the rule is for this land, and can be asked there."""
        return (
            land.land_use in self.land_uses
            and self.salt_affected in {None, land.is_salt_affected}
            and (land.has_headwater or self.where is not Where.HEADWATER)
        )

    @model_validator(mode="after")
    def _hears_one_measure(self) -> Self:
        try:
            measure = self._demand_measure()
            if not isinstance(measure, IndexCode):
                measure.demand("enter_at", self.enter_at)
                measure.demand("exit_at", self.exit_at)
        except InputError as error:
            raise ValueError(str(error)) from error
        return self

    def _demand_measure(self) -> Measure | ForecastProbability:
        if self.forecast is None:
            return self.measure
        others = [name for name in ("index", "indicator", "area_share") if getattr(self, name)]
        if others or self.unit is not None or self.where is not Where.LANDSCAPE:
            raise InputError(
                "a rule on a forecast names nothing else to hear: expected 'forecast' without "
                f"index, indicator, unit, area_share and where, got {', '.join(others) or 'more'}"
            )
        return self.forecast

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
        if self.thresholds.is_more_drier and self.enter_at == 0:
            what = "share of the area" if self.area_share is not None else "probability"
            raise ValueError(
                f"enter_at: expected a {what} above 0, got 0: none at all would do; write the "
                f"least {what} that should begin the stage"
            )
        self._demand_values_that_occur()
        spoken = self.speaking_months
        if not spoken:
            self._refuse_silence()
        longest = _longest_run(spoken)
        for name, needed in (("enter_after", self.enter_after), ("exit_after", self.exit_after)):
            if spoken != ALL_YEAR and needed > longest:
                raise ValueError(
                    f"{name}: expected at most {longest}, got {needed}: the rule speaks in no more "
                    "months in a row, so it would never come to that; lower it, or let the rule "
                    "speak in more calendar months"
                )
        return self

    def _demand_values_that_occur(self) -> None:
        if self.index is None:
            return
        is_percent = self.index.family is IndexFamily.PERCENT_OF_NORMAL
        least, most = (0.0, float("inf")) if is_percent else (-CUT, CUT)
        for name, ends, needed in (
            ("enter_at", "begin", self.enter_at),
            ("exit_at", "end", self.exit_at),
        ):
            if (name == "enter_at" and needed < least) or (name == "exit_at" and needed > most):
                bound = f"{least:g} or more" if name == "enter_at" else f"{most:g} or less"
                raise ValueError(
                    f"{name}: expected {bound}, as {self.index} goes no further, got {needed:g}: the "
                    f"rule would never {ends}; correct the number"
                )

    def _refuse_silence(self) -> None:
        index = self._index
        exists = [m for m in sorted(ALL_YEAR) if index is None or index.months_back(m)]
        raise ValueError(
            f"calendar_months: expected some of {exists}, the only ones in which {index} exists, got "
            f"{sorted(self.calendar_months)}: the rule would never speak; name those, or hear another "
            "index"
        )


def _longest_run(calendar_months: Iterable[int]) -> int:
    """Return how many of `calendar_months` follow each other at most, over the new year too."""
    wanted, longest, run = set(calendar_months), 0, 0
    for _, month in product(range(2), range(1, 13)):
        run = run + 1 if month in wanted else 0
        longest = max(longest, run)
    return min(longest, 12)
