"""Unit conversions used in more than one place. Names say the units."""

from __future__ import annotations

MM_PER_M = 1000.0
KELVIN_AT_ZERO_C = 273.15
J_PER_MJ = 1.0e6
PA_PER_KPA = 1000.0
KM2_PER_M2 = 1.0e-6
