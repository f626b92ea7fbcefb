"""``python -m pipeline.orchestration.tidy DAYS``: forgets Airflow's runs and logs older than so many days.

Deliveries alone make some 50,000 runs a year, each with a log. No decision rests on them: those are
in the warehouse. Airflow's own command does the same for its tables, but copies first what it
deletes, and leaves the logs.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path


def forget_runs(before: datetime) -> None:
    """Delete the rows of Airflow's tables that are older, but for the newest run of each DAG.

    Raises:
        Exception: as Airflow says; what was deleted until then stays deleted.
    """
    from airflow.utils.db_cleanup import config_dict, run_cleanup

    # A DAG that is switched off is not parsed, and would be forgotten with all its runs.
    tables = sorted(set(config_dict) - {"dag", "dag_version"})
    run_cleanup(
        clean_before_timestamp=before,
        table_names=tables,
        confirm=False,
        skip_archive=True,
        error_on_cleanup_failure=True,
    )


def forget_logs(folder: Path, before: datetime) -> int:
    """Delete logs last written before, and folders as old that are empty then; return how many logs.

    A young empty folder stays: a task is about to write its log there.
    """
    # The deepest first, so that a folder is empty when its turn comes.
    old = [
        path
        for path in sorted(folder.rglob("*"), reverse=True)
        if path.lstat().st_mtime < before.timestamp()
    ]
    logs = [path for path in old if path.is_symlink() or not path.is_dir()]
    for path in logs:
        path.unlink(missing_ok=True)
    for path in (path for path in old if path.is_dir()):
        if not any(path.iterdir()):
            path.rmdir()
    return len(logs)


def main(days: int) -> None:
    """Forget what is older than `days` in the database and the log folder that Airflow is set to."""
    from airflow.configuration import conf

    before = datetime.now(UTC) - timedelta(days=days)
    forget_runs(before)
    logs = forget_logs(Path(conf.get("logging", "base_log_folder")), before)
    print(f"forgotten: {logs} logs, and the runs before {before:%Y-%m-%d}")  # noqa: T201


if __name__ == "__main__":
    main(int(sys.argv[1]))
