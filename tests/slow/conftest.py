"""Tests that start whole systems: Airflow live, workers, killed cycles. `make test-slow` runs them."""

from tests.integration.conftest import admin, installation, postgres, warehouse, warehouse_url
from tests.slow.faults.judging import at

__all__ = ["admin", "at", "installation", "postgres", "warehouse", "warehouse_url"]
