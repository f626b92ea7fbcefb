"""Tests that start whole systems: Airflow live, workers, killed cycles. `make test-slow` runs them."""

from tests.integration.conftest import admin, installation, postgres, warehouse, warehouse_url

__all__ = ["admin", "installation", "postgres", "warehouse", "warehouse_url"]
