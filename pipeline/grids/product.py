"""What a file says about itself: its stream, what accumulated fields stand for, when it was made.

The CDS writes ``units: m`` for a mean per day and for the total of a month. Two things in a file
settle it: the MARS stream ``moda``, in the messages of a GRIB or in the history that the store's
converter wrote (monthly means of daily means, accumulations rescaled to a day), and the GRIB step
type ``avgad`` (average of daily accumulations). Nothing counts once another tool has added a line
to the history: the values may have been changed.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

import xarray as xr

from pipeline.core.errors import InputError
from pipeline.core.ids import Product

MONTHLY_MEANS = "moda"
"""The one MARS stream that holds monthly means of daily means."""
HOURS_OF_DAY = "mnth"
"""The one that holds monthly means of each hour of the day."""
_STREAM = re.compile(r'"stream":\s*\["(\w+)"\]')
_CONVERTED_AT = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)")
"""How the store's converters, old and new, begin their line: a date and a time, which is UTC."""
_DAILY_MEAN_STEP = "avgad"


def refuse_other_streams(raw: xr.Dataset, where: str) -> None:
    """Refuse a file whose own history says that it holds no monthly means.

    Raises:
        InputError: the stream is another than ``moda`` and ``mnth``, such as the hourly ``oper``.
    """
    stream = _stream(raw)
    if stream not in (None, MONTHLY_MEANS, HOURS_OF_DAY):
        raise InputError(
            f"{where}: not monthly data, expected stream {MONTHLY_MEANS!r} or {HOURS_OF_DAY!r} in "
            f"the file, got {stream!r}; ask the store for monthly_averaged_reanalysis"
        )


def is_by_hour_of_day(raw: xr.Dataset) -> bool:
    """Whether a file says of itself that it holds a mean for each hour of the day."""
    return _stream(raw) == HOURS_OF_DAY


def issue_of(raw: xr.Dataset) -> datetime | None:
    """Return when the store made the file, by its own word; None where it does not say.

    A store overwrites what it holds, so the file it made later holds the newer values.
    """
    found = _CONVERTED_AT.match(_history(raw)) if _is_untouched(raw) else None
    try:
        return found and datetime.fromisoformat(f"{found[1]}T{found[2]}").replace(tzinfo=UTC)
    except ValueError:
        return None


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
        said_by = "history" if _STREAM.search(_history(raw)) else "GRIB"
        return Product.MONTHLY_MEAN, f"{said_by}: stream {MONTHLY_MEANS}"
    steps = {raw[code].attrs.get("GRIB_stepType") for code in codes}
    if steps == {_DAILY_MEAN_STEP} and _is_untouched(raw):
        return Product.MONTHLY_MEAN, f"GRIB_stepType {_DAILY_MEAN_STEP}"
    return None


def _stream(raw: xr.Dataset) -> str | None:
    if not _is_untouched(raw):
        return None
    found = _STREAM.findall(_history(raw)) or sorted(_streams_of_messages(raw))
    return found[0] if len(found) == 1 else None


def _streams_of_messages(raw: xr.Dataset) -> set[str]:
    streams = {variable.attrs.get("GRIB_stream") for variable in raw.data_vars.values()}
    return {str(stream) for stream in streams if stream}


def _is_untouched(raw: xr.Dataset) -> bool:
    return "\n" not in _history(raw)


def _history(raw: xr.Dataset) -> str:
    return str(raw.attrs.get("history", "")).strip()
