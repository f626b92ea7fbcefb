"""Applies 0005_plans.sql; forward only."""

from pipeline.warehouse.migrations import apply_beside

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    apply_beside(__file__)
