"""What a decision is computed with, so that a replay can tell its own software from that of then."""

from __future__ import annotations

from importlib.metadata import version

from pipeline.steps.landscape_indices import METHOD

_PACKAGES = ("cacilm-drought", "climate-indices", "numpy", "scipy")


def running_versions() -> dict[str, str]:
    """Return the versions of this software and of what its numbers come from, by name."""
    return {name: version(name) for name in _PACKAGES} | {"method of indices": METHOD}
