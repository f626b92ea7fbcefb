"""The systemd units of an installation, filled in: pure text, from the templates beside this file."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from pipeline.core.errors import InputError

POSTGRES = "drought-postgres.service"
COMPONENTS = ("api-server", "scheduler", "dag-processor")
"""Of Airflow, in the order in which they are started."""
_FIRST_PAUSE, _PAUSE = "5s", "30s"
"""Before a start anew: the first, where systemd lets them grow, and each where it does not. A program
that cannot start, such as Airflow's, costs seconds of both cores each time it tries."""
_PLAIN = re.compile(r"[\w/.,:@+=-]+")
"""Of a path that systemd takes as it stands: no spaces, quotes, `%`, `$` or backslashes."""


@dataclass(frozen=True, slots=True)
class Task:
    """What a timer starts: the commands of `drought`, one after another until one fails."""

    name: str
    what: str
    commands: tuple[str, ...]
    calendar: str
    spread: str
    longest: str
    is_heavy: bool = False
    waits_for: tuple[str, ...] = ()
    """Tasks that it lets end, where they have begun or are to begin with it: as after a power cut,
    when all timers are due at once."""


TASKS = (
    Task(
        name="backup",
        what="back up the warehouse and try the backup",
        commands=("db backup",),
        calendar="*-*-* 04:00 UTC",
        spread="5min",
        longest="6h",
        is_heavy=True,
    ),
    Task(
        name="check",
        what="look for contradictions in the warehouse",
        commands=("analysts end-long", "check"),
        calendar="*-*-* 05:00 UTC",
        spread="5min",
        longest="6h",
        is_heavy=True,
        waits_for=("backup",),
    ),
    Task(
        name="doctor",
        what="look at all the installation stands on",
        # Less than the 5 GB it asks a person for is told by `drought status`, and is no failure yet.
        commands=("doctor --need-gb 1",),
        calendar="*-*-* 05:30 UTC",
        spread="5min",
        longest="1h",
        waits_for=("backup", "check"),
    ),
    Task(
        name="run",
        what="take what is new to stages, letters and site",
        commands=("run",),
        calendar="*-*-* 06:00 UTC",
        spread="15min",
        # The data store may keep it waiting for three hours; the first maps take minutes.
        longest="20h",
        is_heavy=True,
        waits_for=("backup", "check", "doctor"),
    ),
    # It waits for nobody: an alert that was approved is sent while a long run goes on.
    Task(
        name="deliver",
        what="send what is approved",
        commands=("deliver",),
        calendar="*:0/10",
        spread="20s",
        longest="2h",
    ),
)
"""Of the way without Airflow, each after those it waits for."""
_TIDY_LOG = "db tidy"
_TIDY_AIRFLOW = "airflow tidy"


@dataclass(frozen=True, slots=True)
class Place:
    """Where an installation lies, and who runs it."""

    checkout: Path
    programs: Path
    """Folder of the environment's `drought` and `python`."""
    var: Path
    notices: Path
    """Folder in which a unit that fails leaves an empty file of its name."""
    env_file: Path
    writable: tuple[Path, ...]
    """Folders besides `var` that services write to; they need not be there."""
    is_postgres_ours: bool
    account: str | None
    """Of system units; None: units of a user's own manager, for who writes them."""
    systemd: int
    """Version of systemd they are for; 0 where it is not known."""
    site_host: str = "127.0.0.1"
    site_port: int = 8081
    is_site_internal: bool = False
    """Whether the agency's own site is shown, to whoever reaches the address; else the public one."""
    written_by: str = "drought units"
    """The command that writes the units anew."""


def units(place: Place, *, with_airflow: bool) -> dict[str, str]:
    """Return the text of each unit by its name.

    Either Airflow's components or the timers; Postgres where it is the embedded one, the site, and
    `drought.target`, which holds them together.

    Raises:
        InputError: a path or a host that systemd would read otherwise.
    """
    for said in (
        place.checkout,
        place.programs,
        place.var,
        place.notices,
        place.env_file,
        *place.writable,
    ):
        _refuse_odd(str(said))
    _refuse_odd(place.site_host)
    texts: dict[str, str] = {}
    if place.is_postgres_ours:
        texts[POSTGRES] = _filled(
            place, "postgres.service", first_pause="1s", pause="5s", no_new_code=True
        )
    texts["drought-site.service"] = _filled(
        place, "site.service", first_pause=_FIRST_PAUSE, pause=_PAUSE, no_new_code=True
    )
    texts |= _airflow(place) if with_airflow else _timers(place, TASKS)
    texts |= _timers(place, _tidying(place, with_airflow=with_airflow))
    started = [name for name in texts if not _is_started_by_another(name, texts)]
    texts["drought.target"] = _filled(place, "drought.target", wanted=started)
    return texts


def _airflow(place: Place) -> dict[str, str]:
    set_up = "drought-airflow-setup.service"
    texts = {set_up: _filled(place, "airflow-setup.service", after=_after(place))}
    for component in COMPONENTS:
        texts[f"drought-{component}.service"] = _filled(
            place,
            "airflow.service",
            component=component,
            after=_after(place, set_up),
            first_pause=_FIRST_PAUSE,
            pause=_PAUSE,
        )
    return texts


def _tidying(place: Place, *, with_airflow: bool) -> tuple[Task, ...]:
    """Return what keeps logs from growing for ever; nothing where the installation has none."""
    commands = (  # the log of the database also where Airflow's runs cannot be forgotten
        *([_TIDY_LOG] if place.is_postgres_ours else []),
        *([_TIDY_AIRFLOW] if with_airflow else []),
    )
    task = Task(
        name="tidy",
        what="forget old runs and logs",
        commands=commands,
        calendar="Sun *-*-* 03:00 UTC",
        spread="15min",
        longest="6h",
        is_heavy=with_airflow,
    )
    return (task,) if commands else ()


def _timers(place: Place, tasks: Iterable[Task]) -> dict[str, str]:
    texts: dict[str, str] = {}
    for task in tasks:
        texts["drought-notice@.service"] = _filled(place, "notice.service")
        later_than = [f"drought-{name}.service" for name in task.waits_for]
        texts[f"drought-{task.name}.service"] = _filled(
            place, "task.service", task=task, after=_after(place), later_than=later_than
        )
        texts[f"drought-{task.name}.timer"] = _filled(place, "task.timer", task=task)
    return texts


def _after(place: Place, *others: str) -> list[str]:
    """Return the lines that put a unit after what it stands on.

    `Wants`, not `Requires`: a server that takes long to recover would else end its dependants for
    good, and they wait for it themselves.
    """
    before = [*([POSTGRES] if place.is_postgres_ours else []), *others]
    # Units of a user know nothing of the machine's.
    of_machine = ["network-online.target", "time-sync.target"] if place.account else []
    if place.account and not place.is_postgres_ours:
        of_machine.append(
            "postgresql.service"
        )  # not there where the server is another machine: no harm
    wanted = [*before, *(name for name in of_machine if name.startswith("network"))]
    lines = [f"Wants={' '.join(wanted)}"] if wanted else []
    if before or of_machine:
        lines.append(f"After={' '.join([*before, *of_machine])}")
    return lines


def _is_started_by_another(name: str, texts: dict[str, str]) -> bool:
    return "@" in name or f"{Path(name).stem}.timer" in texts.keys() - {name}


def _filled(place: Place, template: str, *, no_new_code: bool = False, **values: object) -> str:
    templates = Environment(  # noqa: S701 - not HTML
        loader=PackageLoader("pipeline.local", "units"),
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    return templates.get_template(f"{template}.j2").render(
        checkout=place.checkout,
        drought=place.programs / "drought",
        python=place.programs / "python",
        var=place.var,
        site=place.var / ("site" if place.is_site_internal else "public"),
        is_site_internal=place.is_site_internal,
        written_by=place.written_by,
        notices=place.notices,
        env_file=place.env_file,
        # The first has to be there; another disk may be away, and then writing to it fails.
        writable=[str(place.var), *(f"-{folder}" for folder in place.writable)],
        account=place.account,
        is_system=place.account is not None,
        systemd=place.systemd,
        site_host=place.site_host,
        site_port=place.site_port,
        no_new_code=no_new_code,
        **values,
    )


def _refuse_odd(text: str) -> None:
    if not _PLAIN.fullmatch(text):
        raise InputError(
            f"units: expected a path of letters, digits and / . _ - only, which systemd takes as it "
            f"stands, got {text!r}; install in another folder"
        )
