"""What one run tells of what failed in it, and with which of the errors it ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

import pytest
from sqlalchemy.exc import OperationalError

from pipeline.core.errors import DroughtError, InputError
from pipeline.steps.run import Round

AWAY = OperationalError("SELECT 1", None, ConnectionError("the server went away"))
"""As the database says it: no defect, as the command line sees it."""
REFUSED = InputError("watch: a file was refused")
DEFECT = KeyError("stage")


def failing(error: Exception) -> Callable[[], NoReturn]:
    def step() -> NoReturn:
        raise error

    return step


@pytest.mark.parametrize(
    ("errors", "ends_with"),
    [
        ([REFUSED, AWAY], REFUSED),
        ([AWAY, REFUSED], AWAY),
        ([AWAY, OSError("no room"), DEFECT], DEFECT),
    ],
    ids=["the first", "the database is no defect", "a defect goes before it"],
)
def test_it_ends_with(errors: list[Exception], ends_with: Exception) -> None:
    this = Round()
    for error in errors:
        assert this.attempt("step", failing(error)) is None
    with pytest.raises(type(ends_with)) as raised:
        this.end()
    assert raised.value is ends_with


@pytest.mark.parametrize("error", [REFUSED, AWAY, DEFECT, DroughtError("other")])
def test_it_says_the_kind_of_each_and_where_a_defect_is(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    Round().attempt("compute", failing(error))
    assert f"compute: {type(error).__name__}: {error}" in caplog.text
    assert ("Traceback" in caplog.text) == (error is DEFECT)


def test_without_trouble_it_ends_well() -> None:
    this = Round()
    assert this.attempt("step", lambda: 3) == 3
    this.end()
