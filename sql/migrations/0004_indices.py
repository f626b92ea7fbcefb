"""Applies 0004_indices.sql; forward only."""

from pipeline.warehouse.migrations import apply_beside

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    apply_beside(__file__)
