"""Applies 0029_bulletins.sql; forward only."""

from pipeline.warehouse.migrations import apply_beside

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    apply_beside(__file__)
