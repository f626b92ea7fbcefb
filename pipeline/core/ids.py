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
    """What an index compares with other years."""

    SPI = "spi"
    """Standardised precipitation index: rain."""
    SPEI = "spei"
    """Standardised precipitation evapotranspiration index: rain less PET."""
    PERCENT_OF_NORMAL = "pn"
    """Rain in percent of its mean."""
    SMRI = "smri"
    """Standardised snow melt and rain index: what runs off the land, for headwaters."""
    SWEI = "swei"
    """Standardised snow water equivalent index: the snow that lies."""
    SMA = "sma"
    """Soil moisture anomaly, in standard deviations."""


class Season(StrEnum):
    """A window that grows from month to month, from its first calendar month to its last."""

    HYDROLOGICAL = "hy"
    """Since 1 October, to the end of September: the year of the rivers."""
    VEGETATION = "veg"
    """Since 1 April, to the end of September: the growing season."""

    @property
    def calendar_months(self) -> tuple[int, ...]:
        """The calendar months of the season, first to last."""
        return _SEASONS[self]


_SEASONS = {
    Season.HYDROLOGICAL: (10, 11, 12, 1, 2, 3, 4, 5, 6, 7, 8, 9),
    Season.VEGETATION: (4, 5, 6, 7, 8, 9),
}

Window = int | Season
"""The months an index looks back on: a fixed number, or those of a season so far."""

WINDOWS: dict[IndexFamily, tuple[Window, ...]] = {
    IndexFamily.SPI: (1, 2, 3, 6, 9, 12, 24, Season.HYDROLOGICAL, Season.VEGETATION),
    IndexFamily.SPEI: (1, 2, 3, 6, 9, 12, 24, Season.HYDROLOGICAL, Season.VEGETATION),
    IndexFamily.PERCENT_OF_NORMAL: (1, 3, 6, 9, 12),
    IndexFamily.SMRI: (1, 3, 6, 12, Season.HYDROLOGICAL),
    IndexFamily.SWEI: (1,),
    IndexFamily.SMA: (1, 3),
}


@dataclass(frozen=True, slots=True)
class IndexCode:
    """An index and its window, written ``spi_3`` or ``spi_hy``.

    >>> IndexCode.parse("spei_12").months_back(5)
    12
    >>> IndexCode.parse("spi_hy").months_back(12), IndexCode.parse("spi_veg").months_back(12)
    (3, 0)
    """

    family: IndexFamily
    window: Window

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the code written as ``family_window``.

        Raises:
            InputError: no such index is computed.
        """
        for code in INDEX_CODES:
            if str(code) == text:
                return cls(code.family, code.window)
        raise InputError(
            f"index code: expected one of {', '.join(map(str, INDEX_CODES))}, got {text!r}"
        )

    def months_back(self, calendar_month: int) -> int:
        """Return how many months the window that ends with `calendar_month` holds, that included.

        0 outside the season: there the index does not exist.
        """
        if not isinstance(self.window, Season):
            return self.window
        months = self.window.calendar_months
        return months.index(calendar_month) + 1 if calendar_month in months else 0

    @property
    def longest_window_months(self) -> int:
        """The longest window of the year."""
        return max(map(self.months_back, range(1, 13)))

    def __str__(self) -> str:
        return f"{self.family}_{self.window}"

    def __lt__(self, other: IndexCode) -> bool:
        return INDEX_CODES.index(self) < INDEX_CODES.index(other)


INDEX_CODES: tuple[IndexCode, ...] = tuple(
    IndexCode(family, window) for family, windows in WINDOWS.items() for window in windows
)
"""Every index the warehouse holds, in the order of its columns."""

CELL_INDEX_CODES: tuple[IndexCode, ...] = tuple(
    code for code in INDEX_CODES if code.family in {IndexFamily.SPI, IndexFamily.SPEI}
)
"""The indices that are also computed for each cell of a grid, for maps and shares of area."""

AREA_CLASSES: tuple[float, ...] = (-0.5, -0.8, -1.0, -1.3, -1.5, -1.6, -2.0)
"""Values of a cell's index at or below which the share of a landscape's area is known: the class
limits of WMO-No. 1090, of the US Drought Monitor and of Türkiye's agricultural ministry."""
