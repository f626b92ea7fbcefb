"""What an accumulated field stands for: a mean per day, or the total of the month.

The CDS writes ``units: m`` in both cases. Two things in a file settle it: the MARS stream
``moda`` in the history its converter wrote (monthly means of daily means, accumulations
rescaled to a day) and the GRIB step type ``avgad`` (average of daily accumulations). Neither
counts once another tool has added a line to the history: the values may have been changed.
"""

from __future__ import annotations

import re

import xarray as xr

from pipeline.core.errors import InputError
from pipeline.core.ids import Product

MONTHLY_MEANS = "moda"
"""The one MARS stream that holds monthly means of daily means."""
_STREAM = re.compile(r'"stream":\s*\["(\w+)"\]')
_DAILY_MEAN_STEP = "avgad"


def refuse_other_streams(raw: xr.Dataset, where: str) -> None:
    """Refuse a file whose own history says that it holds no monthly means.

    Raises:
        InputError: the stream is another than ``moda``, such as the hourly ``oper``.
    """
    stream = _stream(raw)
    if stream not in (None, MONTHLY_MEANS):
        raise InputError(
            f"{where}: not monthly data, expected stream {MONTHLY_MEANS!r} in the file's history, "
            f"got {stream!r}; ask the store for monthly_averaged_reanalysis"
        )


def settled_product(
    raw: xr.Dataset, codes: tuple[str, ...], given: Product | None, where: str
) -> tuple[Product, str]:
    """Return what the accumulated variables `codes` stand for, and what settled it.

    Raises:
        InputError: nothing in the file settles it and `given` is None, or the two disagree.
    """
    found = _product_in_file(raw, codes)
    if found is None and given is None:
        raise InputError(
            f"{where}: {', '.join(codes)} may be a mean per day or a total of the month, expected "
            f"stream {MONTHLY_MEANS!r} in the history or step type {_DAILY_MEAN_STEP!r}, got "
            f"neither; say --product {Product.MONTHLY_MEAN} or --product {Product.MONTHLY_TOTAL}"
        )
    if found is None:
        return Product(str(given)), f"--product {given}"
    if given not in (None, found[0]):
        raise InputError(
            f"{where}: expected --product {found[0]}, because of its {found[1]}, got {given}; leave "
            "--product out, or remove that attribute if the values were changed since"
        )
    return found


def _product_in_file(raw: xr.Dataset, codes: tuple[str, ...]) -> tuple[Product, str] | None:
    if _stream(raw) == MONTHLY_MEANS:
        return Product.MONTHLY_MEAN, f"history: stream {MONTHLY_MEANS}"
    steps = {raw[code].attrs.get("GRIB_stepType") for code in codes}
    if steps == {_DAILY_MEAN_STEP} and _is_untouched(raw):
        return Product.MONTHLY_MEAN, f"GRIB_stepType {_DAILY_MEAN_STEP}"
    return None


def _stream(raw: xr.Dataset) -> str | None:
    found = _STREAM.findall(_history(raw))
    return found[0] if _is_untouched(raw) and len(found) == 1 else None


def _is_untouched(raw: xr.Dataset) -> bool:
    return "\n" not in _history(raw)


def _history(raw: xr.Dataset) -> str:
    return str(raw.attrs.get("history", "")).strip()
