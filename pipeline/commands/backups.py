"""The commands that keep the warehouse safe: `drought db backup`, `backups`, `restore`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from pipeline import wiring
from pipeline.commands.options import ExistingFile, database_name, notes, option

backups = typer.Typer()
_MIB = 1 << 20
_SHOWN = 20


def say(line: str) -> None:
    """Tell what is being done, beside what the command prints."""
    notes.print(f"  {line}", highlight=False, markup=False, soft_wrap=True)


@backups.command("backup")
def db_backup(
    to: Annotated[
        Path | None, typer.Option(help="Folder; else DROUGHT_BACKUPS, or $DROUGHT_VAR/backups.")
    ] = None,
    is_tried: Annotated[
        bool,
        typer.Option(
            "--try/--no-try", help="Restore it into a scratch database and compare: half the time."
        ),
    ] = True,
) -> None:
    """Write the whole warehouse into one file, and try whether it can be restored.

    Others go on working meanwhile. The newest DROUGHT_BACKUPS_KEPT stay. The archive of raw files is
    not in it: copy that too.
    """
    from pipeline.steps.backup import back_up

    made = back_up(
        wiring.installation_as_it_is(),
        wiring.postgres_programs(),
        to=to,
        is_tried=is_tried,
        tell=say,
    )
    size = f"{made.backup.size_bytes / _MIB:.1f} MiB, {made.backup.rows} rows"
    print(f"backup: {made.path} ({size}, {made.dump_seconds:.0f} s)")
    if made.trial_seconds is None:
        print("trial: left out; whether it can be restored is not known")
    else:
        wrong = [f"{one.check.name} {one.count}" for one in made.found if one.is_wrong]
        checks = f"{len(made.found)} checks, {', '.join(wrong) or 'no error'}"
        print(
            f"trial: restored in {made.trial_seconds:.0f} s, {len(made.backup.tables)} tables equal "
            f"in rows and content; {checks}"
        )
    if made.removed:
        print(f"removed: {', '.join(made.removed)}")
    print(f"not in it: the raw files in {wiring.settings().archive}; copy them too")


@backups.command("backups")
def db_backups(
    folder: Annotated[
        Path | None,
        typer.Option(
            "--in", exists=True, file_okay=False, help="Folder; else that of the settings."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """List the backups, oldest first. Needs no database."""
    from pipeline.warehouse.backup_files import read_backups

    place = folder or wiring.settings().backups_folder
    found = read_backups(place)
    if as_json:
        print(json.dumps([one.model_dump(mode="json") for one in found]))
        return
    for one in found:
        tried = "not tried" if one.tried_at is None else "restored for a trial, equal"
        print(
            f"{one.made_at:%Y-%m-%d %H:%M} UTC  {one.name}  {one.size_bytes / _MIB:.1f} MiB  "
            f"{one.rows} rows  {one.newest_migration.removesuffix('.sql')}  {tried}"
        )
    if not found:
        print(f"no backup in {place}{'' if place.is_dir() else ': there is no such folder'}")


@backups.command("restore")
def db_restore(
    file: ExistingFile,
    into: Annotated[
        str,
        typer.Option(
            metavar="NAME|URL",
            callback=option(database_name),
            help="A database: its name on this server (made if it lacks), or a postgresql:// URL.",
        ),
    ],
) -> None:
    """Bring a backup into an empty database. One that holds anything is refused.

    All comes back or nothing; a database that was made for it goes again if it fails. Logins of
    analysts are kept out of the copy.

    Then put the archive back, and point DROUGHT_DATABASE_URL at the database if it is another than
    before.
    """
    from pipeline.sources.archive import Archive
    from pipeline.steps.restore import restore

    place = wiring.place_to_restore_into(into)
    done = restore(
        place,
        wiring.postgres_programs().folders,
        file,
        Archive(wiring.settings().archive),
        tell=say,
    )
    compared = (
        "equal to what was noted beside it" if done.is_compared else "nothing to compare with"
    )
    print(f"restored: {done.rows} rows into {place.database.url.database}, {compared}")
    for name in done.pending[:1]:
        print(
            f"older tables: {len(done.pending)} migrations lack, from {name}; run `drought db migrate`, "
            "which closes this copy to logins of analysts too"
        )
    if not done.is_of_this_version and not done.pending:
        print(
            "newer tables: this copy is of newer software; install that and run `drought db migrate`, "
            "which closes it to logins of analysts"
        )
    if done.undelivered:
        print(
            f"undelivered: {done.undelivered} messages; only one of two warehouses that hold them may "
            "deliver: see that the first does not"
        )
    print(f"raw files: {done.files - len(done.lacking)} of {done.files} are in the archive")
    for key in done.lacking[:_SHOWN]:
        print(f"  lacks {key}")
    if len(done.lacking) > _SHOWN:
        print(f"  and {len(done.lacking) - _SHOWN} more")
    if done.lacking:
        print("copy the archive from where the backup was made, or ingest these files again")
