"""The little country of docs/questions.md: five landscapes whose every number is said outright.

It came to be in four acts, each at a time told in `ACTS`: what was known when is part of the
answers. Postgres gives each transaction the time of its own clock, so the times are moved to the
told ones at the end.

The sets of months that hold values: rain since 1991-01, indices from 2019-10 to 2022-06.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import yaml
from shapely import box
from sqlalchemy import Connection, Engine, text

from pipeline.alerts.facts import Approval
from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.gaps import Gap
from pipeline.core.ids import (
    AREA_CLASSES,
    CELL_INDEX_CODES,
    INDEX_CODES,
    Country,
    IndexCode,
    IndexFamily,
    LandUse,
    Origin,
    Release,
)
from pipeline.core.months import Month, months_between
from pipeline.core.panels import Panel, gap_code
from pipeline.indices.calibration import nothing_fitted
from pipeline.landscapes.choosing import Choice
from pipeline.landscapes.landscape import Landscape
from pipeline.settings import Settings
from pipeline.steps.approve import approve, reject
from pipeline.steps.deliver import deliver
from pipeline.steps.evaluate import evaluate
from pipeline.steps.golive import golive
from pipeline.steps.installation import Installation
from pipeline.steps.plans import load_plan
from pipeline.warehouse.area_shares import MonthShares, save_area_shares
from pipeline.warehouse.calibrations import Series, save_calibrations
from pipeline.warehouse.climate import ClimateMonths, save_climate_months
from pipeline.warehouse.engine import claim_origin
from pipeline.warehouse.files import save_grid_months
from pipeline.warehouse.indices import save_index_values
from pipeline.warehouse.landscapes import read_landscapes, save_landscapes
from tests.integration.desk import appoint
from tests.integration.little_world import PERIOD, SOURCE, USUAL, grid_file

DOCUMENTS = Path(__file__).parents[2] / "pipeline" / "plans" / "documents"
OTHER_PERIOD = CalibrationPeriod(1981, 2010)
RAIN_FROM, FIRST, LAST = Month(1991, 1), Month(2019, 10), Month(2022, 6)
MAY = LAST - 1

Spoken = dict[tuple[str, str], dict[str, float]]
"""Values by landscape and index, then by month; a list of them begins with the month."""


def _landscape(
    landscape_id: str,
    country: Country,
    name: str,
    land_use: LandUse,
    bounds: tuple[float, float, float, float],
    headwater: str | None = None,
) -> Landscape:
    return Landscape(
        landscape_id=landscape_id,
        country=country,
        name_en=name,
        names={"en": name},
        land_use=land_use,
        is_salt_affected=False,
        is_derived=False,
        headwater_landscape_id=headwater,
        geometry=box(*bounds),
    )


UZ, TJ = Country.UZBEKISTAN, Country.TAJIKISTAN
LANDSCAPES = (
    _landscape(
        "samarkand",
        UZ,
        "Samarkand fields",
        LandUse.IRRIGATED,
        (66.5, 39.5, 67.5, 40.0),
        "zarafshan",
    ),
    _landscape("jizzakh", UZ, "Jizzakh steppe", LandUse.RAINFED, (67.5, 40.0, 68.5, 40.5)),
    _landscape("kyzylkum", UZ, "Kyzylkum pasture", LandUse.PASTORAL, (63.0, 41.0, 65.0, 42.0)),
    _landscape("zarafshan", TJ, "Upper Zarafshan", LandUse.PASTORAL, (68.5, 39.2, 70.0, 39.6)),
    _landscape("vakhsh", TJ, "Vakhsh fields", LandUse.IRRIGATED, (68.5, 37.5, 69.0, 38.0)),
)
NAMES = tuple(one.landscape_id for one in LANDSCAPES)
OF_UZBEKISTAN = tuple(one.landscape_id for one in LANDSCAPES if one.country is UZ)

RAIN_MM = {
    "samarkand": (40.0, 5.0),
    "jizzakh": (40.0, 5.0),
    "kyzylkum": (10.0, 0.0),
    "zarafshan": (60.0, 10.0),
    "vakhsh": (30.0, 2.0),
}
"""Rain of every month from October to May, and of every month from June to September."""
SHARE_OF_RAIN = {"samarkand": 0.5, "jizzakh": 0.8, "zarafshan": 0.4, "vakhsh": 0.8}
"""Of the usual rain, what fell in each month since October 2021; elsewhere all of it."""
PRELIMINARY_RAIN_MM = {"samarkand": 3.0}
"""What the first word on June 2022 was, where it was another than the last."""
COVERAGE = {"vakhsh": 0.55}


def _from(month: str, *values: float) -> dict[str, float]:
    first = Month.parse(month)
    return {str(first + n): value for n, value in enumerate(values)}


SPOKEN: Spoken = {
    ("samarkand", "spi_12"): {
        **_from("2021-03", -1.2, -1.3, -1.6, -1.7, -1.5, -1.2, -0.8, -0.4, 0.1),
        **_from("2021-12", 0.2, 0.2, 0.2, 0.2, -1.1, -1.4, -1.8),
    },
    ("zarafshan", "spi_12"): _from("2021-12", -1.1, -1.3, -1.5, -1.7, -1.9, -2.0, -2.1),
    ("vakhsh", "spi_12"): _from("2022-05", -1.0, -1.6),
    ("jizzakh", "spi_3"): {
        **_from("2019-12", -1.1, -0.6, 0.3),
        **_from("2020-06", -1.6, -1.2, -0.9, -0.2, 0.5),
        **_from("2020-12", -1.0, 0.0),
        **_from("2021-04", -1.4, -2.1, -1.9, -1.0, -0.4, 0.1),
        **_from("2021-12", -1.2, -0.3, 0.6),
        **_from("2022-06", -1.3),
    },
    ("samarkand", "spi_3"): _from("2022-06", -0.2),
    ("zarafshan", "spi_3"): _from("2022-06", -1.7),
    ("samarkand", "spei_3"): _from("2022-06", -1.3),
    ("jizzakh", "spei_3"): _from("2022-06", -1.5),
    ("zarafshan", "spei_3"): _from("2022-06", -1.6),
    ("kyzylkum", "spei_3"): _from("2022-06", -0.5),
    ("jizzakh", "spei_6"): _from("2022-05", -0.9, -1.7),
    ("samarkand", "spei_6"): _from("2022-06", -0.9),
    ("samarkand", "spi_hy"): _from("2022-06", -1.9),
    ("jizzakh", "spi_hy"): _from("2022-06", -0.8),
    ("kyzylkum", "spi_hy"): _from("2022-06", 0.0),
    ("zarafshan", "spi_hy"): _from("2022-06", -2.2),
    ("vakhsh", "spi_hy"): _from("2022-06", -0.6),
}
PRELIMINARY: Spoken = {
    ("vakhsh", "spi_12"): _from("2022-06", -1.2),
    ("samarkand", "spi_12"): _from("2022-06", -1.3),
    ("jizzakh", "spi_3"): _from("2022-06", -1.1),
    ("jizzakh", "spei_6"): _from("2022-06", -1.6),
}
"""What was said of June 2022 at first, where it was another value."""
OTHER_SPOKEN: Spoken = {
    ("samarkand", "spi_12"): _from("2022-04", -1.4, -1.7, -2.2),
}
"""Against 1981-2010, of which three months were computed."""
BLIND = {("kyzylkum", code): (6, 7, 8, 9) for code in ("spi_1", "spi_2", "spi_3", "pn_1", "pn_3")}
"""Calendar months in which it does not rain enough for an index to speak."""

SHARES = {
    "samarkand": (0.6, 0.3, 0.25, 0.1, 0.0, 0.0, 0.0),
    "jizzakh": (1.0, 0.9, 0.85, 0.6, 0.2, 0.1, 0.0),
    "zarafshan": (1.0, 1.0, 1.0, 1.0, 0.8, 0.7, 0.1),
    "vakhsh": (0.1, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
}
"""Of SPI-3 in June 2022: the share of the area at or below each of AREA_CLASSES."""


@dataclass
class AskedWorld:
    """The installation, and when its acts were on our clock."""

    installation: Installation
    folder: Path
    acts: list[tuple[datetime, datetime]] = field(default_factory=list)
    """When an act began on our clock, and when it is told to have begun."""

    @property
    def warehouse(self) -> Engine:
        return self.installation.warehouse

    def play(self, told: datetime, act: Callable[[AskedWorld], None]) -> None:
        """Play an act that is told to have begun at `told`."""
        with self.warehouse.connect() as connection:
            began = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
        self.acts.append((began, told))
        act(self)

    def open_alerts(self) -> list[tuple[int, str, str]]:
        """Return id, landscape and drought type of what waits for an answer."""
        with self.warehouse.connect() as connection:
            rows = connection.execute(
                text(
                    "SELECT alert_id, landscape_id, drought_type FROM mart.alert "
                    "WHERE approval = 'pending'"
                )
            )
            return [(row.alert_id, row.landscape_id, row.drought_type) for row in rows]


def at(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, 6, 0, tzinfo=UTC)


def settled(world: AskedWorld) -> None:
    """June 2022: landscapes, the record to May, and what there was to tell already."""
    with world.warehouse.begin() as connection:
        claim_origin(connection, Origin.REAL, "the test")
        save_landscapes(connection, LANDSCAPES)
        save_grid_months(connection, grid_file(connection), SOURCE, {RAIN_FROM: Release.FINAL})
        _save_climate(connection, RAIN_FROM, MAY)
        _save_indices(connection, PERIOD, SPOKEN, FIRST, MAY)
        _save_calibrations(connection)
    evaluate(world.installation)
    golive(world.installation, LAST)


def june_came(world: AskedWorld) -> None:
    """July 2022: preliminary values of June."""
    first_word = {key: {**values, **PRELIMINARY.get(key, {})} for key, values in SPOKEN.items()}
    with world.warehouse.begin() as connection:
        _save_climate(connection, LAST, LAST, preliminary=NAMES, rain=PRELIMINARY_RAIN_MM)
        _save_indices(connection, PERIOD, first_word, LAST, LAST, preliminary=NAMES)
        _save_shares(connection)
    evaluate(world.installation)


def june_settled(world: AskedWorld) -> None:
    """September 2022: final values of June, of Uzbekistan only; and another calibration."""
    others = tuple(name for name in NAMES if name not in OF_UZBEKISTAN)
    with world.warehouse.begin() as connection:
        _save_climate(connection, LAST, LAST, preliminary=others)
        _save_indices(connection, PERIOD, SPOKEN, LAST, LAST, preliminary=others)
        _save_indices(connection, OTHER_PERIOD, OTHER_SPOKEN, LAST - 2, LAST, preliminary=others)
    evaluate(world.installation)


def answered(
    when: datetime, *, refused: tuple[str, str] | None = None
) -> Callable[[AskedWorld], None]:
    """Return the act in which a person answers all that waits, and what may leave leaves."""

    def act(world: AskedWorld) -> None:
        waiting = world.open_alerts()
        no = [number for number, *whose in waiting if tuple(whose) == refused]
        yes = [number for number, *_ in waiting if number not in no]
        by = Approval("A. Karimova", "Drought desk", answered_at=when, login="desk")
        appoint(world.warehouse, by)
        approve(world.installation, yes, by)
        if no:
            reject(world.installation, no, by)
        deliver(Installation(world.installation.settings, world.warehouse, clock=lambda: when))

    return act


def plan_changed(world: AskedWorld) -> None:
    """A third version of Tajikistan's template that asks for less, from January 2022 on."""
    body = yaml.safe_load((DOCUMENTS / "tj.yaml").read_text(encoding="utf-8"))
    body |= {"version": "3", "supersedes": "2", "effective_from": "2022-01"}
    body["ladders"]["meteorological"][0]["rules"][0]["enter_at"] = -0.8
    path = world.folder / "tj.yaml"
    path.write_text(yaml.safe_dump(body, allow_unicode=True), encoding="utf-8")
    load_plan(world.installation, path)


ACTS: tuple[tuple[datetime, Callable[[AskedWorld], None]], ...] = (
    (at(2022, 6, 1), plan_changed),
    (at(2022, 6, 7), settled),
    (at(2022, 6, 9), answered(at(2022, 6, 9))),
    (at(2022, 7, 7), june_came),
    (at(2022, 7, 8), answered(at(2022, 7, 8), refused=("jizzakh", "agricultural"))),
    (at(2022, 9, 10), june_settled),
    (at(2022, 9, 12), answered(at(2022, 9, 12))),
)


def asked_world(warehouse: Engine, folder: Path) -> AskedWorld:
    """Play all acts in an empty warehouse."""
    settings = Settings(var=folder / "var")
    world = AskedWorld(Installation(settings, warehouse, clock=lambda: at(2022, 9, 12)), folder)
    for told, act in ACTS:
        world.play(told, act)
    _tell_times(world)
    return world


def _tell_times(world: AskedWorld) -> None:
    """Move every time of the warehouse by as much as its act is told to have been earlier.

    Times of before the first act, such as the loading of the shipped plans, go with it.
    """
    begins = [datetime(2000, 1, 1, tzinfo=UTC), *(began for began, _ in world.acts[1:])]
    shifts = [told - began for began, told in world.acts]
    moved = " ".join(
        f"WHEN {{0}} >= '{begin.isoformat()}' THEN {{0}} + interval '{shift.total_seconds()} s'"
        for begin, shift in reversed(list(zip(begins, shifts, strict=True)))
    )
    # What the clock of an installation gave is told already: it lies before the first act.
    condition = (
        f"{{0}} BETWEEN '{world.acts[0][0].isoformat()}'::timestamptz - interval '1 day' AND now()"
    )
    with world.warehouse.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        columns = connection.execute(
            text(
                "SELECT table_schema, table_name, column_name FROM information_schema.columns "
                "INNER JOIN information_schema.tables USING (table_schema, table_name) "
                "WHERE table_type = 'BASE TABLE' AND data_type = 'timestamp with time zone' "
                "AND table_schema IN ('ops', 'landscape', 'series', 'index', 'plan', 'alert')"
            )
        ).all()
        for schema, table, column in columns:
            name = f'"{column}"'
            connection.execute(
                text(
                    f'UPDATE "{schema}"."{table}" SET {name} = CASE {moved.format(name)} END '  # noqa: S608 - names of ours
                    f"WHERE {condition.format(name)}"
                )
            )


def _series(connection: Connection, period: CalibrationPeriod) -> Series:
    stored = {one.landscape.landscape_id: one for one in read_landscapes(connection)}
    keys = tuple(stored[name].landscape_key for name in NAMES)
    return Series(SOURCE, period, keys, (1,) * len(NAMES))


def rain_mm(name: str, month: Month) -> float:
    """Rain of a landscape in a month, as it is known in the end."""
    wet, dry = RAIN_MM[name]
    usual = wet if month.month in (10, 11, 12, 1, 2, 3, 4, 5) else dry
    return usual * (SHARE_OF_RAIN.get(name, 1.0) if month >= Month(2021, 10) else 1.0)


def _save_climate(
    connection: Connection,
    first: Month,
    last: Month,
    *,
    preliminary: Sequence[str] = (),
    rain: Mapping[str, float] = {},
) -> None:
    series = _series(connection, PERIOD)
    months = list(months_between(first, last))
    shape = (len(months), len(NAMES))
    held = Choice(
        precipitation_mm=np.array(
            [[rain.get(name, rain_mm(name, month)) for name in NAMES] for month in months]
        ),
        gaps=np.zeros(shape, dtype=np.uint8),
        coverage=np.tile([COVERAGE.get(name, 1.0) for name in NAMES], (len(months), 1)),
        beside={"pet_mm": np.full(shape, 100.0)},
        is_final=_is_final(shape, preliminary),
        file_ids=np.full(shape, _file_id(connection)),
    )
    climate = ClimateMonths(
        SOURCE, Origin.REAL, months, series.landscape_keys, series.landscape_versions, held
    )
    save_climate_months(connection, climate)


def _file_id(connection: Connection) -> int:
    return int(connection.execute(text("SELECT max(file_id) FROM ops.file")).scalar_one())


def _is_final(shape: tuple[int, int], preliminary: Sequence[str]) -> np.ndarray:
    return np.tile([name not in preliminary for name in NAMES], (shape[0], 1))


def _save_indices(
    connection: Connection,
    period: CalibrationPeriod,
    spoken: Spoken,
    first: Month,
    last: Month,
    *,
    preliminary: Sequence[str] = (),
) -> None:
    months = list(months_between(first, last))
    panels = {code: _panel(code, spoken, months) for code in INDEX_CODES}
    is_preliminary = ~_is_final((len(months), len(NAMES)), preliminary)
    save_index_values(connection, _series(connection, period), panels, is_preliminary, Origin.REAL)


def _panel(code: IndexCode, spoken: Spoken, months: Sequence[Month]) -> Panel:
    values = np.full((len(months), len(NAMES)), USUAL[code.family])
    gaps = np.zeros(values.shape, dtype=np.uint8)
    for column, name in enumerate(NAMES):
        for row, month in enumerate(months):
            values[row, column] = spoken.get((name, str(code)), {}).get(
                str(month), values[row, column]
            )
            out_of_season = code.months_back(month.month) == 0
            if out_of_season or month.month in BLIND.get((name, str(code)), ()):
                values[row, column] = np.nan
                gaps[row, column] = gap_code(Gap.NOT_APPLICABLE)
    return Panel(months[0], values, gaps)


def _save_calibrations(connection: Connection) -> None:
    """Fits of 30 years, or 29 where the first year's window is cut off; their numbers are any."""
    fitted = []
    for code in INDEX_CODES:
        if code.family not in {IndexFamily.SPI, IndexFamily.SPEI}:
            continue
        fit = nothing_fitted(code, PERIOD, len(NAMES))
        for values in fit.parameters.values():
            values[:] = 1.0
        for month in range(1, 13):
            months_back = code.months_back(month)
            fit.n_years[month - 1] = 0 if months_back == 0 else 30 - (months_back > month)
        fitted.append(fit)
    known = {code: nothing_fitted(code, PERIOD, len(NAMES)) for code in INDEX_CODES}
    is_hargreaves = np.zeros(len(NAMES), dtype=np.bool_)
    save_calibrations(connection, _series(connection, PERIOD), fitted, known, is_hargreaves)


def _save_shares(connection: Connection) -> None:
    """Shares of SPI-3 in June 2022; of no other index were maps made."""
    shape = (len(CELL_INDEX_CODES), len(NAMES), 1 + len(AREA_CLASSES))
    shares = np.full(shape, np.nan, dtype=np.float32)
    gaps = np.full(shape[:2], gap_code(Gap.NOT_PUBLISHED), dtype=np.uint8)
    at_code = CELL_INDEX_CODES.index(IndexCode.parse("spi_3"))
    for column, name in enumerate(NAMES):
        if name in SHARES:
            shares[at_code, column] = (COVERAGE.get(name, 1.0), *SHARES[name])
            gaps[at_code, column] = 0
        else:
            gaps[at_code, column] = gap_code(Gap.NOT_APPLICABLE)
    one = MonthShares(LAST, shares, gaps, Release.PRELIMINARY, 1)
    save_area_shares(connection, _series(connection, PERIOD), [one], Origin.REAL)
