"""The register of raw files: what came, which months it holds, what was made of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, text

from pipeline.core.errors import ConflictError
from pipeline.core.files import RawFile
from pipeline.core.ids import Origin, Release
from pipeline.core.months import Month
from pipeline.warehouse.locks import wait_for_writer


@dataclass(frozen=True, slots=True)
class HeldFile:
    """A grid file, as the register has it."""

    file_id: int
    name: str
    archive_key: str
    source: str
    product: str | None
    origin: Origin
    received_at: datetime
    """When its bytes came last."""
    variables: tuple[str, ...] | None = None
    """What it holds, by our names; None: taken before that was noted."""


@dataclass(frozen=True, slots=True)
class PendingMonths:
    """Months whose landscape means are not current, and every file that holds them."""

    months: tuple[Month, ...]
    releases: Mapping[HeldFile, Mapping[Month, Release]]
    """Of each file the release of each of the months."""


def save_file(
    connection: Connection,
    raw: RawFile,
    *,
    kind: str,
    source: str,
    product: str | None,
    origin: Origin,
    request: Mapping[str, Any] | None = None,
    variables: Sequence[str] | None = None,
) -> tuple[int, bool]:
    """Register `raw`, of a grid with the `variables` it holds; return its id and whether it is new.

    The same bytes are one file. If they come again after another file of the same months, they
    count as the last ones received, which decides where nothing else does (`choice`); if under
    another reading (`product`), the reading is corrected and what was fitted to the wrong one is
    dropped. In both cases means are taken anew.

    Raises:
        ConflictError: the same bytes came under another source before.
    """
    known = connection.execute(
        text("SELECT file_id, source, product FROM ops.file WHERE sha256 = :sha256"),
        {"sha256": raw.sha256},
    ).one_or_none()
    if known is not None:
        if known.source != source:
            raise ConflictError(
                f"{raw.name}: these bytes came before as source {known.source!r}, got {source!r}; "
                "one file belongs to one source"
            )
        if known.product != product:
            _correct_product(connection, known.file_id, source, product)
        _receive_again(connection, known.file_id)
        if variables is not None:
            save_variables(connection, known.file_id, variables)
        return int(known.file_id), False
    file_id = connection.execute(
        text(
            "INSERT INTO ops.file "
            "(sha256, archive_key, kind, source, product, origin, size_bytes, request, name, "
            "variables) VALUES (:sha256, :archive_key, :kind, :source, :product, :origin, "
            ":size_bytes, CAST(:request AS jsonb), :name, :variables) RETURNING file_id"
        ),
        {
            "sha256": raw.sha256,
            "archive_key": raw.archive_key,
            "size_bytes": raw.size_bytes,
            "name": raw.name,
            "kind": kind,
            "source": source,
            "product": product,
            "origin": origin,
            "request": None if request is None else json.dumps(request),
            "variables": None if variables is None else list(variables),
        },
    ).scalar_one()
    return int(file_id), True


def save_variables(connection: Connection, file_id: int, variables: Sequence[str]) -> None:
    """Note what a grid file holds, by our names."""
    connection.execute(
        text("UPDATE ops.file SET variables = :variables WHERE file_id = :id"),
        {"variables": list(variables), "id": file_id},
    )


def _correct_product(
    connection: Connection, file_id: int, source: str, product: str | None
) -> None:
    # Whoever computes now knows of the fits; what it saves after they are gone would stand for good.
    wait_for_writer(connection)
    connection.execute(
        text("UPDATE ops.file SET product = :product WHERE file_id = :id"),
        {"product": product, "id": file_id},
    )
    for fits in ("calibration", "cell_calibration"):
        connection.execute(
            text(f"DELETE FROM index.{fits} WHERE source = :source"),  # noqa: S608 - names above
            {"source": source},
        )
    _take_means_anew(connection, file_id)


def _receive_again(connection: Connection, file_id: int) -> None:
    """Make a file the last one received, if another came after it with a month it holds."""
    is_overtaken = connection.execute(
        text(
            "SELECT EXISTS (SELECT FROM ops.grid_month AS ours JOIN ops.file AS us USING (file_id) "
            "JOIN ops.grid_month AS other ON other.source = ours.source "
            "AND other.month = ours.month AND other.file_id <> ours.file_id "
            "JOIN ops.file AS them ON them.file_id = other.file_id "
            "WHERE us.file_id = :id AND (them.last_received_at, them.file_id) "
            "> (us.last_received_at, us.file_id))"
        ),
        {"id": file_id},
    ).scalar_one()
    if is_overtaken:
        connection.execute(
            text("UPDATE ops.file SET last_received_at = now() WHERE file_id = :id"),
            {"id": file_id},
        )
        _take_means_anew(connection, file_id)


def _take_means_anew(connection: Connection, file_id: int) -> None:
    connection.execute(
        text("UPDATE ops.grid_month SET averaged_over = NULL WHERE file_id = :id"),
        {"id": file_id},
    )


def save_grid_months(
    connection: Connection, file_id: int, source: str, releases: Mapping[Month, Release]
) -> None:
    """Note which months a grid file holds, and in which release."""
    connection.execute(
        text(
            "INSERT INTO ops.grid_month (file_id, month, source, release) "
            "VALUES (:file_id, :month, :source, :release) ON CONFLICT (file_id, month) "
            "DO UPDATE SET release = excluded.release, averaged_over = NULL "
            "WHERE grid_month.release <> excluded.release"
        ),
        [
            {"file_id": file_id, "month": m.first_day, "source": source, "release": release}
            for m, release in releases.items()
        ],
    )


def read_sources(connection: Connection) -> list[str]:
    """Return the names of the grid sources the warehouse holds."""
    rows = connection.execute(text("SELECT DISTINCT source FROM ops.grid_month ORDER BY source"))
    return [row.source for row in rows]


def read_months_held(
    connection: Connection, source: str, averaged_over: str | None = None
) -> list[Month]:
    """Return the months of `source` whose rain a file holds, oldest first.

    With `averaged_over`, only months whose means are taken for those landscapes, of all files.
    """
    rows = connection.execute(
        text(
            "SELECT g.month FROM ops.grid_month AS g JOIN ops.file AS f USING (file_id) "
            "WHERE g.source = :source GROUP BY g.month HAVING bool_or(f.holds_rain) "
            "AND (CAST(:averaged_over AS text) IS NULL "
            "OR bool_and(coalesce(g.averaged_over = :averaged_over, false))) ORDER BY g.month"
        ),
        {"source": source, "averaged_over": averaged_over},
    )
    return [Month.of(row.month) for row in rows]


def read_pending_months(
    connection: Connection, source: str, averaged_over: str, until: Month | None
) -> list[PendingMonths]:
    """Return the months of which a file's means were not taken for `averaged_over`.

    Months that the same files hold come together, oldest first. All files of a month are given,
    not only the one that is new: what holds for a month follows from all of them.
    """
    rows = connection.execute(
        text(
            f"{_HELD} WHERE g.source = :source AND g.month IN ("  # noqa: S608 - constant
            "SELECT month FROM ops.grid_month WHERE source = :source "
            "AND averaged_over IS DISTINCT FROM :averaged_over "
            "AND month <= coalesce(CAST(:until AS date), 'infinity')) "
            "ORDER BY g.month, f.file_id"
        ),
        {
            "source": source,
            "averaged_over": averaged_over,
            "until": until.first_day if until else None,
        },
    ).all()
    by_month = _by_month(rows)
    together: dict[tuple[HeldFile, ...], list[Month]] = {}
    for month, files in by_month.items():
        together.setdefault(tuple(files), []).append(month)
    return [
        PendingMonths(
            tuple(months),
            {file: {month: by_month[month][file] for month in months} for file in files},
        )
        for files, months in together.items()
    ]


def read_files_of_months(
    connection: Connection, source: str
) -> dict[Month, dict[HeldFile, Release]]:
    """Return the files of every month whose rain one of them holds, oldest month first."""
    rows = connection.execute(
        text(
            f"{_HELD} WHERE g.source = :source AND g.month IN ("  # noqa: S608 - constant
            "SELECT month FROM ops.grid_month JOIN ops.file USING (file_id) "
            "WHERE grid_month.source = :source AND holds_rain) ORDER BY g.month, f.file_id"
        ),
        {"source": source},
    ).all()
    return _by_month(rows)


_HELD = (
    "SELECT g.month, g.release, f.file_id, f.name, f.archive_key, f.source, f.product, "
    "f.origin, f.last_received_at, f.variables FROM ops.grid_month AS g JOIN ops.file AS f USING (file_id)"
)


def _by_month(rows: Iterable[Row[Any]]) -> dict[Month, dict[HeldFile, Release]]:
    by_month: dict[Month, dict[HeldFile, Release]] = {}
    for row in rows:
        file = HeldFile(
            row.file_id,
            row.name,
            row.archive_key,
            row.source,
            row.product,
            Origin(row.origin),
            row.last_received_at,
            None if row.variables is None else tuple(row.variables),
        )
        by_month.setdefault(Month.of(row.month), {})[file] = Release(row.release)
    return by_month


def mark_averaged(
    connection: Connection,
    files: Mapping[HeldFile, Mapping[Month, Release]],
    months: Sequence[Month],
    averaged_over: str,
) -> None:
    """Note that the means of `months` are taken of all `files`, in these releases.

    A file that came again, or was given another reading or release, in the meantime stays pending.
    """
    connection.execute(
        text(
            "UPDATE ops.grid_month AS g SET averaged_over = :averaged_over FROM ops.file AS f "
            "WHERE f.file_id = g.file_id AND g.file_id = :file_id AND (g.month, g.release) IN "
            "(SELECT * FROM unnest(CAST(:months AS date[]), CAST(:releases AS text[]))) "
            "AND f.last_received_at = :received_at AND f.product IS NOT DISTINCT FROM :product"
        ),
        [
            {
                "averaged_over": averaged_over,
                "file_id": file.file_id,
                "months": [month.first_day for month in months],
                "releases": [releases[month] for month in months],
                "received_at": file.received_at,
                "product": file.product,
            }
            for file, releases in files.items()
        ],
    )
