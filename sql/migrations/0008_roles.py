"""Applies 0008_roles.sql; forward only."""

from pipeline.warehouse.migrations import apply_beside

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    apply_beside(__file__)
