"""The closed vocabularies: countries, land uses, drought types, file formats, index codes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from pipeline.core.errors import InputError


class Country(StrEnum):
    """ISO 3166-1 alpha-2 codes of the six countries."""

    KAZAKHSTAN = "KZ"
    KYRGYZSTAN = "KG"
    TAJIKISTAN = "TJ"
    TURKMENISTAN = "TM"
    UZBEKISTAN = "UZ"
    TURKIYE = "TR"


class LandUse(StrEnum):
    """Land-use systems of production landscapes."""

    PASTORAL = "pastoral"
    AGRO_SYLVO_PASTORAL = "agro_sylvo_pastoral"
    TREE_BASED = "tree_based"
    IRRIGATED = "irrigated"
    RAINFED = "rainfed"
    HOME_GARDEN = "home_garden"


class DroughtType(StrEnum):
    """A plan has one ladder of stages for each of these."""

    METEOROLOGICAL = "meteorological"
    AGRICULTURAL = "agricultural"
    HYDROLOGICAL = "hydrological"


class Release(StrEnum):
    """Preliminary values are replaced by final ones two to three months later."""

    PRELIMINARY = "preliminary"
    FINAL = "final"


class Origin(StrEnum):
    """Where a file comes from; one warehouse refuses to mix them."""

    REAL = "real"
    SIMULATED = "simulated"


ERA5_LAND = "era5-land"
"""The source name of ERA5-Land monthly means: the grid that is fetched; others come as files."""
BLENDED = "blended"
"""Name of the source that gauges and a grid make together; no file may come under it."""


class Product(StrEnum):
    """What one value of an accumulated field of a grid stands for."""

    MONTHLY_MEAN = "monthly-mean"
    """The mean of the month per day: metres a day, joules per square metre a day."""
    MONTHLY_TOTAL = "monthly-total"
    """The sum over the month."""


class StationFormat(StrEnum):
    """How a station file is written."""

    GHCN_DAILY = "ghcn-daily"
    """NOAA's ``.dly``: a line a station, month and element."""
    GHCN_BY_YEAR = "ghcn-by-year"
    """NOAA's by-year CSV: a line a station, day and element."""
    GHCN_ORDER = "ghcn-order"
    """An order from NOAA's Climate Data Online: a line a station and day."""
    AGENCY = "agency"
    """An agency's own table, as CSV or workbook."""
    CLIMAT = "climat"
    """WMO CLIMAT reports in BUFR."""


class OrderUnits(StrEnum):
    """The units of a Climate Data Online order; the file does not name them."""

    METRIC = "metric"
    """mm and degrees C."""
    STANDARD = "standard"
    """Inches and degrees F."""
    TENTHS = "tenths"
    """Tenths of mm and of degrees C, as the provider stores them."""


class IndexFamily(StrEnum):
    SPI = "spi"
    SPEI = "spei"
    PERCENT_OF_NORMAL = "pn"


SCALES_MONTHS: dict[IndexFamily, tuple[int, ...]] = {
    IndexFamily.SPI: (1, 2, 3, 6, 9, 12, 24),
    IndexFamily.SPEI: (1, 2, 3, 6, 9, 12, 24),
    IndexFamily.PERCENT_OF_NORMAL: (1, 3, 6, 9, 12),
}


@dataclass(frozen=True, order=True, slots=True)
class IndexCode:
    """An index and its scale in months, written ``spi_3``.

    >>> IndexCode.parse("spei_12").scale_months
    12
    """

    family: IndexFamily
    scale_months: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the code written as ``family_scale``.

        Raises:
            InputError: no such index is computed.
        """
        for code in INDEX_CODES:
            if str(code) == text:
                return cls(code.family, code.scale_months)
        raise InputError(
            f"index code: expected one of {', '.join(map(str, INDEX_CODES))}, got {text!r}"
        )

    def __str__(self) -> str:
        return f"{self.family}_{self.scale_months}"


INDEX_CODES: tuple[IndexCode, ...] = tuple(
    IndexCode(family, scale) for family, scales in SCALES_MONTHS.items() for scale in scales
)
"""Every index the warehouse holds, in the order of its columns."""
