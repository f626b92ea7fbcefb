"""Applies 0006_alerts.sql; forward only."""

from pipeline.warehouse.migrations import apply_beside

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    apply_beside(__file__)
