"""CLIMAT messages that ecCodes encodes from values set by hand."""

from __future__ import annotations

from tests.unit.sources.encoding import encoded

QUALIFIER = "qualifierForNumberOfMissingValuesInCalculationOfStatistic"
MISSING = "totalNumberOfMissingEntitiesWithRespectToAccumulationOrAverage"
TEMPERATURE, EXTREMES, PRECIPITATION = 2, 3, 5
"""Code table 0 08 050."""

PSKEM: dict[str, float | str] = {
    "blockNumber": 38, "stationNumber": 462, "stationOrSiteName": "PSKEM",
    "latitude": 41.9147, "longitude": 70.3653, "heightOfStationGroundAboveMeanSeaLevel": 1136.0,
    "year": 2024, "month": 2, "day": 1,
    "airTemperature": 271.25, "maximumTemperatureAtHeightSpecifiedPast24Hours": 275.65,
    "minimumTemperatureAtHeightSpecifiedPast24Hours": 266.85, "totalAccumulatedPrecipitation": 87.4,
}  # fmt: skip


def missing_days(*counts: tuple[int, int]) -> dict[str, float | str]:
    """Keys that count missing days: pairs of a code of table 0 08 050 and a number."""
    keys: dict[str, float | str] = {}
    for rank, (code, number) in enumerate(counts, start=1):
        keys |= {f"#{rank}#{QUALIFIER}": code, f"#{rank}#{MISSING}": number}
    return keys


def climat(
    *reports: dict[str, float | str], template: int = 307071, is_compressed: bool = False
) -> bytes:
    """One message with a subset for each report; a value that a report lacks is missing."""
    return encoded("bufr", template, reports, is_compressed)


def synop() -> bytes:
    """A message of another template."""
    return encoded("bufr", 307080, [{}], False)
