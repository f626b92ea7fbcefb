"""The probability that an index will be low in a coming month: what a rule on a forecast hears.

Reserved in the language of plans for triggers such as Ready and Set. No forecast is read yet, so a
plan that hears one can be checked and not loaded. Of it, more means drier.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pipeline.core.area_shares import WrittenIndex, demand_fraction

MAX_LEAD_MONTHS = 6
"""Seasonal forecasts of the Climate Data Store reach six months ahead."""


class ForecastProbability(BaseModel):
    """The share of forecast members, 0 to 1, in which `index` is low `lead_months` ahead.

    >>> str(ForecastProbability(index="spi_3", at_or_below=-1, lead_months=2))
    'forecast_spi_3_at_or_below_-1.0_in_2_months'
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    index: WrittenIndex
    at_or_below: float = Field(allow_inf_nan=False)
    lead_months: int = Field(ge=1, le=MAX_LEAD_MONTHS)

    @model_validator(mode="before")
    @classmethod
    def _has_keys(cls, value: object) -> object:
        if not isinstance(value, (dict, cls)):
            raise ValueError(
                "expected {index: spi_3, at_or_below: -1.0, lead_months: 3} or the like, got "
                f"{value!r}"
            )
        return value

    @staticmethod
    def demand(name: str, probability: float) -> None:
        """Refuse a threshold that is no probability; `name` says whose it is.

        Raises:
            InputError: it is below 0 or above 1.
        """
        demand_fraction(name, probability, "a probability")

    def __str__(self) -> str:
        return f"forecast_{self.index}_at_or_below_{self.at_or_below}_in_{self.lead_months}_months"
