"""Forty years of a scripted country: what its indices were, month by month, and what was done.

From 1981 to 2010 is history, decided at once; from 2011 on alerts are told, a run each month. The
newest month comes as a preliminary value, and its final value two months later.

- The steppe (rainfed): droughts begin, deepen, hold through missing data, are revised, ease and end.
- The ridge (pasture): an index that hovers at the threshold; and a drought that nobody let be told.
- The desert (pasture, salt-affected): blind from June to September.
- The delta (irrigated, salt-affected): follows the mountain, where its water comes from.
- The oasis (irrigated): where its water comes from is not known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from shapely import box
from sqlalchemy import Engine, text

from pipeline.core.gaps import Gap
from pipeline.core.ids import INDEX_CODES, Country, IndexCode, LandUse, Origin
from pipeline.core.months import Month, months_between
from pipeline.core.panels import Panel, gap_code
from pipeline.landscapes.landscape import Landscape
from pipeline.local.postgres import EmbeddedPostgres
from pipeline.settings import Settings
from pipeline.steps.approve import approve, reject
from pipeline.steps.evaluate import evaluate
from pipeline.steps.golive import golive
from pipeline.steps.installation import Installation
from pipeline.steps.plans import load_plan
from pipeline.steps.status import pending_alerts
from pipeline.warehouse.calibrations import Series
from pipeline.warehouse.indices import save_index_values
from pipeline.warehouse.landscapes import read_landscapes
from tests.integration.conftest import TEMPLATE
from tests.integration.forty_years.plan import plan
from tests.integration.gauged_world import database
from tests.integration.little_world import PERIOD, SOURCE, USUAL, settle
from tests.unit.alerts.cases import APPROVAL

FIRST, LAST = Month(1981, 1), Month(2020, 12)
LIVE_FROM = Month(2011, 1)
NEW_PLAN = Month(2015, 11)
"""The run in which the second version of the plan is loaded; it rules from January 2016 on."""
REFUSED = ("ridge", Month(2017, 2))
"""The alert that the duty desk refuses."""
FINAL_AFTER = 2

AUTHORITY: Mapping[str, Any] = {
    "authority": "Water Council of the scripted country",
    "authority_oid": "2.49.0.1.860.0",
    "cap_sender": "drought@scripted.example.org",
    "site_url": "https://drought.example.org",
}
"""By whose leave its alerts are public."""
MISSING, BLIND = Gap.NOT_PUBLISHED, Gap.NOT_APPLICABLE
Value = float | Gap


def _land(
    name: str,
    west: float,
    land_use: LandUse,
    *,
    is_salt_affected: bool = False,
    headwater: str | None = None,
) -> Landscape:
    return Landscape(
        name,
        Country.UZBEKISTAN,
        f"The {name}",
        {"en": f"The {name}", "uz": _UZBEK[name]},
        land_use,
        is_salt_affected,
        False,
        headwater,
        box(west, 40.0, west + 1, 41.0),
    )


_UZBEK = {
    "steppe": "Choʻl",
    "ridge": "Tizma",
    "desert": "Sahro",
    "delta": "Delta",
    "mountain": "Togʻ",
    "oasis": "Voha",
}
LANDSCAPES = (
    _land("steppe", 60.0, LandUse.RAINFED),
    _land("ridge", 61.0, LandUse.PASTORAL),
    _land("desert", 62.0, LandUse.PASTORAL, is_salt_affected=True),
    _land("delta", 63.0, LandUse.IRRIGATED, is_salt_affected=True, headwater="mountain"),
    _land("mountain", 64.0, LandUse.TREE_BASED),
    _land("oasis", 65.0, LandUse.IRRIGATED),
)

SCRIPT: Mapping[tuple[str, str], Mapping[str, Sequence[Value]]] = {
    ("steppe", "spi_3"): {
        # Of history: one to the gravest stage and down, one that stays mild, two years in a row.
        "1984-05": [-1.1, -1.6, -2.1, -1.5, -1.1, -1.0, -0.6, 0.2],
        "1991-03": [-1.2, -0.9, -1.1, -0.2, 0.1],
        "2000-04": [-1.4, -1.7, -2.3, -2.0, -1.6, -1.3, -1.1, -1.0, -0.9, -1.2, -1.6, -1.9],
        "2001-04": [-2.2, -2.4, -1.8, -1.1, -0.8, -0.4, 0.3],
        "2008-05": [-1.6, -1.8, -0.6, 0.1],
        # Stands when alerts begin to be told.
        "2010-08": [-1.2, -1.6, -1.3, -1.1, -0.9, -0.8, -0.6, 0.1],
        # Begins, deepens, is missing for four months, eases, ends.
        "2012-03": [-1.1, -1.4, -2.2, *[MISSING] * 4, -1.9, -1.1, -1.0, -0.6, -0.3, 0.2],
        # Severe by the second version of the plan only.
        "2016-04": [-1.9, -1.0, -0.9, -0.5, 0.2],
        # Dry in the same months as the soil, and silent afterwards.
        "2018-05": [-0.6, -0.5, -0.6, -0.3],
        # Seen too late: the first value was a usual one.
        "2019-06": [-1.3, 0.1],
    },
    ("steppe", "spei_6"): {
        "2000-05": [-1.3, -1.9, -1.6, -1.2, -1.1],
        "2001-04": [-1.5, -1.9, -1.2, -0.6, 0.1],
        "2012-04": [-0.8, -1.2, -1.9, -1.4, -1.2, -1.1],
        "2013-04": [0.1],
        "2018-05": [-1.1, -1.2, -1.0, -0.5, 0.2],
    },
    ("steppe", "sma_3"): {
        "2018-05": [-1.4, *[MISSING] * 4],
    },
    ("ridge", "spi_3"): {
        "1995-06": [-1.0, -0.9, -1.1, -0.8, 0.0],
        # Seventeen months at the threshold: it begins once and ends once.
        "2013-06": [-1.02, -0.97, -1.05, -0.9, -1.1, -0.95, -1.01, -0.99, -1.03],
        "2014-03": [-0.96, -1.04, -0.9, -1.02, -0.98, -1.0, -0.4, -0.1, 0.05],
        # A new version of the plan takes effect in its midst.
        "2015-12": [-1.9, -1.7, -1.4, -1.1, -1.1, -0.6, 0.3],
        "2017-02": [-1.3, -1.2, 0.2],
    },
    ("desert", "spi_3"): {
        "2014-05": [-1.3],
        "2014-10": [-0.4, 0.3],
        "2019-05": [-1.6],
        "2019-10": [-1.1, -0.5, 0.2],
    },
    ("mountain", "spi_12"): {
        "2000-03": [-1.1, -1.3, -1.9, -2.0, *[-1.6] * 18, -0.4, 0.1, 0.3],
        "2010-10": [-1.1, -1.2, -1.3, -1.4, -1.9, -2.0, -1.7, -1.5, -1.2, -0.9, -0.5, -0.2],
        "2011-10": [0.1, 0.2],
        "2018-02": [-1.2, -0.8, -1.3, -1.4, -0.2, 0.3, 0.4],
    },
    ("oasis", "spi_3"): {"2015-03": [-1.2, -0.3, 0.1]},
    ("oasis", "spi_12"): {"2015-03": [-1.5] * 6},
}
FIRST_SEEN: Mapping[tuple[str, str, str], Value] = {
    ("steppe", "spi_3", "2012-04"): -1.6,
    ("steppe", "spi_3", "2019-06"): 0.3,
}
"""Preliminary values that the final ones replaced; all others were right at once."""


def values_of(name: str, index: IndexCode, until: Month) -> list[Value]:
    """The values of an index from the first month on, as they were known after a month."""
    months = _months(until)
    said: list[Value] = [USUAL[index.family]] * len(months)
    for first, episode in SCRIPT.get((name, str(index)), {}).items():
        for n, value in enumerate(episode, start=Month.parse(first).ordinal - FIRST.ordinal):
            if n < len(said):
                said[n] = value
    if name == "desert" and str(index) == "spi_3":
        said = [BLIND if 6 <= m.month <= 9 else v for m, v in zip(months, said, strict=True)]
    for (place, code, month), first_seen in FIRST_SEEN.items():
        seen = Month.parse(month)
        if (place, code) == (name, str(index)) and seen <= until < seen + FINAL_AFTER:
            said[seen.ordinal - FIRST.ordinal] = first_seen
    return said


@cache
def _months(until: Month) -> tuple[Month, ...]:
    return tuple(months_between(FIRST, until))


@dataclass
class Story:
    """A warehouse in which the script is played."""

    installation: Installation
    folder: Path
    order: Sequence[str] = tuple(one.landscape_id for one in LANDSCAPES)
    heard_until: Month = FIRST

    @property
    def warehouse(self) -> Engine:
        return self.installation.warehouse

    def hear(self, until: Month, *, since: Month = FIRST) -> None:
        """Save what is known after `until` of the indices from `since` on."""
        with self.warehouse.begin() as connection:
            known = {s.landscape.landscape_id: s for s in read_landscapes(connection)}
            series = Series(
                SOURCE,
                PERIOD,
                tuple(known[name].landscape_key for name in self.order),
                tuple(known[name].version for name in self.order),
            )
            panels = {code: self._panel(code, since, until) for code in INDEX_CODES}
            count = until.ordinal - since.ordinal + 1
            is_preliminary = np.zeros((count, len(self.order)), dtype=bool)
            if until > LIVE_FROM - FINAL_AFTER:
                is_preliminary[-FINAL_AFTER:] = True
            save_index_values(connection, series, panels, is_preliminary, Origin.REAL)
        self.heard_until = until

    def _panel(self, code: IndexCode, since: Month, until: Month) -> Panel:
        skipped = since.ordinal - FIRST.ordinal
        columns = [values_of(name, code, until)[skipped:] for name in self.order]
        values = [[np.nan if isinstance(v, Gap) else v for v in column] for column in columns]
        gaps = [[gap_code(v) if isinstance(v, Gap) else 0 for v in column] for column in columns]
        return Panel(since, np.array(values, dtype=float).T, np.array(gaps, dtype=np.uint8).T)

    def load(self, version: str) -> None:
        path = self.folder / f"plan-{version}.yaml"
        path.write_text(yaml.safe_dump(plan(version), allow_unicode=True), encoding="utf-8")
        load_plan(self.installation, path)

    def run(self, month: Month) -> None:
        """One monthly run: values, stages, and the answers of the duty desk on the eighth."""
        if month == NEW_PLAN:
            self.load("2")
        self.hear(month, since=self.heard_until - FINAL_AFTER)
        evaluate(self.installation, to=month)
        self.answer(month)

    def answer(self, month: Month) -> None:
        """Let go whatever waits, but what the desk refuses."""
        after = month + 1
        now = datetime(after.year, after.month, 8, 9, 30, tzinfo=UTC)
        answer = replace(APPROVAL, answered_at=now)
        for alert_id in pending_alerts(self.installation):
            if self._is_refused(alert_id):
                reject(self.installation, [alert_id], answer)
            else:
                approve(self.installation, [alert_id], answer, accepts_unchecked=True)

    def _is_refused(self, alert_id: int) -> bool:
        with self.warehouse.connect() as connection:
            found = connection.execute(
                text("SELECT landscape_id, month FROM mart.alert WHERE alert_id = :id"),
                {"id": alert_id},
            ).one()
        return (found.landscape_id, Month.of(found.month)) == REFUSED


@contextmanager
def country(
    postgres: EmbeddedPostgres, folder: Path, *, order: Sequence[str] | None = None
) -> Iterator[Story]:
    """A warehouse with the country's landscapes and the first version of its plan.

    Args:
        postgres: the server.
        folder: for files.
        order: of the landscapes, as they were loaded; None: as they stand above.
    """
    with database(postgres, TEMPLATE) as (_, engine):
        story = Story(Installation(Settings(var=folder / "var", **AUTHORITY), engine), folder)
        if order is not None:
            story.order = order
        by_name = {one.landscape_id: one for one in LANDSCAPES}
        settle(engine, [by_name[name] for name in story.order])
        story.load("1")
        yield story


def played(story: Story) -> Story:
    """Play the whole script: history at once, then month by month."""
    story.hear(LIVE_FROM - 1)
    evaluate(story.installation)
    golive(story.installation, LIVE_FROM)
    story.answer(LIVE_FROM - 1)
    busy = busy_months()
    for month in months_between(LIVE_FROM, LAST):
        if month in busy or month == LAST:
            story.run(month)
    return story


def busy_months() -> set[Month]:
    """Months with something in the script, or near it; the quiet ones wait for the next run."""
    said = {
        Month.parse(first) + n
        for of_index in SCRIPT.values()
        for first, episode in of_index.items()
        for n in range(-1, len(episode) + FINAL_AFTER + 1)
    }
    return said | {NEW_PLAN}


def all_at_once(story: Story) -> Story:
    """The whole record, decided at once, as a new installation would."""
    story.load("2")
    story.hear(LAST)
    evaluate(story.installation)
    return story


def decisions(warehouse: Engine) -> list[str]:
    """Each transition on a line, in the order they were decided."""
    with warehouse.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT landscape_id, month, drought_type, change, from_stage, to_stage, "
                "plan_version, approval, chain_id FROM mart.alert ORDER BY alert_id"
            )
        ).all()
    return [
        f"{row.landscape_id} {Month.of(row.month)} {row.drought_type}: {row.change}, "
        f"{row.from_stage} -> {row.to_stage}, plan {row.plan_version}, {row.approval}, "
        f"chain {row.chain_id}"
        for row in rows
    ]


def letters(warehouse: Engine, language: str) -> str:
    """Every letter that left, as it left, in the order of its alert."""
    with warehouse.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT subject, body FROM alert.message WHERE form = 'letter' "
                "AND language = :language AND body IS NOT NULL ORDER BY alert_id"
            ),
            {"language": language},
        ).all()
    rule = "=" * 72
    return "\n".join(f"{rule}\n{row.subject}\n{rule}\n{row.body}" for row in rows)


def short_messages(warehouse: Engine, form: str, language: str) -> str:
    """Every text message or chat message that left, as it left, in the order of its alert."""
    with warehouse.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT body FROM alert.message WHERE form = :form "
                "AND language = :language AND body IS NOT NULL ORDER BY alert_id"
            ),
            {"form": form, "language": language},
        )
        return "\n".join(f"{body}\n" for body in rows.scalars())


_OF_THIS_RUN = ("engine", "plan_fingerprint", "known_from")


def evidence(warehouse: Engine) -> list[dict[str, Any]]:
    """The evidence of every alert that was told, without what differs from run to run."""
    with warehouse.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT landscape_id, month, drought_type, change, evidence FROM mart.alert "
                "WHERE approval <> 'not_needed' ORDER BY alert_id"
            )
        ).all()
    return [
        {
            "alert": f"{row.landscape_id} {Month.of(row.month)} {row.drought_type} {row.change}",
            "evidence": _without_this_run(row.evidence),
        }
        for row in rows
    ]


def _without_this_run(said: object) -> object:
    """Leave out what differs from run to run: the version of the software, and times of today."""
    if isinstance(said, list):
        return [_without_this_run(one) for one in said]
    if not isinstance(said, dict):
        return said
    return {key: _without_this_run(one) for key, one in said.items() if key not in _OF_THIS_RUN}


def stages(warehouse: Engine) -> set[tuple[object, ...]]:
    """The stage of every landscape and month, as held now."""
    with warehouse.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT landscape_id, month, drought_type, plan_version, stage, since_month, "
                "is_confirmed, silent_months FROM mart.stage_month"
            )
        )
        return {tuple(row) for row in rows}
