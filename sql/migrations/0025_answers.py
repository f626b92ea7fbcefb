"""Applies 0025_answers.sql; forward only."""

from pipeline.warehouse.migrations import apply_beside

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    apply_beside(__file__)
