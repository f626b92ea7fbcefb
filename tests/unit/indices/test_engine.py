"""The engine agrees with other implementations, keeps quiet, and leaves the process alone."""

from __future__ import annotations

import logging
import math
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import structlog
import xarray as xr
from scipy.stats import fisk, norm

from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.ids import IndexCode
from pipeline.core.panels import Floats, Panel
from pipeline.indices import engine
from pipeline.indices.calibration import Limits, calibrate
from pipeline.indices.pet import reference_evapotranspiration_mm
from pipeline.indices.values import index_values
from tests.unit.indices.records import cells, cfsr_fields, panel, pet_mm, rain_mm

with warnings.catch_warnings():  # it regrets at import that matplotlib is absent
    warnings.simplefilter("ignore")
    from xclim.indices import standardized_precipitation_index

PERIOD = CalibrationPeriod(1981, 2010)


def values_of(index: str, rain: Panel, demand: Panel, limits: Limits | None = None) -> Floats:
    calibration = calibrate(IndexCode.parse(index), rain, demand, PERIOD, limits)
    return index_values(calibration, rain, demand).values


def xclim_spi(rain: Panel, scale: int) -> Floats:
    """SPI of another project, by the same published method."""
    time = pd.date_range(f"{rain.first_month}-01", periods=rain.values.shape[0], freq="MS")
    # xclim averages daily rates over the window; a mean of totals is a total, but for a factor
    # that does not matter to a gamma distribution.
    rates = xr.DataArray(
        rain.values, dims=("time", "cell"), coords={"time": time}, attrs={"units": "mm/day"}
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        index = standardized_precipitation_index(
            rates,
            freq=None,
            window=scale,
            dist="gamma",
            method="APP",
            fitkwargs={"floc": 0},
            cal_start="1981-01-01",
            cal_end="2010-12-31",
        )
    scores: Floats = index.transpose("time", "cell").values
    return np.clip(scores, -3.09, 3.09)


@pytest.mark.parametrize("scale", [1, 3, 12])
def test_spi_agrees_with_xclim_on_made_up_rain(scale: int) -> None:
    rain = panel(rain_mm(landscapes=4), "1981-01")
    ours, theirs = values_of(f"spi_{scale}", rain, rain), xclim_spi(rain, scale)
    # Both evaluate Thom's formula and the gamma integral: only rounding may differ.
    assert ours[scale - 1 :] == pytest.approx(theirs[scale - 1 :], abs=1e-6)


@pytest.mark.parametrize("scale", [1, 3, 12])
def test_spi_agrees_with_xclim_on_the_real_grid(scale: int, shared_data: Path) -> None:
    whole = cells(cfsr_fields(shared_data)["precipitation_mm"])
    rain = Panel(whole.first_month, whole.values[:, ::12], whole.gaps[:, ::12])
    # xclim knows no limit below which a month is rainless: none here either.
    ours = values_of(f"spi_{scale}", rain, rain, Limits(rainless_below_mm=0.0))
    theirs = xclim_spi(rain, scale)
    totals = pd.DataFrame(rain.values).rolling(scale).sum().to_numpy()
    told = np.isfinite(ours) & (totals > 1e-9)  # zeros stand elsewhere, and are worked by hand
    assert told.mean() > 0.75
    assert ours[told] == pytest.approx(theirs[told], abs=1e-6)


def hosking_spei(balance: Floats, scale: int) -> Floats:
    """SPEI of one series from Hosking (1990), written from the formulae, one month at a time."""
    totals = [
        math.nan if k < scale - 1 else float(sum(balance[k - scale + 1 : k + 1]))
        for k in range(len(balance))
    ]
    scores = np.full(len(totals), np.nan)
    for month in range(12):
        sample = sorted(t for t in totals[month:360:12] if not math.isnan(t))
        n = len(sample)
        b0 = sum(sample) / n
        b1 = sum(x * i / (n - 1) for i, x in enumerate(sample)) / n
        b2 = sum(x * i * (i - 1) / ((n - 1) * (n - 2)) for i, x in enumerate(sample)) / n
        l2, l3 = 2 * b1 - b0, 6 * b2 - 6 * b1 + b0
        shape = -l3 / l2
        scale_mm = l2 * math.sin(shape * math.pi) / (shape * math.pi)
        location = b0 - scale_mm * (1 / shape - math.pi / math.sin(shape * math.pi))
        for k in range(month, len(totals), 12):
            if not math.isnan(totals[k]):
                inside = 1 - shape * (totals[k] - location) / scale_mm
                below = 1 / (1 + inside ** (1 / shape)) if inside > 0 else float(shape > 0)
                scores[k] = norm.ppf(below)
    return np.clip(scores, -3.09, 3.09)


@pytest.mark.parametrize("scale", [1, 6, 12])
def test_spei_agrees_with_hoskings_formulae_on_made_up_weather(scale: int) -> None:
    rain, demand = panel(rain_mm()), panel(pet_mm())
    ours = values_of(f"spei_{scale}", rain, demand)[:, 0]
    theirs = hosking_spei((rain.values - demand.values)[:, 0], scale)
    assert ours[scale - 1 :] == pytest.approx(theirs[scale - 1 :], abs=1e-6)


def test_spei_agrees_with_hoskings_formulae_on_the_real_grid(shared_data: Path) -> None:
    fields = cfsr_fields(shared_data).sel(month=slice("1981", None))
    rain = cells(fields["precipitation_mm"])
    demand = cells(reference_evapotranspiration_mm(fields))
    rain, demand = panel(rain.values[:, 20]), panel(demand.values[:, 20])
    ours = values_of("spei_6", rain, demand)[:, 0]
    theirs = hosking_spei((rain.values - demand.values)[:, 0], 6)
    told = np.isfinite(ours)
    assert told.sum() > 350
    assert np.array_equal(told, np.isfinite(theirs))
    assert ours[told] == pytest.approx(theirs[told], abs=1e-6)


def test_log_logistic_scores_are_those_of_scipys_fisk() -> None:
    # Hosking's form with a negative shape is scipy's log-logistic (fisk) with c = -1/shape.
    shape, scale, loc = -0.2, 30.0, -60.0
    totals = np.linspace(-200.0, 300.0, 24).reshape(2, 12, 1)
    column = np.ones((12, 1))
    ours = engine.loglogistic_scores(totals, loc * column, scale * column, shape * column)
    theirs = norm.ppf(fisk.cdf(totals, c=-1 / shape, loc=loc + scale / shape, scale=-scale / shape))
    assert ours == pytest.approx(np.clip(theirs, -3.09, 3.09), abs=1e-9)


def test_the_compiled_and_the_plain_engine_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    rain, demand = panel(rain_mm(landscapes=3)), panel(pet_mm(landscapes=3))
    compiled = {index: values_of(index, rain, demand) for index in ("spi_3", "spei_3")}
    monkeypatch.setattr(engine.compute, "_native", None)
    for index, values in compiled.items():
        plain = values_of(index, rain, demand)
        assert values == pytest.approx(plain, abs=1e-9, nan_ok=True)


def test_another_calibration_period_than_asked_is_an_error() -> None:
    with pytest.raises(engine.CalibrationPeriodClampedWarning), engine._engine_rules():
        engine.compute.gamma_parameters(
            np.ones((30, 12, 1)) * np.arange(1.0, 31.0)[:, None, None],
            1981, 1971, 2000, engine._MONTHLY,
        )  # fmt: skip


def test_the_engine_says_nothing(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    rain = panel(rain_mm())
    with caplog.at_level(logging.INFO):
        values_of("spi_3", rain, rain)
        values_of("spei_3", rain, rain)
    assert (caplog.records, *capfd.readouterr()) == ([], "", "")


def test_importing_the_engine_leaves_logging_as_it_was() -> None:
    code = (
        "import logging, structlog\n"
        "before = (logging.root.level, logging.root.handlers[:], structlog.is_configured())\n"
        "import pipeline.indices.engine\n"
        "after = (logging.root.level, logging.root.handlers, structlog.is_configured())\n"
        "assert before == after, (before, after)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, timeout=120)


def test_a_configured_structlog_keeps_its_configuration() -> None:
    was_configured, was = structlog.is_configured(), structlog.get_config()
    try:
        structlog.configure(processors=[structlog.processors.KeyValueRenderer()])
        mine = structlog.get_config()
        with engine._logging_left_alone():
            structlog.configure(processors=[structlog.processors.JSONRenderer()])
        assert structlog.get_config() == mine
    finally:
        structlog.reset_defaults()
        if was_configured:
            structlog.configure(**was)
