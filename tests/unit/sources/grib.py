"""GRIB as the store sends monthly means, made message by message from ecCodes' samples."""

from __future__ import annotations

from collections.abc import Sequence

from tests.unit.sources.encoding import encoded

MISSING = 9999.0
LATITUDES, LONGITUDES = (41.0, 40.9), (60.0, 60.1, 60.2)
PARAMETERS = {
    "t2m": 167,
    "tp": 228,
    "d2m": 168,
    "ssrd": 169,
    "sp": 134,
    "pev": 228251,
    "swvl1": 39,
    "swvl2": 40,
    "swvl3": 41,
    "sd": 141,
    "smlt": 45,
    "sf": 144,
}
ACCUMULATED = ("tp", "ssrd", "pev", "smlt", "sf")


def message(
    code: str,
    values: float | Sequence[float | None],
    date: int = 20240101,
    *,
    expver: str = "0001",
    stream: str = "moda",
    edition: int = 1,
    step_type: str | None = None,
    latitudes: Sequence[float] = LATITUDES,
    longitudes: Sequence[float] = LONGITUDES,
    time: int = 0,
    step: int = 0,
) -> bytes:
    """One field on a regular grid, its values from the first latitude on; None is missing."""
    size = len(latitudes) * len(longitudes)
    given = [values] * size if isinstance(values, (int, float)) else list(values)
    usual = "avgad" if code in ACCUMULATED else "avgua"
    keys = {
        "Ni": len(longitudes),
        "Nj": len(latitudes),
        "jScansPositively": int(latitudes[0] < latitudes[-1]),
        "latitudeOfFirstGridPointInDegrees": latitudes[0],
        "latitudeOfLastGridPointInDegrees": latitudes[-1],
        "longitudeOfFirstGridPointInDegrees": longitudes[0],
        "longitudeOfLastGridPointInDegrees": longitudes[-1],
        "iDirectionIncrementInDegrees": round((longitudes[1] - longitudes[0]) % 360, 3),
        "jDirectionIncrementInDegrees": round(abs(latitudes[1] - latitudes[0]), 3),
        "setLocalDefinition": 1,
        "localDefinitionNumber": 1,
        "class": "l5",
        "stream": stream,
        "type": "fc",
        "expver": expver,
        "dataDate": date,
        "dataTime": time,
        "paramId": PARAMETERS[code],
        "stepType": step_type or (usual if edition == 1 else "instant"),
        "bitmapPresent": 1,
        "missingValue": MISSING,
        "bitsPerValue": 24,
    }
    if edition == 2 and step_type is None:
        del keys["stepType"]
    if step:
        keys |= {"step": step, "stepType": "instant"}
    filled = [MISSING if value is None else value for value in given]
    return encoded("grib", edition, keys, filled)
