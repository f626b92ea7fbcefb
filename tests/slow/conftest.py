"""Tests that start whole systems: Airflow live, workers, killed cycles. `make test-slow` runs them."""

from tests.integration.conftest import installation, postgres, warehouse, warehouse_url

__all__ = ["installation", "postgres", "warehouse", "warehouse_url"]
