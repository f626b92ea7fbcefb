"""The engine agrees with other implementations, keeps quiet, and leaves the process alone."""

from __future__ import annotations

import logging
import math
import subprocess
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import structlog
from scipy.stats import fisk, norm

from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.ids import IndexCode
from pipeline.core.panels import Floats, Panel
from pipeline.indices import engine
from pipeline.indices.calibration import calibrate
from pipeline.indices.drivers import Drivers
from pipeline.indices.pet import reference_evapotranspiration_mm
from pipeline.indices.values import index_values
from tests.unit.indices.records import cells, cfsr_fields, panel, pet_mm, rain_mm

PERIOD = CalibrationPeriod(1981, 2010)


def values_of(index: str, rain: Panel, demand: Panel) -> Floats:
    drivers = Drivers(rain, demand)
    return index_values(calibrate(IndexCode.parse(index), drivers, PERIOD), drivers).values


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
    with pytest.raises(engine.CalibrationPeriodClampedWarning), engine.rules():
        engine.compute.gamma_parameters(
            np.ones((30, 12, 1)) * np.arange(1.0, 31.0)[:, None, None],
            1981, 1971, 2000, engine._MONTHLY,
        )  # fmt: skip


def samples(columns: int) -> tuple[Floats, Floats]:
    """Totals of 40 years in so many columns, and shares of rainless years of each."""
    rng = np.random.default_rng(3)
    totals = rng.gamma(2.0, 30.0, (40, columns))
    dry = rng.random((40, columns)) < rng.uniform(0.0, 0.3, columns)
    dry[:, ::3] = False
    totals[dry] = 0.0
    return totals, (totals[:30] == 0.0).mean(axis=0)


@pytest.mark.parametrize("columns", [1, 11, 12, 13, 5_999, 6_001, 12_007])
def test_a_column_has_the_same_fit_and_scores_wherever_it_stands(columns: int) -> None:
    """The engine takes columns apart, so that twelve of them need not be calendar months."""
    totals, share = samples(columns)
    fitted = np.ones(columns, bool)
    gamma = engine.gamma_parameters(totals[:30], fitted)
    loglogistic = engine.loglogistic_parameters(totals[:30], fitted)
    scores = engine.gamma_scores(totals, *gamma, share)
    balance = engine.loglogistic_scores(totals, *loglogistic)
    for column in {0, columns // 2, columns - 1}:
        alone = slice(column, column + 1)
        of_column = engine.gamma_parameters(totals[:30, alone], fitted[alone])
        assert of_column[0][0] == gamma[0][column]
        assert of_column[1][0] == gamma[1][column]
        again = engine.gamma_scores(totals[:, alone], *of_column, share[alone])
        assert np.array_equal(again[:, 0], scores[:, column])
        parameters = engine.loglogistic_parameters(totals[:30, alone], fitted[alone])
        row = engine.loglogistic_scores(totals[-1:, alone], *parameters)
        assert row[0, 0] == balance[-1, column]


def test_scores_are_those_of_the_engines_own_index() -> None:
    """The index as the engine makes it whole, from rain to SPI, to the last bit."""
    from climate_indices import indices

    rain = rain_mm(years=40, landscapes=3)
    rain[6::12] *= np.random.default_rng(1).random((40, 3)) > 0.2
    with engine.rules():
        theirs = indices.spi(
            rain[:, :, None], 1, indices.Distribution.gamma, 1981, 1981, 2010, engine._MONTHLY,
            spatial_time_major=True, zero_handling="center_of_mass",
        )[:, :, 0]  # fmt: skip
    ours = values_of("spi_1", panel(rain), panel(rain))
    assert np.array_equal(ours, theirs)


def test_a_column_without_a_fit_has_no_score_and_costs_its_neighbour_nothing() -> None:
    totals, share = samples(24)
    fitted = np.ones(24, bool)
    gamma = engine.gamma_parameters(totals[:30], fitted)
    whole = engine.gamma_scores(totals, *gamma, share)
    fitted[5] = False
    totals[:, 5], share[5] = 0.0, 1.0
    with_blind = engine.gamma_parameters(totals[:30], fitted)
    scores = engine.gamma_scores(totals, *with_blind, share)
    assert np.isnan(with_blind[0][5])
    assert np.isnan(scores[:, 5]).all()
    others = np.arange(24) != 5
    assert np.array_equal(scores[:, others], whole[:, others])


def test_scores_of_missing_totals_are_missing() -> None:
    totals, share = samples(12)
    gamma = engine.gamma_parameters(totals[:30], np.ones(12, bool))
    loglogistic = engine.loglogistic_parameters(totals[:30], np.ones(12, bool))
    nothing = np.full((3, 12), np.nan)
    assert np.isnan(engine.gamma_scores(nothing.copy(), *gamma, share)).all()
    assert np.isnan(engine.loglogistic_scores(nothing.copy(), *loglogistic)).all()


@pytest.mark.filterwarnings("error")
def test_the_compiled_engine_runs_whatever_the_callers_filters_and_faults_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls: list[str] = []
    for name in ("gamma_parameters", "gamma_probabilities", "norm_ppf", "loglogistic_cdf"):
        compiled = getattr(engine.compute._native, name)

        def counted(*arrays: Floats, _name: str = name, _compiled: object = compiled) -> object:
            calls.append(_name)
            return _compiled(*arrays)  # type: ignore[operator]

        monkeypatch.setattr(engine.compute._native, name, counted)
    rain = rain_mm(landscapes=2)
    rain[:, 1] = 0.0  # a column that would turn it off
    with np.errstate(all="raise"):
        values_of("spi_3", panel(rain), panel(pet_mm(landscapes=2)))
        values_of("spei_3", panel(rain), panel(pet_mm(landscapes=2)))
    assert set(calls) == {
        "gamma_parameters", "gamma_probabilities", "norm_ppf", "loglogistic_cdf",
    }  # fmt: skip


def test_the_rules_end_with_the_last_thread_in_the_engine() -> None:
    before = warnings.filters[:]
    inside, leave = threading.Barrier(3), threading.Event()

    def stay() -> dict[str, str]:
        with engine.rules():
            inside.wait(10)
            leave.wait(10)
            return np.geterr()

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.submit(stay), pool.submit(stay)
        inside.wait(10)
        assert warnings.filters != before, "they are inside at the same time: none waits"
        with engine.rules():
            pass
        assert warnings.filters != before, "the last one out restores, not the first"
        leave.set()
        for thread in (first, second):
            assert set(thread.result(10).values()) == {"ignore"}
    assert warnings.filters == before


def test_the_rules_end_with_an_error_too() -> None:
    before = warnings.filters[:]
    with pytest.raises(ZeroDivisionError), engine.rules(), engine.rules():
        raise ZeroDivisionError
    assert warnings.filters == before


def test_the_engine_says_nothing(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    rain = panel(rain_mm())
    with caplog.at_level(logging.INFO):
        values_of("spi_3", rain, rain)
        values_of("spei_3", rain, panel(pet_mm()))
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
