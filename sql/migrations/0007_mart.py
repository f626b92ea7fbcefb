"""Applies 0007_mart.sql; forward only."""

from pipeline.warehouse.migrations import apply_beside

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    apply_beside(__file__)
