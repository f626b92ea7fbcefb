"""Applies 0014_indicators.sql; forward only."""

from pipeline.warehouse.migrations import apply_beside

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    apply_beside(__file__)
