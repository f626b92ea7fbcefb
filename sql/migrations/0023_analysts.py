"""Applies 0023_analysts.sql; forward only."""

from pipeline.warehouse.migrations import apply_beside

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    apply_beside(__file__)
