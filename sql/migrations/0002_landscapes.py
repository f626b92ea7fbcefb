"""Applies 0002_landscapes.sql; forward only."""

from pipeline.warehouse.migrations import apply_beside

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    apply_beside(__file__)
