"""Parts of one reply joined by month.

The store splits a reply by step type; its parts carry different hours of the same month, so
each is brought to months before they meet.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np
import xarray as xr

from pipeline.core.errors import InputError
from pipeline.grids.stamps import Months, least_settled

_SHARED = ("origin", "product")


def joined(parts: Sequence[xr.Dataset], where: str) -> xr.Dataset:
    """Return one Dataset of monthly fields from `parts`, each as `part_fields` gives it.

    A month that a part lacks is missing in its variables. The release of a month is the least
    settled of its parts, its issue that of the last one made; counts of raised negatives add up.

    Raises:
        InputError: the parts differ in grid, origin or product, or two hold the same field.
    """
    for name in ("latitude", "longitude"):
        if any(not np.array_equal(part[name], parts[0][name]) for part in parts):
            raise InputError(
                f"{where}: its parts differ in {name}, expected one grid; ask for them again "
                "with one area"
            )
    months = np.unique(np.concatenate([part["month"].to_numpy() for part in parts]))
    names = dict.fromkeys(str(name) for part in parts for name in part.data_vars)
    fields = {name: _field(name, parts, months, where) for name in names}
    release = [_release(month, parts) for month in months]
    whole = xr.Dataset(fields).assign_coords(release=("month", release))
    return whole.assign_attrs(_attrs(parts, where))


def _field(name: str, parts: Sequence[xr.Dataset], months: Months, where: str) -> xr.DataArray:
    held = [part[name].drop_vars("release").reindex(month=months) for part in parts if name in part]
    filled = [field.notnull().any(("latitude", "longitude")).to_numpy() for field in held]
    if (np.sum(filled, axis=0) > 1).any():
        raise InputError(
            f"{where}: two of its parts hold {name} for one month, expected each once; "
            "give the files one by one"
        )
    return reduce(lambda one, other: one.combine_first(other), held)


def _release(month: np.datetime64, parts: Sequence[xr.Dataset]) -> str:
    return least_settled(
        str(part["release"].sel(month=month).item())
        for part in parts
        if month in part["month"].to_numpy()
    )


def _attrs(parts: Sequence[xr.Dataset], where: str) -> dict[str, str | int]:
    for key in _SHARED:
        said = {part.attrs[key] for part in parts if key in part.attrs}
        if len(said) > 1:
            raise InputError(
                f"{where}: its parts differ in {key}, expected one, got "
                f"{' and '.join(sorted(said))}; give the files one by one"
            )
    attrs: dict[str, str | int] = {}
    for part in parts:
        attrs |= part.attrs
    issues = [part.attrs.get("issued_at") for part in parts]
    attrs.pop("issued_at", None)
    if all(issues):
        attrs["issued_at"] = max(map(str, issues))
    keys = [key for part in parts for key in part.attrs if key.startswith("negative_")]
    return attrs | {key: sum(int(part.attrs.get(key, 0)) for part in parts) for key in keys}
