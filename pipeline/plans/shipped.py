"""The plan documents that come with the package: one template for each of the six countries.

`drought db migrate` loads them, so that a new installation has a plan in force for every month.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from pipeline.plans.document import Plan
from pipeline.plans.reading import from_yaml


@cache
def shipped_plans() -> tuple[Plan, ...]:
    """Return the shipped plans in the order of their file names; a process reads them once.

    Raises:
        InputError: a shipped document is not a valid plan.
    """
    documents = files("pipeline.plans").joinpath("documents").iterdir()
    found = sorted((d for d in documents if d.name.endswith(".yaml")), key=lambda d: d.name)
    return tuple(from_yaml(document.read_text("utf-8"), document.name) for document in found)
