"""Applies 0018_aridity.sql; forward only."""

from pipeline.warehouse.migrations import apply_beside

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    apply_beside(__file__)
