"""Applies 0015_drivers.sql; forward only."""

from pipeline.warehouse.migrations import apply_beside

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    apply_beside(__file__)
