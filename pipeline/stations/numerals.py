"""Numbers as people write them: decimal commas, typographic minus signs, Roman numerals."""

from __future__ import annotations

import pandas as pd

ROMAN = {
    numeral: str(number)
    for number, numeral in enumerate(
        ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"), start=1
    )
}
"""As months and dekads are numbered in tables."""


def numbers(text: pd.Series, *, decimal_comma: bool) -> pd.Series:
    """Return a column of text as numbers; NaN where it is none. No thousands separators.

    Args:
        text: the column.
        decimal_comma: whether ``1,5`` is one and a half (``1.5`` always is).
    """
    plain = text.str.replace("\N{MINUS SIGN}", "-")
    mark = "[.,]" if decimal_comma else "[.]"
    is_number = plain.str.fullmatch(rf"[+-]?[0-9]*{mark}?[0-9]+") | plain.str.fullmatch(
        rf"[+-]?[0-9]+{mark}"
    )
    return plain.where(is_number, "nan").str.replace(",", ".").astype(float)


def whole_numbers(text: pd.Series, low: int, high: int) -> pd.Series:
    """Return a column of text as whole numbers from `low` to `high`; 0 where it is none.

    A whole number may be Roman, up to XII.
    """
    plain = text.replace(ROMAN)
    number = plain.where(plain.str.fullmatch("[0-9]{1,4}"), "0").astype(int)
    return number.where(number.between(low, high), 0)
