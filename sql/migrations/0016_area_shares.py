"""Applies 0016_area_shares.sql; forward only."""

from pipeline.warehouse.migrations import apply_beside

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    apply_beside(__file__)
