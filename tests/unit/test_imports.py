"""Without Airflow nothing lacks a package: every import of ours is found, however late it is made.

The run without Airflow leaves out the unit tests of the domain, which reads and writes nothing; that it
needs none of what Airflow brings along is seen here.
"""

from __future__ import annotations

import ast
from importlib.util import find_spec
from pathlib import Path

import pipeline

FOLDER = Path(pipeline.__file__).parent
MODULES = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.py"))
ORCHESTRATION = "orchestration/"
"""What alone may import Airflow, as import-linter sees to."""


def imported(path: Path) -> set[str]:
    """The packages that a module names in its import statements, those inside functions too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            found.add(node.module.partition(".")[0])
    return found


def test_every_package_that_is_imported_is_installed() -> None:
    needed = {m: imported(FOLDER / m) for m in MODULES if not m.startswith(ORCHESTRATION)}
    assert [module for module, names in needed.items() if "airflow" in names] == []
    lacking = {
        (module, name)
        for module, names in needed.items()
        for name in names
        if find_spec(name) is None
    }
    assert lacking == set()


def test_there_are_imports_to_be_found() -> None:
    assert {"numpy", "pydantic", "pipeline"} <= set().union(
        *(imported(FOLDER / module) for module in MODULES)
    )
