"""Applies 0032_addresses.sql; forward only."""

from pipeline.warehouse.migrations import apply_beside

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    apply_beside(__file__)
