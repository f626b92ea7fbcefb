"""A machine's name for Airflow: two workers of a test stand on one machine, which has one name."""

from __future__ import annotations

import os


def machine() -> str:
    return os.environ["NAME_OF_MACHINE"]
