"""Applies 0020_decisions.sql; forward only."""

from pipeline.warehouse.migrations import apply_beside

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    apply_beside(__file__)
