"""Applies 0027_approval.sql; forward only."""

from pipeline.warehouse.migrations import apply_beside

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    apply_beside(__file__)
