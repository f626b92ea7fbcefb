"""Applies 0030_components.sql; forward only."""

from pipeline.warehouse.migrations import apply_beside

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    apply_beside(__file__)
