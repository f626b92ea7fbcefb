"""Applies 0011_stations.sql; forward only."""

from pipeline.warehouse.migrations import apply_beside

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    apply_beside(__file__)
