"""Raw datasets laid out as the store lays them out, small enough to know by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

MODA = (
    "2026-07-01T14:44 GRIB to CDM+CF via cfgrib-0.9.15.1/ecCodes-2.42.0 with "
    '{"source": "data.grib", "filter_by_keys": {"stream": ["moda"]}}'
)
MNTH = MODA.replace("moda", "mnth")
WATER, VOLUME = "m of water equivalent", "m**3 m**-3"
UNITS = {"tp": "m", "ssrd": "J m**-2", "u10": "m s**-1", "v10": "m s**-1", "si10": "m s**-1",
         "sp": "Pa", "swvl1": VOLUME, "swvl2": VOLUME, "swvl3": VOLUME, "sd": WATER, "smlt": WATER,
         "sf": WATER}  # fmt: skip


def raw(
    values: Mapping[str, float | Sequence[float] | np.ndarray],
    times: Sequence[str] = ("2024-02-01",),
    *,
    latitudes: Sequence[float] = (41.0, 40.0),
    longitudes: Sequence[float] = (60.0, 61.0, 62.0),
    expver: str | Sequence[str] | None = None,
    time: str = "valid_time",
    history: str | None = None,
    origin: str | None = None,
) -> xr.Dataset:
    """A dataset of the new layout: one number, one a stamp, or a whole array for each variable."""
    shape = (len(times), len(latitudes), len(longitudes))
    dims = (time, "latitude", "longitude")
    fields = {}
    for code, value in values.items():
        held = np.asarray(value, dtype=np.float32)
        held = held.reshape(-1, 1, 1) if held.ndim == 1 else held
        units = {"units": UNITS.get(code, "K")}
        fields[code] = (dims, np.broadcast_to(held, shape).copy(), units)
    dataset = xr.Dataset(
        fields,
        coords={
            time: np.array(times, dtype="datetime64[ns]"),
            "latitude": list(latitudes),
            "longitude": list(longitudes),
            "number": 0,
        },
    )
    if expver is not None:
        coordinate = expver if isinstance(expver, str) else (time, list(expver))
        dataset = dataset.assign_coords(expver=coordinate)
    attrs = {"history": history, "origin": origin}
    return dataset.assign_attrs({key: text for key, text in attrs.items() if text is not None})
