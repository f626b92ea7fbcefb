"""Which variables each PET is made of, by name: to ask for them needs none of the science."""

from __future__ import annotations

REQUIRED = (
    "temperature_mean_c",
    "dewpoint_c",
    "wind_speed_m_s",
    "solar_radiation_mj_m2_day",
)
"""What Penman-Monteith cannot do without."""
EXTREMES = ("temperature_max_c", "temperature_min_c")
HARGREAVES = ("temperature_mean_c", *EXTREMES)
"""What Hargreaves is made of."""
