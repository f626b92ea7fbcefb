"""The command that writes the systemd units of this installation: `drought units`."""

from __future__ import annotations

import os
import pwd
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from pipeline import wiring
from pipeline.core.errors import InputError
from pipeline.settings import Settings

units = typer.Typer()

_LINK = "cacilm-drought"
"""To the folder of the version that runs, as docs/install.md has it made."""
_PREFIXES = ("DROUGHT_", "CDSAPI_", "AIRFLOW__")
_USUAL = {
    "CDSAPI_KEY": "the agency's key of the data store; without it files come by hand",
    "DROUGHT_AUTHORITY": "in whose name CAP may say Actual",
    "DROUGHT_SMTP_HOST": "mail server; without it no mail",
    "DROUGHT_SMTP_USER": "its account",
    "DROUGHT_SMTP_PASSWORD": "and the password of that",
    "DROUGHT_MAIL_FROM": "sender of mail",
    "DROUGHT_MAIL_OPERATOR": "who is told each month how it ended, what fails, and which alerts nobody answers",
    "DROUGHT_CHANNELS": "file of the channels besides mail",
    "DROUGHT_BACKUPS": "folder of the backups, better on another disk",
    "DROUGHT_SITE_URL": "where the public site will be seen",
}
"""Offered as comments in a new file of settings; what each means is in docs/operator.md."""


@units.command("units")
def units_command(
    to: Annotated[Path, typer.Option(metavar="DIR", help="Folder to write the units to.")],
    with_airflow: Annotated[
        bool,
        typer.Option(
            "--with-airflow/--timer",
            help="Airflow's components, or timers that need no Airflow. Both ways are equal.",
        ),
    ] = False,
    is_of_user: Annotated[
        bool,
        typer.Option(
            "--user-units", help="For your own systemd (systemctl --user); needs no root."
        ),
    ] = False,
    env_file: Annotated[
        Path | None,
        typer.Option(help="Settings of the services; else drought.env in DROUGHT_VAR."),
    ] = None,
    account: Annotated[
        str | None, typer.Option(help="Who runs system units; else the account you work under.")
    ] = None,
    site_host: Annotated[
        str, typer.Option(help="The address the public site is shown at.")
    ] = "127.0.0.1",
    site_port: Annotated[int, typer.Option(min=1, max=65535, help="Its port.")] = 8081,
    is_site_internal: Annotated[
        bool,
        typer.Option(
            "--internal-site",
            help="Show the agency's own site there in place of the public one. Beware: it has alerts "
            "that nobody has approved, and asks for no password. At 127.0.0.1 every account of this "
            "machine reads it, at another address whoever reaches that. Airflow shows it to who is "
            "logged in.",
        ),
    ] = False,
) -> None:
    """Write systemd units for this installation: database, public site, and Airflow or timers.

    They come back after a power cut. A file of settings is written too unless there is one. Nothing
    is installed: what to do with them is printed. Where the folder of the software has a link beside
    it named cacilm-drought, they name the link, which outlasts an upgrade.
    """
    from pipeline.local.units import Place
    from pipeline.local.units import units as texts_of

    var = wiring.settings().var.absolute()
    settings_file = (env_file or var / "drought.env").absolute()
    checkout, programs = _software(Path(wiring.__file__).parents[1], Path(sys.executable).parent)
    place = Place(
        checkout=checkout,
        programs=programs,
        var=var,
        notices=wiring.settings().unit_notices.absolute(),
        env_file=settings_file,
        writable=_folders_outside(var, wiring.settings()),
        is_postgres_ours=wiring.is_server_ours(),
        account=None if is_of_user else _account(account),
        systemd=_version_of_systemd(),
        site_host=site_host,
        site_port=site_port,
        is_site_internal=is_site_internal,
        written_by=_said_again(
            {
                "--to": to.absolute(),
                "--with-airflow" if with_airflow else "--timer": None,
                **({"--user-units": None} if is_of_user else {}),
                **({"--env-file": settings_file} if env_file else {}),
                **({"--account": account} if account else {}),
                **({"--site-host": site_host} if site_host != "127.0.0.1" else {}),
                **({"--site-port": site_port} if site_port != 8081 else {}),
                **({"--internal-site": None} if is_site_internal else {}),
            }
        ),
    )
    texts = texts_of(place, with_airflow=with_airflow)
    for folder in (to, place.notices):
        folder.mkdir(parents=True, exist_ok=True)
    for notice in place.notices.iterdir():
        if notice.name not in texts:  # of the other way of working, and never to be undone by it
            notice.unlink()
    was_there = _settings_file(settings_file, var, served=place.is_postgres_ours)
    for name, text in texts.items():
        (to / name).write_text(text, encoding="utf-8")
    print(f"units: {len(texts)} in {to}")
    print(f"software: {checkout}{' (a link)' if checkout.is_symlink() else ''}")
    print(
        f"settings: {settings_file} ({'kept as it was' if was_there else 'new: look it through'})"
    )
    if is_site_internal:
        print(
            f"site: the agency's own, for everybody who reaches {site_host}:{site_port}, without a "
            "password; it shows alerts that nobody has approved"
        )
    elif not _read_settings(settings_file).get("DROUGHT_SITE_URL"):
        print(
            f"site: http://{site_host}:{site_port} shows nothing (404) until {settings_file} names "
            "DROUGHT_SITE_URL: without it no public site is written"
        )
    _name_others(to, texts)
    print(_what_next(to, is_of_user=is_of_user))


def _software(checkout: Path, programs: Path) -> tuple[Path, Path]:
    """Return the folder of the software and of its programs, by the link beside it if there is one."""
    link = checkout.with_name(_LINK)
    if not (link.is_symlink() and link.exists() and link.samefile(checkout)):
        return checkout, programs
    real, folder = checkout.resolve(), programs.resolve()
    return link, link / folder.relative_to(real) if folder.is_relative_to(real) else programs


def _said_again(options: dict[str, object]) -> str:
    """Return the command with its options; those without a value are switches."""
    words = [word for name, value in options.items() for word in (name, value) if word is not None]
    return shlex.join(["drought", "units", *map(str, words)])


def _what_next(to: Path, *, is_of_user: bool) -> str:
    if is_of_user:
        folder = "~/.config/systemd/user"
        return (
            f"next:\n  mkdir -p {folder} && cp {to}/drought* {folder}/\n"
            "  systemctl --user daemon-reload && systemctl --user enable --now drought.target\n"
            "  loginctl enable-linger          # so that they run while nobody is logged in"
        )
    return (
        f"next, as root:\n  cp {to}/drought* /etc/systemd/system/\n"
        "  systemctl daemon-reload && systemctl enable --now drought.target"
    )


def _name_others(to: Path, texts: dict[str, str]) -> None:
    others = sorted({path.name for path in to.glob("drought*")} - texts.keys())
    if others:
        print(
            f"of before: {', '.join(others)} are not among them; delete them here, and stop and delete "
            "them where systemd has them"
        )


def _account(given: str | None) -> str:
    """Return the account of system units.

    Raises:
        InputError: it would be root, which runs no server of Postgres.
    """
    name = given or pwd.getpwuid(os.geteuid()).pw_name
    if name == "root":
        raise InputError(
            "account: expected one that is not root to run the services; give the command as it, or "
            "name it with --account"
        )
    return name


def _folders_outside(var: Path, settings: Settings) -> tuple[Path, ...]:
    """Return the folders that services write to and that do not lie in `var`."""
    archive, grids = (one.removeprefix("file://") for one in (settings.archive, settings.grids))
    places = [settings.backups_folder, *(Path(one) for one in (archive, grids) if "://" not in one)]
    outside = {place.absolute() for place in places if not place.absolute().is_relative_to(var)}
    return tuple(sorted(outside))


def _version_of_systemd() -> int:
    """Return the version of this machine's systemd; 0 where there is none to ask."""
    try:
        said = subprocess.run(
            ["systemctl", "--version"],  # noqa: S607 - wherever this machine has it
            capture_output=True,
            text=True,
            check=False,
        ).stdout
    except OSError:
        return 0
    found = re.match(r"systemd (\d+)", said)
    return int(found[1]) if found else 0


def _settings_file(file: Path, var: Path, *, served: bool) -> bool:
    """Write the file of settings unless it is there; return whether it was.

    Raises:
        InputError: it is there, and not of this installation, or others may read it.
    """
    if file.exists():
        _refuse_unfit(file, var, served=served)
        return True
    given = {n: v for n, v in sorted(os.environ.items()) if n.startswith(_PREFIXES) and v}
    for name in ("DROUGHT_BACKUPS", "DROUGHT_CHANNELS"):
        if name in given:
            given[name] = str(Path(given[name]).absolute())
    given["DROUGHT_VAR"] = str(var)
    if served:
        given["DROUGHT_POSTGRES_SERVED"] = "true"
    lines = [
        "# Settings of this installation, for its services and for a shell: set -a; . THIS; set +a",
        "# It may hold keys and passwords: only its owner reads it. docs/operator.md explains each.",
        *(f"{name}={shlex.quote(value)}" for name, value in given.items()),
        "",
        *(f"# {why}\n#{name}=" for name, why in _USUAL.items() if name not in given),
    ]
    file.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as new:
        new.write("\n".join(lines) + "\n")
    return False


def _refuse_unfit(file: Path, var: Path, *, served: bool) -> None:
    known = {f"DROUGHT_{name.upper()}" for name in Settings.model_fields}
    given = _read_settings(file)
    unknown = sorted(n for n in given if n.startswith("DROUGHT_") and n not in known)
    if unknown:
        raise InputError(f"{file}: there is no such setting: {', '.join(unknown)}; correct it")
    wanted = {"DROUGHT_VAR": str(var)} | ({"DROUGHT_POSTGRES_SERVED": "true"} if served else {})
    lacking = [f"{name}={value}" for name, value in wanted.items() if given.get(name) != value]
    if lacking:
        raise InputError(
            f"{file}: expected the line {' and the line '.join(lacking)}; put it there, or name "
            "another file with --env-file"
        )
    if file.stat().st_mode & 0o077:
        raise InputError(f"{file}: expected a file that only its owner reads; chmod 600 {file}")


def _read_settings(file: Path) -> dict[str, str]:
    """Return what a file of settings says, read as systemd and a shell both read it."""
    said = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        name, equals, value = line.strip().partition("=")
        if equals and not name.startswith("#"):
            said[name] = "".join(shlex.split(value))
    return said
