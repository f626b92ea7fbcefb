"""Applies 0010_releases.sql; forward only."""

from pipeline.warehouse.migrations import apply_beside

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    apply_beside(__file__)
