"""Applies 0012_ingests.sql; forward only."""

from pipeline.warehouse.migrations import apply_beside

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    apply_beside(__file__)
