"""Applies 0017_temperature_range.sql; forward only."""

from pipeline.warehouse.migrations import apply_beside

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    apply_beside(__file__)
