"""Applies 0003_series.sql; forward only."""

from pipeline.warehouse.migrations import apply_beside

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    apply_beside(__file__)
