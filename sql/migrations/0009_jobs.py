"""Applies 0009_jobs.sql; forward only."""

from pipeline.warehouse.migrations import apply_beside

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    apply_beside(__file__)
