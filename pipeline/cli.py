"""The command `drought`: every step by hand, with help that teaches.

Exit code 0: done. 1: failed, or bad data; one line says where, what, and what to do. 2: wrong usage.
"""

from __future__ import annotations

import gc
import sys
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, NoReturn

import psycopg
import typer
from sqlalchemy.exc import SQLAlchemyError

from pipeline import logs, wiring
from pipeline.commands.airflow import airflow
from pipeline.commands.alerts import alerts
from pipeline.commands.analysts import analysts
from pipeline.commands.backtest import backtests
from pipeline.commands.bulletin import bulletin
from pipeline.commands.export import exports
from pipeline.commands.ingest import ingest
from pipeline.commands.issuers import issuers
from pipeline.commands.landscapes import landscapes
from pipeline.commands.options import notes
from pipeline.commands.plans import plans
from pipeline.commands.recipients import recipients
from pipeline.commands.setup import db, sources
from pipeline.commands.show import show
from pipeline.commands.stations import stations
from pipeline.commands.steps import steps
from pipeline.commands.units import units
from pipeline.commands.words import words
from pipeline.core.errors import DroughtError
from pipeline.core.secrets import hidden

app = typer.Typer(
    name="drought",
    help=(
        "Drought early warning: rain and temperature in, SPI and SPEI per landscape, stages by the "
        "national drought plan, letters that a person approves.\n\n"
        "A first run:  drought db migrate; drought landscapes load --default; drought ingest "
        "era5-land --from 1991-01 --to 2026-10; drought compute; drought golive 2026-11"
    ),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for group in (steps, alerts, show, exports, backtests, units):
    app.add_typer(group)
for name, named in (
    ("db", db),
    ("landscapes", landscapes),
    ("plans", plans),
    ("sources", sources),
    ("ingest", ingest),
    ("stations", stations),
    ("analysts", analysts),
    ("issuers", issuers),
    ("bulletin", bulletin),
    ("recipients", recipients),
    ("words", words),
    ("airflow", airflow),
):
    app.add_typer(named, name=name)


@app.command("demo")
def demo_command(
    folder: Annotated[Path, typer.Option(help="Where it keeps all it makes.")] = Path("var/demo"),
) -> None:
    """Run the main job on simulated data (`make demo` calls this).

    It uses nothing of your own installation: settings in the environment are left aside.
    """
    from pipeline import demo

    demo.run_demo(folder)


def main() -> None:
    """Run the command; an error is one line on the error stream and exit code 1.

    What is not foreseen here is a defect, and shows its traceback.
    """
    # A command ends soon, and most of what it makes is freed without a search for cycles of garbage.
    gc.set_threshold(10_000, 10, 10)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # Names of files need not be text, nor a terminal know all letters.
            stream.reconfigure(errors="backslashreplace")
    wiring.start_log()
    with logs.bound(run=logs.new_run(), command=_command()):
        _run()


def _run() -> None:
    try:
        app()
    except DroughtError as error:
        _fail(str(error))
    except (SQLAlchemyError, psycopg.Error) as error:
        _fail(f"database: {_first_line(error)}; {_REPEAT}")
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError) as error:
        if error.filename is None:
            _fail(f"{type(error).__name__}: {_first_line(error)}; {_REPEAT}")
        _fail(
            f"{error.filename}: expected a path that can be used, got: {error.strerror}; make the "
            "folder first, or name another; what was done before it stays done"
        )
    except OSError as error:
        _fail(f"{type(error).__name__}: {_first_line(error)}; {_REPEAT}")


_REPEAT = "what was done before it stays done; see that the other side answers, then repeat"


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or ["no reason given"])[0]


def _command() -> str | None:
    """Return the first word given; others may be names of persons."""
    return next((word for word in sys.argv[1:2] if word.isidentifier()), None)


def _fail(said: str) -> NoReturn:
    message = hidden(said)
    if not logs.tell_failure(message):
        notes.print(f"error: {message}", highlight=False, markup=False, soft_wrap=True)
    sys.exit(1)
