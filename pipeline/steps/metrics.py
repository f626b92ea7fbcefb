"""How the installation stands as an OpenMetrics file, for Prometheus' node_exporter and its kin.

Gauges only, without timestamps: such a file is OpenMetrics and the older text format at once, and the
textfile collector reads the older one. Labels are ids of the warehouse's own making: countries, sources,
drought types, stages, steps, channels. No landscape, no person, no address, no message.
"""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from datetime import time as time_of_day
from importlib.metadata import version
from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.openmetrics.exposition import generate_latest
from prometheus_client.registry import Collector

from pipeline.core.errors import DeliveryError
from pipeline.steps.checkup import Verdict
from pipeline.steps.machine import BackupState
from pipeline.steps.standing import Standing
from pipeline.steps.status import SCHEDULED, Status
from pipeline.warehouse.migrations import newest_known

_log = logging.getLogger(__name__)

Value = float | int
Labelled = Mapping[tuple[str, ...], Value]


def write_metrics(found: Standing, to: Path) -> None:
    """Write the file, so that whoever reads it meanwhile reads the old one or the new one whole.

    Raises:
        DeliveryError: it cannot be written.
    """
    content = as_openmetrics(found)
    # The collector reads what ends in .prom.
    part = to.with_name(f".{to.name}.{os.getpid()}.part")
    try:
        if not to.parent.exists():
            to.parent.mkdir(parents=True)
            to.parent.chmod(0o755)  # whatever the mask of the service
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.chmod(0o644)  # the collector is another user
        part.replace(to)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        raise DeliveryError(
            f"{to}: could not be written: {error.strerror or error}; free space or mend the folder's "
            "rights"
        ) from error


def as_openmetrics(found: Standing) -> bytes:
    """Return how the installation stands in the OpenMetrics text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collected(list(families(found))))
    content: bytes = generate_latest(registry)  # type: ignore[no-untyped-call]
    return content


class _Collected(Collector):
    def __init__(self, found: Sequence[GaugeMetricFamily]) -> None:
        self._found = found

    def collect(self) -> Iterable[GaugeMetricFamily]:
        return self._found


def families(found: Standing) -> Iterator[GaugeMetricFamily]:
    """Yield every metric; those that only the database tells are left out where it does not answer."""
    yield _one("metrics_written_timestamp_seconds", "When this file was written.", _at(found.at))
    yield _many(
        "build_info",
        "Always 1: the version of the software and its newest migration.",
        ("version", "newest_migration"),
        {(version("cacilm-drought"), newest_known()): 1},
    )
    yield _one(
        "up", "Whether the database answers and is of this version.", found.status is not None
    )
    yield _many(
        "verdict",
        "1 for the overall verdict: ok, attention or broken.",
        ("verdict",),
        {(str(one),): one is found.verdict for one in Verdict},
    )
    yield _many(
        "reasons",
        "Reasons why not all is well, by what they are about.",
        ("what", "verdict"),
        Counter((one.what, str(one.verdict)) for one in found.reasons),
    )
    yield _many(
        "disk_free_bytes",
        "Room where a folder lies.",
        ("folder",),
        {(one.folder,): one.free_bytes for one in found.disks if one.free_bytes is not None},
    )
    yield _many(
        "disk_size_bytes",
        "Size of the disk where a folder lies.",
        ("folder",),
        {(one.folder,): one.size_bytes for one in found.disks if one.size_bytes is not None},
    )
    if found.backups is not None:
        yield from _backups(found.backups)
    if found.status is not None:
        yield from _of_status(found.status)


def _backups(backups: BackupState) -> Iterator[GaugeMetricFamily]:
    yield _one("backups", "Backups in the folder.", backups.count)
    for name, text, at in (
        ("newest", "The moment that the newest backup holds.", backups.newest_at),
        ("tried", "The moment that the newest tried backup holds.", backups.last_tried_at),
    ):
        if at is not None:
            yield _one(f"backup_{name}_timestamp_seconds", text, _at(at))
    if backups.newest_bytes is not None:
        yield _one("backup_newest_bytes", "Size of the newest backup.", backups.newest_bytes)


def _of_status(found: Status) -> Iterator[GaugeMetricFamily]:
    yield _one("exercise", "Whether data are simulated.", found.origin == "simulated")
    yield _one("live", "Whether alerts are told.", found.live_from is not None)
    yield _one("database_bytes", "Size of the database.", found.server.size_bytes)
    yield from _freshness(found)
    yield from _stages(found)
    yield from _answers(found)
    yield from _messages(found)
    yield from _steps(found)
    yield from _checks(found)


def _freshness(found: Status) -> Iterator[GaugeMetricFamily]:
    of = {(str(r["country_code"]), str(r["source"])): r for r in found.freshness}
    for column, name, text in (
        ("newest_month", "newest_month", "First day of the newest month with values."),
        ("newest_final_month", "final_month", "First day of the newest month with final values."),
    ):
        yield _many(
            f"{name}_timestamp_seconds",
            text,
            ("country", "source"),
            {key: _at(row[column]) for key, row in of.items() if row[column] is not None},
        )
    for column, name, text in (
        ("months_late", "months_late", "Months that should have come by the schedule."),
        ("preliminary_overdue", "months_preliminary_overdue", "Months whose final values are overdue."),
        ("landscapes_with_values", "landscapes_with_values", "Landscapes with values in the newest month."),
    ):  # fmt: skip
        yield _many(
            name,
            text,
            ("country", "source"),
            {key: int(row[column]) for key, row in of.items() if row[column] is not None},
        )
    late: Counter[tuple[str, ...]] = Counter()
    for row in found.late_readings:
        late[row["country_code"],] += 1
    yield _many(
        "readings_late_by_plan",
        "Measures that are later than the plan in force allows.",
        ("country",),
        late,
    )
    if found.newest_month is not None:
        yield _one(
            "newest_stage_month_timestamp_seconds",
            "First day of the newest month with stages.",
            _at(found.newest_month.first_day),
        )


def _stages(found: Status) -> Iterator[GaugeMetricFamily]:
    yield _many(
        "landscapes_in_stage",
        "Landscapes by stage in the newest month with stages.",
        ("country", "drought_type", "stage"),
        Counter((str(r["country_code"]), str(r["drought_type"]), str(r["stage"])) for r in found.stages),
    )  # fmt: skip
    yield _many(
        "landscapes_unconfirmed",
        "Landscapes whose stage is held for longer than the plan allows.",
        ("country", "drought_type"),
        Counter(
            (str(row["country_code"]), str(row["drought_type"]))
            for row in found.stages
            if not row["is_confirmed"]
        ),
    )


def _answers(found: Status) -> Iterator[GaugeMetricFamily]:
    countries = {row["country_code"] for row in found.freshness}
    pending = Counter(row["country_code"] or "none" for row in found.pending)
    yield _many(
        "alerts_pending",
        "Alerts that wait for approval.",
        ("country",),
        {(one,): pending[one] for one in sorted({*countries, *pending})},
    )
    asked = [row["requested_at"] for row in found.pending]
    if asked:
        yield _one(
            "alerts_pending_oldest_timestamp_seconds",
            "Since when the oldest alert waits for approval.",
            _at(min(asked)),
        )
    yield _one(
        "alerts_pending_overdue",
        "Alerts that wait for longer than their plan allows.",
        sum(1 for row in found.pending if row["is_escalated"]),
    )
    yield _one(
        "alerts_expired",
        "Alerts that expired unanswered in the last 31 days.",
        len(found.expired),
    )


def _messages(found: Status) -> Iterator[GaugeMetricFamily]:
    of = {one.channel: one for one in found.channels}
    names = sorted({"mail", "file", *of})
    yield _many(
        "messages_undelivered",
        "Approved messages and notices that have not left.",
        ("channel",),
        {(name,): of[name].waiting if name in of else 0 for name in names},
    )
    yield _many(
        "messages_refused",
        "Those of them that were tried and not taken.",
        ("channel",),
        {(name,): of[name].refused if name in of else 0 for name in names},
    )
    yield _many(
        "channel_failing_since_timestamp_seconds",
        "Since when a channel does not answer.",
        ("channel",),
        {(name,): _at(o.failing_since) for name, o in of.items() if o.failing_since is not None},
    )


def _steps(found: Status) -> Iterator[GaugeMetricFamily]:
    of = {(one.step,): one for one in found.outcomes if one.step in SCHEDULED}
    yield _many(
        "step_last_success_timestamp_seconds",
        "When a step last ended well.",
        ("step",),
        {key: _at(one.last_done_at) for key, one in of.items() if one.last_done_at is not None},
    )
    yield _many(
        "step_last_end_timestamp_seconds",
        "When a step last ended, well or not.",
        ("step",),
        {key: _at(one.ended_at) for key, one in of.items()},
    )
    yield _many(
        "step_last_duration_seconds",
        "How long a step took last.",
        ("step",),
        {key: one.seconds for key, one in of.items()},
    )
    yield _many(
        "step_failures",
        "How often a step has failed since it last ended otherwise.",
        ("step",),
        {key: one.failures for key, one in of.items()},
    )
    failed = Counter(row["state"] for row in found.requests)
    yield _one("requests_failed", "Requests that failed and were not asked anew.", failed["failed"])
    yield _one("files_refused", "Files refused and not taken since.", len(found.refused_files))


def _checks(found: Status) -> Iterator[GaugeMetricFamily]:
    checks = found.checks
    if checks is None:
        return
    yield _one(
        "checks_last_end_timestamp_seconds", "When all checks ran last.", _at(checks.ended_at)
    )
    yield _one("checks_not_run", "Checks that could not be run.", checks.not_run)
    for what, text in (
        ("checks", "Checks that found something, by severity."),
        ("rows", "Rows that the checks found, by severity."),
    ):
        name = "checks_with_findings" if what == "checks" else "checks_rows"
        yield _many(
            name,
            text,
            ("severity",),
            {(severity,): one[what] for severity, one in checks.found.items()},
        )


def _one(name: str, text: str, value: Value) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"drought_{name}", text, value=float(value))


def _many(name: str, text: str, labels: Sequence[str], values: Labelled) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"drought_{name}", text, labels=labels)
    for key, value in sorted(values.items()):
        family.add_metric(list(key), float(value))
    return family


def _at(moment: datetime | date) -> float:
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time_of_day(), UTC)
    return moment.timestamp()
