"""The names a plan document gives: to itself, to its stages and to languages."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, WithJsonSchema


def _of_form(pattern: str, words: str) -> Any:  # noqa: ANN401 - a type for pydantic alone
    def demand(name: str) -> str:
        if re.search(pattern, name) is None:
            raise ValueError(f"expected {words}, got {name!r}")
        return name

    schema = {"type": "string", "pattern": pattern.replace(r"\Z", "$")}
    return Annotated[str, AfterValidator(demand), WithJsonSchema(schema)]


_LANGUAGE = r"^[a-z]{2,3}(-[A-Za-z0-9]+)*$"

PlanId = _of_form(
    r"^[a-z0-9][a-z0-9-]*\Z", "small Latin letters, digits and -, such as uz-drought-plan"
)
StageName = _of_form(r"^[a-z][a-z_]*\Z", "small Latin letters and _, such as severe_drought")


def is_language(code: str) -> bool:
    """Return whether a language is named by its code: two letters, three where there are none.

    >>> [is_language(code) for code in ("uz", "kaa", "Uzbek")]
    [True, True, False]
    """
    return re.search(_LANGUAGE, code) is not None
