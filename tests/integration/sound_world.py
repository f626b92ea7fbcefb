"""A world in which nothing is wrong, with something in every table that the checks look at.

Three landscapes in Uzbekistan: twelve years of made-up climate, two of indices, a drought that began,
was corrected and told of, and one alert approved and sent.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from shapely import box
from sqlalchemy import Engine, text

from pipeline.core.ids import Release
from pipeline.core.months import Month
from pipeline.landscapes.landscape import Landscape
from pipeline.settings import Settings
from pipeline.steps.approve import approve
from pipeline.steps.deliver import deliver
from pipeline.steps.evaluate import evaluate
from pipeline.steps.golive import golive
from pipeline.steps.installation import Installation
from pipeline.steps.status import pending_alerts
from tests.integration.little_world import landscape, say_spi_3, settle
from tests.unit.alerts.cases import APPROVAL

FIRST = Month(2020, 1)
"""Of the indices, which end in December 2021; the climate begins ten years before."""
_QUIET = [0.3 + 0.01 * n for n in range(24)]
_DRY = [*_QUIET[:18], -1.2, -1.7, -2.1, -1.1, 0.4, 0.5]
_CLIMATE = """
INSERT INTO series.climate_month (
    landscape_key, month, source, landscape_version, precipitation_mm, temperature_mean_c, pet_mm,
    pet_hargreaves_mm, soil_moisture_m3_m3, snow_water_equivalent_mm, snow_melt_mm, snowfall_mm,
    coverage_fraction, release, origin, file_id
)
SELECT
    k, (date '2010-01-01' + n * interval '1 month')::date, 'era5-land', 1,
    40 + 20 * sin(n * 0.9 + k) + 0.1 * n, 12 - 14 * cos(n % 12 * 0.52) + 1.5 * sin(n * 1.7 + k),
    80 - 60 * cos(n % 12 * 0.52) + k, 78 - 60 * cos(n % 12 * 0.52) + k, 0.2, 3, 1, 2, 1, 'final', 'real', 1
FROM generate_series(1, 3) AS k CROSS JOIN generate_series(0, 143) AS n
"""
_SHARES = """
INSERT INTO index.area_share (
    landscape_key, month, source, calibration, landscape_version, spi_3, gaps, release, origin
)
SELECT
    landscape_key, month, source, calibration, landscape_version,
    ARRAY[1, 0.6, 0.5, 0.4, 0.3, 0.2, 0.2, 0]::real[], '{}', release, origin
FROM index.value_month
"""
_FITS = """
INSERT INTO index.calibration (
    landscape_key, landscape_version, source, calibration, index_code, calendar_month, distribution,
    parameters, probability_of_zero, n_years, pet_method
)
SELECT
    k, 1, 'era5-land', '1991-2020', code, calendar_month, 'gamma', '{"alpha": 1.5, "beta": 10.0}', 0.1,
    30, CASE WHEN code LIKE 'spei%' THEN 'penman_monteith' END
FROM generate_series(1, 3) AS k
CROSS JOIN (SELECT index_code AS code FROM index.code) AS c
CROSS JOIN generate_series(1, 12) AS calendar_month
"""
_COMPUTED = """
INSERT INTO index.computed (
    landscape_key, source, calibration, landscape_version, method, first_month, last_month, was_ready,
    is_hargreaves
)
SELECT k, 'era5-land', '1991-2020', 1, 'made up', '2010-01-01', '2021-12-01', TRUE, FALSE
FROM generate_series(1, 3) AS k
"""
_BACKUP = "INSERT INTO ops.outcome (step, state, seconds) VALUES ('backup', 'done', 1)"


def places() -> list[Landscape]:
    """Three landscapes beside each other."""
    return [
        replace(landscape(name), geometry=box(65.0 + n, 38.0, 66.0 + n, 39.0))
        for n, name in enumerate("ABC")
    ]


def make_sound(warehouse: Engine, folder: Path) -> Installation:
    """Fill a fresh warehouse, step by step as in real life."""
    place = Installation(Settings(var=folder), warehouse, clock=lambda: datetime.now(UTC))
    settle(warehouse, places())
    for statement in (_CLIMATE, _FITS, _COMPUTED, _BACKUP):
        with warehouse.begin() as connection:
            connection.execute(text(statement))
    say_spi_3(warehouse, {"A": _QUIET[:20], "B": _QUIET[:20], "C": _QUIET[:20]}, first=FIRST)
    evaluate(place)
    golive(place, FIRST + 20)
    dry = {"A": _DRY, "B": _QUIET, "C": _QUIET}
    say_spi_3(warehouse, dry, first=FIRST, release=Release.PRELIMINARY)
    evaluate(place)
    say_spi_3(warehouse, dry | {"A": [*_DRY[:18], -1.2, -1.3, *_DRY[20:]]}, first=FIRST)
    evaluate(place)
    with warehouse.begin() as connection:
        connection.execute(text(_SHARES))
    first, *_ = pending_alerts(place)
    answer = replace(APPROVAL, answered_at=datetime.now(UTC))
    approve(place, [first], answer, accepts_unchecked=True)
    deliver(place)
    return place
