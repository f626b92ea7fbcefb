"""Applies 0031_watching.sql; forward only."""

from pipeline.warehouse.migrations import apply_beside

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    apply_beside(__file__)
