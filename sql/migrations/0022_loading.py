"""Applies 0022_loading.sql; forward only."""

from pipeline.warehouse.migrations import apply_beside

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    apply_beside(__file__)
