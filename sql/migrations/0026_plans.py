"""Applies 0026_plans.sql; forward only."""

from pipeline.warehouse.migrations import apply_beside

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    apply_beside(__file__)
