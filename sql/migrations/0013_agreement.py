"""Applies 0013_agreement.sql; forward only."""

from pipeline.warehouse.migrations import apply_beside

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    apply_beside(__file__)
