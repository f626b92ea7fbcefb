"""Applies 0001_foundations.sql; forward only."""

from pipeline.warehouse.migrations import apply_beside

revision = "0001"
down_revision = None


def upgrade() -> None:
    apply_beside(__file__)
