"""The demonstration: the main job on simulated data, by the real parts, in a folder of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, date, datetime
from importlib.util import find_spec
from pathlib import Path

from rich.console import Console

from pipeline import wiring
from pipeline.alerts.cap import validate
from pipeline.core.errors import InputError
from pipeline.core.ids import ERA5_LAND
from pipeline.core.months import Month
from pipeline.landscapes.default import default_landscapes_file
from pipeline.local.data_store import DEFAULT_KEY, DataStore
from pipeline.local.simulated_climate import FIRST_MONTH
from pipeline.settings import FILES_VARIABLE
from pipeline.sources.landscape_files import read_landscapes
from pipeline.steps.compute import compute
from pipeline.steps.fetch_at_once import ingest_era5_land
from pipeline.steps.golive import golive
from pipeline.steps.installation import Installation
from pipeline.steps.landscapes import load_landscapes
from pipeline.steps.maps import bring_maps
from pipeline.steps.status import status
from pipeline.terminal import progress, stage_table
from pipeline.warehouse.files import read_months_held
from pipeline.warehouse.outcomes import read_identity
from pipeline.warehouse.status import count_sent

FOLDER = Path("var/demo")
PUBLISHED_ON_DAY = 7
"""From this day on a month's data are out."""

screen = Console(width=None if sys.stdout.isatty() else 120)


def newest_published(today: date) -> Month:
    """Return the newest month whose data are out on `today`."""
    this_month = Month.of(today)
    return this_month - (1 if today.day >= PUBLISHED_ON_DAY else 2)


def run_demo(folder: Path = FOLDER) -> None:
    """Take simulated rain to letters and CAP files; safe to repeat: nothing is sent twice."""
    if find_spec("airflow") is None:
        raise InputError(
            "demo: expected Airflow, whose DAGs it runs, got an environment without; run `make install "
            "LOCK=airflow` first"
        )
    _leave_real_settings_behind()
    os.environ["DROUGHT_VAR"] = str(folder)
    month = newest_published(datetime.now(UTC).date())
    screen.rule("EXERCISE - SIMULATED DATA - no real drought")
    with DataStore(month) as store:
        os.environ.update(CDSAPI_URL=store.url, CDSAPI_KEY=DEFAULT_KEY)
        os.environ["NO_PROXY"] = ",".join(
            filter(None, ["127.0.0.1", "localhost", os.environ.get("NO_PROXY")])
        )
        wiring.settings.cache_clear()
        installation = _prepared()
        _history(installation, month - 1)
        _say("the newest month through the DAGs", str(month))
        _run_dags(month)
    _show(installation, month)


def _leave_real_settings_behind() -> None:
    """Forget the installation this shell may be set up for: a trial must not touch it."""
    for name in [*os.environ]:
        if name.startswith(("DROUGHT_", "AIRFLOW")) or name == FILES_VARIABLE:
            del os.environ[name]


def _say(what: str, detail: str = "") -> None:
    screen.print(f"[bold]{what}[/bold] {detail}")


def _prepared() -> Installation:
    applied, _ = wiring.migrate_warehouse()
    _say("embedded Postgres", f"running; {len(applied)} migrations applied now")
    installation = wiring.installation()
    counts = load_landscapes(installation, read_landscapes(default_landscapes_file()))
    _say("landscapes", ", ".join(f"{n} {what}" for what, n in counts.items()))
    return installation


def _history(installation: Installation, last: Month) -> None:
    """Load the history by the same steps as the command line, and go live after it."""
    with installation.warehouse.connect() as connection:
        held = read_months_held(connection, ERA5_LAND)
        live_from = read_identity(connection).live_from
    first = held[-1] + 1 if held else FIRST_MONTH
    with progress(screen) as advance:
        if first <= last:
            ingest_era5_land(installation, first, last, advance=advance)
        rows = compute(installation, to=last, advance=advance)
        mapped = bring_maps(installation, to=last, advance=advance)
    _say("history", f"{FIRST_MONTH} to {last}: {rows} landscape-months of indices new or different")
    _say("maps", str(mapped))
    if live_from is None:
        screen.print("  stages of all months, by the plans in force")
        told = golive(installation, last + 1)
        _say("going live", f"{told} droughts are under way already: one alert each")


def _run_dags(month: Month) -> None:
    # A process of its own: this one never imports Airflow.
    environment = {**os.environ, **wiring.airflow_environment(), "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", "pipeline.orchestration.demo_month", str(month)],
        env=environment,
        check=False,
    )
    if done.returncode:
        raise InputError(
            f"demo: the DAGs of {month} ended with exit code {done.returncode}, expected 0; what "
            "they said stands above; repeat `make demo`, it goes on where it stopped"
        )


def _show(installation: Installation, month: Month) -> None:
    found = status(installation)
    screen.print(stage_table(found.stages))
    folder = installation.settings.outgoing / str(month)
    letters = sorted(folder.glob("*.en.txt"))
    messages = sorted(installation.settings.outgoing.glob("*/*.cap.xml"))
    for message in messages:
        validate(message.read_bytes())
    if letters:
        screen.rule(f"one of {len(letters)} letters of {month}: {letters[-1].name}")
        print(letters[-1].read_text(encoding="utf-8"))
    with installation.warehouse.connect() as connection:
        sent = count_sent(connection)
    screen.rule("where to look")
    print(f"letters      {folder}")
    such_as = f", such as {messages[-1]}" if messages else ""
    print(f"CAP files    {len(messages)} valid by the OASIS schema{such_as}")
    print(f"bulletins    {installation.settings.bulletins / str(month)}")
    print(f"site         {installation.settings.site / 'index.html'}")
    print(
        f'warehouse    psql "$(DROUGHT_VAR={installation.settings.var} .venv/bin/drought db url)"'
    )
    print(
        f"map          DROUGHT_VAR={installation.settings.var} .venv/bin/drought map spi_12 {month} "
        "--to map.png"
    )
    print(f"evidence     DROUGHT_VAR={installation.settings.var} .venv/bin/drought explain ALERT")
    print(f"sent so far  {sent} messages; run it again, and it stays so")
