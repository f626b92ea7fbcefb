"""Applies 0019_moments.sql; forward only."""

from pipeline.warehouse.migrations import apply_beside

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    apply_beside(__file__)
