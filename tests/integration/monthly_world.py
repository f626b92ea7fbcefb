"""A small installation the month before: thirty years of simulated history, and a store with the month.

Six landscapes of two countries; alerts are told from the month on, and two approved ones wait to leave.
Copies of it take the month each its own way, and are compared row by row and file by file.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text

from pipeline.alerts.facts import Approval
from pipeline.core.ids import ERA5_LAND
from pipeline.core.months import Month
from pipeline.landscapes.default import default_landscapes_file
from pipeline.local import simulated_files
from pipeline.local.data_store import DEFAULT_KEY, DataStore
from pipeline.local.postgres import EmbeddedPostgres
from pipeline.local.simulated_climate import DEFAULT_SEED, FIRST_MONTH
from pipeline.local.store_desk import Behaviour
from pipeline.settings import Settings
from pipeline.sources.landscape_files import read_landscapes
from pipeline.steps.approve import approve
from pipeline.steps.compute import compute
from pipeline.steps.golive import golive
from pipeline.steps.ingest import ingest_grid
from pipeline.steps.installation import Installation
from pipeline.steps.landscapes import load_landscapes
from pipeline.steps.status import pending_alerts
from tests.integration.conftest import NOW, TEMPLATE
from tests.integration.databases import copy_database
from tests.integration.desk import appoint

MONTH = Month(2021, 2)
"""In the first months of a drought of the simulated climate: stages change."""
LANDSCAPES = {"KG-B", "KG-J", "KG-O", "TJ-DU", "TJ-GB", "TJ-KT"}
AREA = [42.5, 67.5, 36.5, 75.5]
"""Around them, for the history; the month itself is fetched for all six countries."""

OF_EACH_RUN = {
    *("ops.outcome", "ops.request", "ops.request_month", "ops.job", "ops.ingest"),
    *("ops.moment", "plan.evaluation"),
}
"""What is noted of a run, whether it changed anything or not."""
TIMES = {
    "computed_at",
    "fitted_at",
    "last_received_at",
    "known_from",
    "known_until",
    "received_at",
    "decided_at",
    "requested_at",
    "sent_at",
}
MADE_AT = re.compile(rb"<time datetime=.*?</time>")
WORDED = ("subject", "draft", "body", "cap_identifier")
"""Columns of messages in whose text the number of the alert may stand."""

Rows = dict[str, list[dict[str, Any]]]
"""All rows of a warehouse, by table."""
Files = dict[str, bytes]


@dataclass(frozen=True)
class Copy:
    """An installation of its own: a database, and a folder with the archive."""

    url: str
    var: Path
    environment: dict[str, str]

    def rows(self) -> Rows:
        """Every row, but for the outcomes and requests: each fetch leaves its own."""
        engine = create_engine(self.url)
        with engine.connect() as connection:
            tables = connection.execute(
                text(
                    "SELECT table_schema || '.' || table_name FROM information_schema.tables "
                    "WHERE table_type = 'BASE TABLE' AND table_schema = ANY(:schemas)"
                ),
                {"schemas": ["landscape", "series", "index", "plan", "alert", "ops"]},
            )
            held = {
                # Names from Postgres' own catalogue.
                name: list(connection.scalars(text(f"SELECT to_jsonb(t) FROM {name} AS t")))  # noqa: S608
                for name in sorted(tables.scalars())
                if name not in OF_EACH_RUN
            }
        engine.dispose()
        return held

    def files(self) -> Files:
        """What left, and what was published, but for the minute in which a page was made.

        Of bulletins only that they are there: each of their four forms writes that minute its own way.
        """
        folders = (self.var / "outgoing", self.var / "site")
        found = (path for folder in folders for path in folder.rglob("*") if path.is_file())
        return {
            str(path.relative_to(self.var)): b""
            if "bulletins" in path.parts
            else MADE_AT.sub(b"", path.read_bytes())
            for path in found
        }


@dataclass(frozen=True)
class World:
    """Thirty years of history, alerts told from `MONTH` on, and a store that has the month."""

    postgres: EmbeddedPostgres
    var: Path
    rows: Rows
    environment: dict[str, str]

    def copy(self, name: str) -> Copy:
        copy_database(self.postgres, name, "world")
        var = self.var.with_name(name)
        shutil.copytree(self.var, var)
        url = self.postgres.url(name)
        ours = {"DROUGHT_VAR": str(var), "DROUGHT_DATABASE_URL": url, "HOME": str(var)}
        return Copy(url, var, {**self.environment, **ours})


def history(folder: Path) -> list[Path]:
    """Write what the store would have answered until the month before."""
    asked = {"product_type": [simulated_files.MONTHS], "area": AREA}
    asked["variable"] = list(simulated_files.VARIABLES)
    calendar = [f"{number:02d}" for number in range(1, 13)]
    years = [str(year) for year in range(FIRST_MONTH.year, MONTH.year)]
    parts = ((years, calendar), ([str(MONTH.year)], calendar[: MONTH.month - 1]))
    paths = []
    for these_years, months in parts:
        chosen = simulated_files.selection({**asked, "year": these_years, "month": months})
        path = folder / f"history-{these_years[-1]}.nc"
        path.write_bytes(simulated_files.answer(chosen, MONTH, DEFAULT_SEED))
        paths.append(path)
    return paths


@contextmanager
def monthly_world(postgres: EmbeddedPostgres, folder: Path) -> Iterator[World]:
    """Build the world in a database and a folder of its own; the store answers during the block."""
    var = folder / "world"
    copy_database(postgres, "world", TEMPLATE)
    engine = create_engine(postgres.url("world"))
    installation = Installation(Settings(var=var), engine, clock=lambda: NOW)
    landscapes = read_landscapes(default_landscapes_file())
    load_landscapes(installation, [one for one in landscapes if one.landscape_id in LANDSCAPES])
    for path in history(folder):
        ingest_grid(installation, path, source=ERA5_LAND, product="monthly-mean")
    compute(installation)
    golive(installation, MONTH)
    # Something approved and not sent yet: both ways deliver it.
    by = Approval("A. Forecaster", "Drought desk", answered_at=NOW, login="forecaster")
    appoint(engine, by)
    approve(installation, pending_alerts(installation)[:2], by, accepts_unchecked=True)
    engine.dispose()
    environment = {"PATH": os.environ["PATH"], "NO_PROXY": "127.0.0.1", "PYTHONWARNINGS": "ignore"}
    with DataStore(MONTH, behaviour=Behaviour(queue_polls=0)) as store:
        environment |= {"CDSAPI_URL": store.url, "CDSAPI_KEY": DEFAULT_KEY}
        rows = Copy(postgres.url("world"), var, {}).rows()
        yield World(postgres, var, rows, environment)


def without_times_and_ids(rows: Rows) -> dict[str, list[str]]:
    """Return the rows as sorted text, each surrogate id replaced by what it stands for."""
    alerts = {
        row["alert_id"]: f"{row['chain_id']} {row['month']} {row['change']}"
        for row in rows["alert.transition"]
    }
    messages = {
        row["message_id"]: f"{alerts[row['alert_id']]} {row['form']} {row['language']}"
        for row in rows["alert.message"]
    }
    names: dict[str, dict[Any, str]] = {
        "file_id": {row["file_id"]: row["sha256"] for row in rows["ops.file"]},
        "alert_id": alerts,
        "message_id": messages,
    }
    for column, named in names.items():
        assert len(set(named.values())) == len(named), f"{column}: two of them look the same"
    return {
        table: sorted(
            json.dumps(_named(row, names), ensure_ascii=False, sort_keys=True) for row in held
        )
        for table, held in rows.items()
    }


def _named(row: dict[str, Any], names: dict[str, dict[Any, str]]) -> dict[str, Any]:
    kept = {key: value for key, value in row.items() if key not in TIMES | {"delivery_id"}}
    for key in kept.keys() & names.keys():
        kept[key] = names[key][row[key]] if row[key] is not None else None
    if "alert_id" in row:
        number = re.compile(
            rf"((?:[Aa]lert|Сообщение|explain) |№|\.\d{{4}}-\d\d\.){row['alert_id']}\b"
        )
        for key in kept.keys() & WORDED:
            kept[key] = kept[key] and number.sub(r"\1N", kept[key])
    if isinstance(kept.get("request"), dict):
        kept["request"] = {**kept["request"], "job_id": "the store's"}
    return kept
