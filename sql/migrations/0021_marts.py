"""Applies 0021_marts.sql; forward only."""

from pipeline.warehouse.migrations import apply_beside

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    apply_beside(__file__)
