"""Applies 0028_recipients.sql; forward only."""

from pipeline.warehouse.migrations import apply_beside

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    apply_beside(__file__)
