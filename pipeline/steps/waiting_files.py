"""The drop folders of an installation, for a DAG or a timer."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.core.components import Component
from pipeline.core.errors import DroughtError, InputError
from pipeline.steps.installation import Installation, acts_as
from pipeline.steps.progress import Advance
from pipeline.steps.watch import Round, watch
from pipeline.warehouse.watched import read_newest_refused


@acts_as(Component.INGEST)
def watch_all(
    installation: Installation, *, advance: Advance = lambda what, done, of: None
) -> Round:
    """Take the new files of ``$DROUGHT_VAR/incoming`` and of the folders in ``DROUGHT_WATCH``.

    A folder that cannot be listed is named among the troubles; the others are taken.
    """
    came = Round()
    incoming = installation.settings.incoming
    for url in (*([str(incoming)] if incoming.is_dir() else []), *installation.settings.watch):
        try:
            came += watch(installation, url, advance=advance)
        except (DroughtError, OSError) as trouble:
            came.troubled.append(str(trouble))
    return came


def refuse_unclean(came: Round) -> None:
    """Fail if a round refused a file or could not read one.

    Raises:
        InputError: files were refused, and are kept; all others were taken.
        OSError: nothing was refused, but files or folders could not be read now.
    """
    if came.refused:
        raise InputError(_refusal(came.refused))
    if came.troubled:
        raise OSError(f"drop folder: could not be read now: {' | '.join(came.troubled)}")


@acts_as(Component.INGEST)
def take_waiting_files(installation: Installation) -> list[int]:
    """Take the new files of all drop folders; count those taken, refused, and not readable now."""
    came = watch_all(installation)
    return [len(came.taken), len(came.refused), len(came.troubled)]


@acts_as(Component.INGEST)
def name_refused_files(installation: Installation, counts: Sequence[int]) -> int:
    """Fail with what `take_waiting_files` had to refuse; return 0 where it was nothing.

    Raises:
        InputError: files were refused, and are kept, or could not be read.
    """
    _, n_refused, n_troubled = counts
    if n_refused:
        with installation.warehouse.connect() as connection:
            raise InputError(_refusal(read_newest_refused(connection, n_refused)))
    if n_troubled:
        raise InputError(
            f"drop folder: {n_troubled} could not be read or kept; tried again in the next round, "
            "`drought ingest watch` names them now"
        )
    return 0


def _refusal(lines: Sequence[str]) -> str:
    return (
        f"drop folder: {len(lines)} refused, and kept; all other files were taken: "
        f"{' | '.join(lines)}"
    )
