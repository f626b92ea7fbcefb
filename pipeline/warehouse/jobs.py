"""What was asked of a data store: requests, the months they cover, and the jobs they are made of."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from pipeline.core.months import Month

Inputs = Mapping[str, Any]
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Job:
    """The newest job of a part of a request."""

    job_key: int
    part: str
    inputs: Inputs
    state: str
    job_id: str | None
    intended_at: datetime
    is_due: bool
    """Whether it may be submitted now."""
    tried_seconds: float | None
    """Seconds since it was last sent to the store; None: it never was."""
    ended_seconds: float | None
    """Seconds since the store was done with it; None: it is not."""
    number: int
    """How many jobs of this part there have been, this one included."""
    times_lost: int
    """How many of them the store dropped."""
    error: str | None


@dataclass(frozen=True, slots=True)
class AskedFor:
    """A request, from the intent to the file."""

    request_id: int
    product_type: str
    """The kind of product of the data set, as the store names it."""
    area: Box
    """North, west, south, east, degrees."""
    state: str
    trouble: str | None
    months: tuple[Month, ...]
    came: tuple[Month, ...]
    """Those of its months that its file holds."""
    jobs: tuple[Job, ...]


_REQUESTS = """
SELECT
    r.request_id, r.product_type, r.area, r.state, r.trouble,
    array_agg(m.month ORDER BY m.month) AS months,
    array_agg(g.month ORDER BY g.month) FILTER (WHERE g.month IS NOT NULL) AS came
FROM ops.request AS r
JOIN ops.request_month AS m USING (request_id)
LEFT JOIN ops.grid_month AS g ON g.file_id = r.file_id AND g.month = m.month
WHERE r.dataset = :dataset AND r.product_type = coalesce(:product_type, r.product_type)
AND (r.request_id = ANY(:ids) OR (:all_open AND r.is_open))
GROUP BY r.request_id ORDER BY r.request_id
"""
_JOBS = """
SELECT DISTINCT ON (request_id, part)
    request_id, job_key, part, inputs, state, job_id, intended_at, error,
    not_before <= clock_timestamp() AS is_due,
    extract(EPOCH FROM clock_timestamp() - tried_at)::double precision AS tried_seconds,
    extract(EPOCH FROM clock_timestamp() - ended_at)::double precision AS ended_seconds,
    count(*) OVER (PARTITION BY request_id, part) AS number,
    count(*) FILTER (WHERE state = 'lost') OVER (PARTITION BY request_id, part) AS times_lost
FROM ops.job WHERE request_id = ANY(:ids) AND state <> 'too_large'
ORDER BY request_id, part, job_key DESC
"""


def read_open_requests(
    connection: Connection, dataset: str, product_type: str | None = None
) -> list[AskedFor]:
    """Return the requests to a data set that have not ended, oldest first; of one type, or all."""
    return _read(connection, dataset, product_type, ids=[], all_open=True)


def read_requests(connection: Connection, dataset: str, ids: Collection[int]) -> list[AskedFor]:
    """Return these requests, oldest first."""
    return _read(connection, dataset, None, ids=list(ids), all_open=False)


def read_untold_requests(connection: Connection, dataset: str) -> list[AskedFor]:
    """Return the requests received in the last week of which nobody was told: who waited was killed."""
    ids = connection.execute(
        text(
            "SELECT request_id FROM ops.request WHERE dataset = :dataset AND state = 'received' "
            "AND told_at IS NULL AND ended_at > now() - interval '7 days'"
        ),
        {"dataset": dataset},
    )
    return read_requests(connection, dataset, list(ids.scalars()))


def read_months_asked_in(
    connection: Connection, dataset: str, product_type: str, at: datetime
) -> list[tuple[Month, Box]]:
    """Return the months that the store answered for in the calendar month of `at`, with the area.

    It sent them, or said that it does not have them yet.
    """
    rows = connection.execute(
        text(
            "SELECT m.month, r.area FROM ops.request_month AS m "
            "JOIN ops.request AS r USING (request_id) WHERE r.dataset = :dataset "
            "AND r.product_type = :product_type AND r.state IN ('received', 'not_published') "
            "AND date_trunc('month', r.asked_at AT TIME ZONE 'UTC') "
            "= date_trunc('month', CAST(:at AS timestamptz) AT TIME ZONE 'UTC')"
        ),
        {"dataset": dataset, "product_type": product_type, "at": at},
    )
    return [(Month.of(row.month), tuple(row.area)) for row in rows]


def save_told(connection: Connection, request_ids: Collection[int]) -> None:
    """Note that who waited for these requests knows what came."""
    connection.execute(
        text(
            "UPDATE ops.request SET told_at = clock_timestamp() "
            "WHERE request_id = ANY(:ids) AND told_at IS NULL AND NOT is_open"
        ),
        {"ids": list(request_ids)},
    )


def _read(
    connection: Connection,
    dataset: str,
    product_type: str | None,
    *,
    ids: list[int],
    all_open: bool,
) -> list[AskedFor]:
    values = {"dataset": dataset, "product_type": product_type, "ids": ids, "all_open": all_open}
    rows = connection.execute(text(_REQUESTS), values).all()
    jobs: dict[int, list[Job]] = {row.request_id: [] for row in rows}
    for row in connection.execute(text(_JOBS), {"ids": list(jobs)}).mappings():
        fields = dict(row)
        jobs[fields.pop("request_id")].append(Job(**fields))
    return [
        AskedFor(
            row.request_id,
            row.product_type,
            tuple(row.area),
            row.state,
            row.trouble,
            tuple(map(Month.of, row.months)),
            tuple(map(Month.of, row.came or ())),
            tuple(jobs[row.request_id]),
        )
        for row in rows
    ]


def read_known_job_ids(connection: Connection) -> set[str]:
    """Return the store's ids of all jobs that are accounted for."""
    rows = connection.execute(text("SELECT job_id FROM ops.job WHERE job_id IS NOT NULL"))
    return set(rows.scalars())


def save_request(
    connection: Connection,
    dataset: str,
    area: Sequence[float],
    months: Sequence[Month],
    parts: Sequence[Inputs],
) -> int:
    """Write down that `months` are going to be asked for, in these parts; return the request's id.

    The parts say of which product type it is.

    Raises:
        IntegrityError: an open request of this type covers one of the months already.
    """
    (product_type,) = parts[0]["product_type"]
    kind = {"dataset": dataset, "product_type": product_type}
    request_id = connection.execute(
        text(
            "INSERT INTO ops.request (dataset, product_type, area) "
            "VALUES (:dataset, :product_type, CAST(:area AS jsonb)) RETURNING request_id"
        ),
        {**kind, "area": json.dumps(list(area))},
    ).scalar_one()
    connection.execute(
        text(
            "INSERT INTO ops.request_month (request_id, dataset, product_type, month) "
            "VALUES (:request_id, :dataset, :product_type, :month)"
        ),
        [{**kind, "request_id": request_id, "month": m.first_day} for m in months],
    )
    save_parts(connection, request_id, parts)
    return int(request_id)


def save_parts(connection: Connection, request_id: int, parts: Sequence[Inputs]) -> None:
    """Write down the jobs a request is going to be made of."""
    connection.execute(
        text(
            "INSERT INTO ops.job (request_id, part, inputs) "
            "VALUES (:request_id, :part, CAST(:inputs AS jsonb))"
        ),
        [
            {
                "request_id": request_id,
                "part": " ".join(inputs["variable"]),
                "inputs": json.dumps(inputs),
            }
            for inputs in parts
        ],
    )


def save_tried(connection: Connection, job_key: int) -> None:
    """Note that a job is being sent to the store: from now on the store may have it."""
    _update(connection, job_key, "tried_at = clock_timestamp()")


def save_submitted(connection: Connection, job_key: int, job_id: str) -> None:
    """Note the store's id of a job."""
    _update(
        connection,
        job_key,
        "state = 'submitted', job_id = :job_id, submitted_at = clock_timestamp()",
        job_id=job_id,
    )


def save_ready(connection: Connection, job_key: int) -> None:
    """Note that a job's reply can be downloaded."""
    _update(connection, job_key, "state = 'ready', ended_at = clock_timestamp()")


def save_announced(connection: Connection, job_key: int, size_bytes: int, md5: str | None) -> None:
    """Note what the store announces of a reply."""
    _update(
        connection, job_key, "size_bytes = :size_bytes, md5 = :md5", size_bytes=size_bytes, md5=md5
    )


def save_ended(
    connection: Connection, job_key: int, state: str, error: str, traceback: str | None = None
) -> None:
    """Note that a job came to nothing, and why."""
    _update(
        connection,
        job_key,
        "state = :state, error = :error, traceback = :traceback, ended_at = clock_timestamp()",
        state=state,
        error=error,
        traceback=traceback,
    )


def save_again(connection: Connection, job: Job, state: str, error: str, seconds: float) -> None:
    """Note that a job came to nothing, and that its part is to be submitted anew after a while."""
    save_ended(connection, job.job_key, state, error)
    connection.execute(
        text(
            "INSERT INTO ops.job (request_id, part, inputs, not_before) "
            "SELECT request_id, part, inputs, clock_timestamp() + make_interval(secs => :seconds) "
            "FROM ops.job WHERE job_key = :job_key"
        ),
        {"job_key": job.job_key, "seconds": seconds},
    )


def save_due(connection: Connection, request_id: int) -> None:
    """Let what a request has waiting be submitted now: somebody asks for it anew."""
    connection.execute(
        text(
            "UPDATE ops.job SET not_before = least(not_before, clock_timestamp()) "
            "WHERE request_id = :request_id AND state = 'intended'"
        ),
        {"request_id": request_id},
    )


def save_trouble(connection: Connection, request_id: int, trouble: str | None) -> None:
    """Note what keeps an open request waiting, for people."""
    connection.execute(
        text(
            "UPDATE ops.request SET trouble = :trouble WHERE request_id = :request_id AND is_open "
            "AND trouble IS DISTINCT FROM :trouble"
        ),
        {"request_id": request_id, "trouble": trouble},
    )


def close_request(
    connection: Connection,
    request_id: int,
    state: str,
    *,
    trouble: str | None = None,
    file_id: int | None = None,
) -> None:
    """Note how a request ended; from now on its months may be asked for again."""
    connection.execute(
        text(
            "UPDATE ops.request SET state = :state, trouble = :trouble, file_id = :file_id, "
            "ended_at = clock_timestamp() WHERE request_id = :request_id AND is_open"
        ),
        {"request_id": request_id, "state": state, "trouble": trouble, "file_id": file_id},
    )


def _update(connection: Connection, job_key: int, changes: str, **values: object) -> None:
    connection.execute(
        text(f"UPDATE ops.job SET {changes} WHERE job_key = :job_key"),  # noqa: S608 - ours above
        {"job_key": job_key, **values},
    )
