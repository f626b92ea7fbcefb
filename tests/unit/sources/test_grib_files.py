from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from pipeline.core.errors import InputError
from pipeline.core.ids import Product
from pipeline.core.months import Month
from pipeline.sources import grid_files
from tests.unit.grids.raw import MODA, raw
from tests.unit.sources.grib import message

SAMPLE = "era5_format/climetlab_era5_t2m_msl_europe_turkey_20200513.grib"
PACKED = 1e-4
"""Relative: 24 bits a value."""


def grib(path: Path, *messages: bytes) -> Path:
    path.write_bytes(b"".join(messages))
    return path


def rain(fields: xr.Dataset) -> list[float]:
    """The total of each month in the one cell that all tests share."""
    cell = fields["precipitation_mm"].sel(latitude=41.0, longitude=60.0)
    return [float(value) for value in cell.to_numpy()]


def releases(fields: xr.Dataset) -> list[str]:
    return [str(release) for release in fields["release"].to_numpy()]


@pytest.mark.parametrize("name", ["reply.grib", "reply.nc", "reply"])
def test_two_mm_a_day_in_january_are_62_mm(tmp_path: Path, name: str) -> None:
    fields = grid_files.read(grib(tmp_path / name, message("tp", 0.002, 20240101)))
    assert rain(fields) == pytest.approx([62.0], rel=PACKED)
    assert fields.attrs["product"] == "monthly-mean"
    assert fields.attrs["product_from"] == "GRIB: stream moda"
    assert fields.attrs["origin"] == "real"


def test_two_mm_a_day_in_a_leap_february_are_58_mm(tmp_path: Path) -> None:
    path = grib(tmp_path / "a", message("tp", 0.002, 20240201), message("tp", 0.002, 20230201))
    assert rain(grid_files.read(path)) == pytest.approx([56.0, 58.0], rel=PACKED)


def test_step_types_of_one_file_meet_in_their_month(tmp_path: Path) -> None:
    path = grib(
        tmp_path / "a",
        message("tp", 0.001, 20240301, time=600),
        message("t2m", 283.15, 20240301),
        message("ssrd", 2.0e7, 20240301, time=600),
        message("sp", 95_000.0, 20240301),
    )
    fields = grid_files.read(path)
    assert {name: dict(field.sizes)["month"] for name, field in fields.data_vars.items()} == {
        "precipitation_mm": 1, "temperature_mean_c": 1, "solar_radiation_mj_m2_day": 1,
        "surface_pressure_kpa": 1,
    }  # fmt: skip
    at = {"latitude": 41.0, "longitude": 60.0}
    assert rain(fields) == pytest.approx([31.0], rel=PACKED)
    assert fields["temperature_mean_c"].sel(at).item() == pytest.approx(10.0, abs=1e-3)
    assert fields["solar_radiation_mj_m2_day"].sel(at).item() == pytest.approx(20.0, rel=PACKED)
    assert fields["surface_pressure_kpa"].sel(at).item() == pytest.approx(95.0, rel=PACKED)


def test_each_message_says_its_release_and_final_wins(tmp_path: Path) -> None:
    path = grib(
        tmp_path / "a",
        message("tp", 0.009, 20240101, expver="0005"),
        message("tp", 0.001, 20240101, expver="0001"),
        message("tp", 0.001, 20240201, expver="0005"),
    )
    fields = grid_files.read(path)
    assert rain(fields) == pytest.approx([31.0, 29.0], rel=PACKED)
    assert releases(fields) == ["final", "preliminary"]


def test_a_month_is_as_settled_as_its_least_settled_message(tmp_path: Path) -> None:
    path = grib(
        tmp_path / "a", message("tp", 0.001, expver="0001"), message("t2m", 280.0, expver="0005")
    )
    assert releases(grid_files.read(path)) == ["preliminary"]


def test_a_missing_point_is_missing_and_never_zero(tmp_path: Path) -> None:
    values = [0.001, None, 0.002, 0.003, 0.004, 0.005]
    fields = grid_files.read(grib(tmp_path / "a", message("tp", values)))
    expected = np.array([[31.0, np.nan, 62.0], [93.0, 124.0, 155.0]])
    assert fields["precipitation_mm"].to_numpy()[0] == pytest.approx(
        expected, rel=PACKED, nan_ok=True
    )


def test_a_field_without_any_value_is_a_month_without_rain_known(tmp_path: Path) -> None:
    path = grib(tmp_path / "a", message("tp", [None] * 6), message("t2m", 280.0))
    assert grid_files.read(path)["precipitation_mm"].isnull().all()
    held = grid_files.contents(path)
    assert (held.fields, held.empty_fields) == (2, 1)


def test_latitudes_ascending_and_a_box_across_greenwich(tmp_path: Path) -> None:
    values = [0.001, 0.002, 0.003, 0.004, 0.005, 0.006]
    path = grib(
        tmp_path / "a",
        message("tp", values, latitudes=(40.0, 41.0), longitudes=(359.0, 0.0, 1.0)),
    )
    field = grid_files.read(path)["precipitation_mm"]
    assert field["latitude"].to_numpy().tolist() == [41.0, 40.0]
    assert field["longitude"].to_numpy().tolist() == [-1.0, 0.0, 1.0]
    assert field.to_numpy()[0] == pytest.approx(
        np.array([[124.0, 155.0, 186.0], [31.0, 62.0, 93.0]]), rel=PACKED
    )


@pytest.mark.parametrize(
    ("code", "step_type"),
    [
        pytest.param("t2m", None, id="a mean said by its stream alone"),
        pytest.param("t2m", "avg", id="a mean said by its step type too"),
        pytest.param("tp", "accum", id="rain"),
    ],
)
def test_edition_2(tmp_path: Path, code: str, step_type: str | None) -> None:
    value = {"t2m": 283.15, "tp": 0.002}[code]
    path = grib(tmp_path / "a", message(code, value, edition=2, step_type=step_type))
    (field,) = grid_files.read(path).data_vars.values()
    expected = {"t2m": 10.0, "tp": 62.0}[code]
    assert field.to_numpy() == pytest.approx(expected, rel=PACKED, abs=1e-3)


def test_a_zip_may_hold_grib_beside_netcdf(tmp_path: Path) -> None:
    heat = raw({"t2m": 280.0}, ["2024-01-01"], latitudes=[41.0, 40.9],
               longitudes=[60.0, 60.1, 60.2], history=MODA)  # fmt: skip
    heat.to_netcdf(tmp_path / "heat.nc")
    path = tmp_path / "reply.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("data.nc", message("tp", 0.002))
        archive.write(tmp_path / "heat.nc", "data.grib")
    fields = grid_files.read(path)
    assert rain(fields) == pytest.approx([62.0], rel=PACKED)
    assert not fields["temperature_mean_c"].isnull().any()


def test_soil_and_snow_under_the_names_that_ec_codes_gives_them(tmp_path: Path) -> None:
    values = {"tp": 0.002, "swvl1": 0.1, "swvl2": 0.2, "swvl3": 0.3, "sd": 0.05, "smlt": 0.003,
              "sf": 0.001}  # fmt: skip
    path = grib(tmp_path / "a", *[message(code, value) for code, value in values.items()])
    fields = grid_files.read(path)
    found = {name: float(field.isel(month=0).mean()) for name, field in fields.data_vars.items()}
    assert found == pytest.approx(
        {
            "precipitation_mm": 62.0,
            "soil_moisture_m3_m3": 0.007 + 0.042 + 0.216,
            "snow_water_equivalent_mm": 50.0,
            "snow_melt_mm": 93.0,
            "snowfall_mm": 31.0,
        },
        rel=PACKED,
    )


@pytest.mark.parametrize("edition", [1, 2])
@pytest.mark.parametrize("has_steps", [False, True], ids=["by its times", "by forecast steps"])
def test_the_hours_of_the_day_give_the_range_of_temperature(
    tmp_path: Path, edition: int, has_steps: bool
) -> None:
    """ERA5-Land counts hours from midnight in steps: the last of a day is 00:00 of the next."""
    hours = [
        message(
            "t2m", 280.0 + hour, 20240201, stream="mnth", edition=edition,
            time=0 if has_steps else hour * 100, step=(hour or 24) if has_steps else 0,
        )
        for hour in range(24)
    ]  # fmt: skip
    fields = grid_files.read(grib(tmp_path / "a", *reversed(hours)))
    found = {name: float(field.mean()) for name, field in fields.data_vars.items()}
    assert found == pytest.approx(
        {"temperature_mean_c": 18.35, "temperature_max_c": 29.85, "temperature_min_c": 6.85},
        abs=1e-3,
    )
    assert fields["month"].to_numpy().astype("datetime64[M]").astype(str).tolist() == ["2024-02"]
    assert releases(fields) == ["final"]
    assert grid_files.contents(tmp_path / "a").fields == 3


def test_many_months_are_read_some_at_a_time(tmp_path: Path) -> None:
    dates = [year * 10_000 + month * 100 + 1 for year in (2021, 2022) for month in range(1, 13)]
    path = grib(tmp_path / "a", *[message("tp", 0.001, date) for date in dates])
    with grid_files.opened(path) as file:
        assert (file.months[0], file.months[-1]) == (Month(2021, 1), Month(2022, 12))
        fields = file.fields([Month(2021, 2), Month(2022, 12)])
    assert rain(fields) == pytest.approx([28.0, 31.0], rel=PACKED)
    assert len(grid_files.contents(path).releases) == 24
    days = [31.0, 28.0, 31.0, 30.0, 31.0, 30.0, 31.0, 31.0, 30.0, 31.0, 30.0, 31.0]
    assert rain(grid_files.read(path)) == pytest.approx(days + days, rel=PACKED)


def test_the_operator_s_word_must_agree_with_the_stream(tmp_path: Path) -> None:
    path = grib(tmp_path / "a", message("tp", 0.002))
    with pytest.raises(InputError, match="expected --product monthly-mean, because of its GRIB"):
        grid_files.read(path, product=Product.MONTHLY_TOTAL)


def test_nothing_is_written_beside_the_file(tmp_path: Path) -> None:
    path = grib(tmp_path / "a.grib", message("tp", 0.002))
    grid_files.read(path)
    assert list(tmp_path.iterdir()) == [path]


def test_variables_we_do_not_know_are_left_alone(tmp_path: Path) -> None:
    path = grib(tmp_path / "a", message("tp", 0.002), message("pev", -0.004))
    assert list(grid_files.read(path).data_vars) == ["precipitation_mm"]


@pytest.mark.parametrize(
    ("messages", "refusal"),
    [
        pytest.param(
            [message("tp", 0.001, stream="oper")],
            "not monthly data, expected stream 'moda' in each message, got 'oper' for tp of 20240101",
            id="hourly data",
        ),
        pytest.param(
            [message("tp", 0.001), message("t2m", 280.0, stream="mnth")], "got 'mnth' for t2m",
            id="means of an hour of the day among monthly means",
        ),
        pytest.param(
            [message("t2m", 280.0, stream="mnth", time=600)],
            "2024-01 misses the hours 00:00, 01:00, .* expected all 24",
            id="monthly means of one hour of the day",
        ),
        pytest.param(
            [message("tp", 0.001, stream="mnth", time=hour * 100) for hour in range(24)],
            "means of the hours of the day, expected 't2m'", id="rain by the hour of the day",
        ),
        pytest.param(
            [message("tp", 0.001), message("tp", 0.002)], "tp of 2024-01 comes twice with expver 0001",
            id="one field twice",
        ),
        pytest.param(
            [message("tp", 0.001), message("t2m", 280.0, longitudes=(61.0, 61.1, 61.2))],
            "expected one grid of latitudes and longitudes", id="two grids",
        ),
        pytest.param(
            [message("pev", 0.001)], "expected at least one of tp, t2m, .* got ", id="nothing known"
        ),
    ],
)  # fmt: skip
def test_what_is_no_monthly_mean_is_refused(
    tmp_path: Path, messages: list[bytes], refusal: str
) -> None:
    path = grib(tmp_path / "a.grib", *messages)
    with pytest.raises(InputError, match=refusal) as error:
        grid_files.read(path)
    assert str(error.value).startswith(f"{path}: ")


WHOLE = message("tp", 0.001, 20240101) + message("tp", 0.002, 20240201)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(WHOLE[:-1], id="without its last byte"),
        pytest.param(WHOLE[: len(WHOLE) * 3 // 4], id="cut inside the second message"),
        pytest.param(WHOLE[:20], id="cut inside the first header"),
        pytest.param(WHOLE + b"\x00" * 100, id="with a tail of zeros"),
        pytest.param(b"GRIB\x00\x00", id="six bytes"),
        pytest.param(
            b"GRIB" + np.random.default_rng(3).bytes(4000), id="noise after the magic word"
        ),
    ],
)
def test_a_damaged_file_is_one_clear_line(
    tmp_path: Path, content: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "broken.grib"
    path.write_bytes(content)
    with pytest.raises(InputError) as error:
        grid_files.read(path)
    said = str(error.value)
    assert said.startswith(f"{path}: expected a whole GRIB file, got {len(content):,} bytes; damag")
    assert said.endswith("; download it again")
    assert "\n" not in said
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("edition", "position", "value"),
    [
        pytest.param(1, 94, 0, id="edition 1 with a bitmap of no length"),
        pytest.param(2, 189, 255, id="edition 2 that states too many values"),
        pytest.param(2, 208, 0, id="edition 2 with a bitmap of no length"),
    ],
)
def test_a_message_that_makes_ec_codes_abort_is_only_a_refused_file(
    tmp_path: Path, edition: int, position: int, value: int
) -> None:
    damaged = bytearray(message("tp", 0.001, edition=edition))
    damaged[position] = value
    path = tmp_path / "damaged.grib"
    path.write_bytes(damaged)
    with pytest.raises(InputError, match="damaged or cut short: ecCodes broke down over it; down"):
        grid_files.read(path)


def test_a_message_damaged_after_the_file_was_opened_is_the_same_clear_line(
    tmp_path: Path,
) -> None:
    path = grib(tmp_path / "a.grib", message("tp", 0.001, edition=2))
    with grid_files.opened(path) as file:
        damaged = bytearray(path.read_bytes())
        damaged[189] = 255
        path.write_bytes(damaged)
        with pytest.raises(InputError, match="cut short: ecCodes broke down over it; download"):
            file.fields(file.months)


def test_the_real_sample_is_one_noon_and_no_month(shared_data: Path) -> None:
    with pytest.raises(InputError, match=r"not monthly data, .*got 'oper' for t2m of 20200513"):
        grid_files.read(shared_data / SAMPLE)
