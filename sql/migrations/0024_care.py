"""Applies 0024_care.sql; forward only."""

from pipeline.warehouse.migrations import apply_beside

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    apply_beside(__file__)
