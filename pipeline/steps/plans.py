"""Read and load plan documents."""

from __future__ import annotations

from pathlib import Path

from pipeline.core.errors import InputError
from pipeline.plans.document import Plan
from pipeline.plans.reading import from_yaml
from pipeline.steps.installation import Installation
from pipeline.steps.outcome import recorded
from pipeline.warehouse.locks import only_writer
from pipeline.warehouse.plans import save_plan


def read_plan_file(path: Path) -> Plan:
    """Return the plan in a file.

    Raises:
        InputError: there is no such file, or it is no plan.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path}: cannot be read, expected a plan in UTF-8 YAML: {error}"
        ) from error
    return from_yaml(text, str(path))


def load_plan(installation: Installation, path: Path) -> tuple[Plan, bool]:
    """Load the plan in a file; return it and whether it was new.

    Raises:
        InputError: the document is refused.
        ConflictError: this version was loaded with another content.
    """
    with recorded(installation.warehouse, "plans") as report:
        plan = read_plan_file(path)
        with only_writer(installation.warehouse), installation.warehouse.begin() as connection:
            is_new = save_plan(connection, plan, is_shipped=False)
        report.rows = int(is_new)
        return plan, is_new
