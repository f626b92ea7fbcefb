"""The parts of the work, each with a role of its own in the warehouse."""

from __future__ import annotations

from enum import StrEnum


class Component(StrEnum):
    """A part of the work. Its value is its role; `sql/migrations/0030_components.sql` says what it may."""

    INGEST = "drought_ingest"
    COMPUTE = "drought_compute"
    DECIDE = "drought_decide"
    APPROVE = "drought_approve"
    DELIVER = "drought_deliver"
    PUBLISH = "drought_publish"
    WATCH = "drought_watch"
    CONFIGURE = "drought_configure"


COMMON = "drought_common"
"""The role of what every component may."""
PIPELINE = "drought_pipeline"
"""The role that is in all of them."""
ANALYST = "drought_analyst"
"""The role that reads `mart`, and is in none of them."""
MEMBERSHIPS: tuple[tuple[str, str], ...] = (
    *((COMMON, str(one)) for one in Component),
    *((str(one), PIPELINE) for one in Component),
    (str(Component.INGEST), str(Component.CONFIGURE)),
    (str(Component.DECIDE), str(Component.CONFIGURE)),
)
"""Which role is given to which; the operator loads lists of gauges, and goes live."""
ROLES: tuple[str, ...] = (PIPELINE, ANALYST, COMMON, *map(str, Component))
"""All roles of the warehouse."""
