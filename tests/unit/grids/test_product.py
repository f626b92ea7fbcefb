from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pipeline.core.errors import InputError
from pipeline.core.ids import Product
from pipeline.grids.product import issue_of, refuse_other_streams, settled_product
from tests.unit.grids.raw import MODA, raw

MEAN, TOTAL = Product.MONTHLY_MEAN, Product.MONTHLY_TOTAL


def test_the_stream_of_monthly_means_settles_it() -> None:
    product, reason = settled_product(raw({"tp": 0.001}, history=MODA), ("tp",), None, "a.nc")
    assert (product, reason) == (MEAN, "history: stream moda")


def test_the_step_type_of_daily_accumulations_settles_it() -> None:
    dataset = raw({"tp": 0.001})
    dataset["tp"].attrs["GRIB_stepType"] = "avgad"
    product, reason = settled_product(dataset, ("tp",), None, "a.nc")
    assert (product, reason) == (MEAN, "GRIB_stepType avgad")


@pytest.mark.parametrize("given", [MEAN, TOTAL])
def test_where_the_file_is_silent_the_operator_says_it(given: Product) -> None:
    product, reason = settled_product(raw({"tp": 0.001}), ("tp",), given, "a.nc")
    assert (product, reason) == (given, f"--product {given}")


@pytest.mark.parametrize(
    ("history", "step_type"),
    [
        pytest.param("grib_to_netcdf-2.16.0", None, id="a history that names no stream"),
        pytest.param(f"cdo muldpm in.nc out.nc\n{MODA}", None, id="another tool touched it since"),
        pytest.param(f"cdo -mulc,2 a b\n{MODA}", "avgad", id="touched, whatever the step type"),
        pytest.param(None, "accum", id="an accumulation over an unknown time"),
    ],
)
def test_what_is_not_sure_is_asked(history: str | None, step_type: str | None) -> None:
    dataset = raw({"tp": 0.001}, history=history)
    if step_type:
        dataset["tp"].attrs["GRIB_stepType"] = step_type
    with pytest.raises(InputError, match=r"^a\.nc: tp may be a mean per day .* --product"):
        settled_product(dataset, ("tp",), None, "a.nc")


def test_one_accumulated_variable_does_not_speak_for_another() -> None:
    dataset = raw({"tp": 0.001, "ssrd": 1.0e6})
    dataset["tp"].attrs["GRIB_stepType"] = "avgad"
    with pytest.raises(InputError, match="say --product"):
        settled_product(dataset, ("tp", "ssrd"), None, "a.nc")


def test_operator_and_file_must_agree() -> None:
    with pytest.raises(InputError, match=r"expected --product monthly-mean, because of its hist"):
        settled_product(raw({"tp": 0.001}, history=MODA), ("tp",), TOTAL, "a.nc")


@pytest.mark.parametrize("stream", ["oper", "enda", "wamo"])
def test_streams_that_are_no_monthly_means_are_refused(stream: str) -> None:
    with pytest.raises(InputError, match=f"not monthly data, expected stream 'moda'.*'{stream}'"):
        refuse_other_streams(raw({"t2m": 280.0}, history=MODA.replace("moda", stream)), "a.nc")


def test_hourly_data_that_somebody_made_monthly_pass() -> None:
    history = "cdo monsum in.nc out.nc\n" + MODA.replace("moda", "oper")
    refuse_other_streams(raw({"tp": 0.03}, history=history), "a.nc")


def test_the_stream_of_the_messages_settles_it() -> None:
    dataset = raw({"tp": 0.001})
    dataset["tp"].attrs["GRIB_stream"] = "moda"
    product, reason = settled_product(dataset, ("tp",), None, "a.grib")
    assert (product, reason) == (MEAN, "GRIB: stream moda")


@pytest.mark.parametrize(
    ("history", "issued_at"),
    [
        pytest.param(MODA, datetime(2026, 7, 1, 14, 44, tzinfo=UTC), id="the store's converter"),
        pytest.param(
            "2020-01-24 09:37:07 GMT by grib_to_netcdf-2.16.0: /opt/ecmwf/eccodes/bin/grib_to_net",
            datetime(2020, 1, 24, 9, 37, tzinfo=UTC), id="its older converter",
        ),
        pytest.param(f"cdo muldpm in.nc out.nc\n{MODA}", None, id="another tool wrote it since"),
        pytest.param("monthly sums of daily values", None, id="no time in it"),
        pytest.param("2026-13-41 25:99 by nobody", None, id="no real time in it"),
        pytest.param(None, None, id="no history"),
    ],
)  # fmt: skip
def test_when_the_store_made_it(history: str | None, issued_at: datetime | None) -> None:
    assert issue_of(raw({"tp": 0.001}, history=history)) == issued_at
