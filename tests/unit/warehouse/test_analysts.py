"""Names of logins."""

from __future__ import annotations

import pytest
from sqlalchemy import create_mock_engine

from pipeline.core.errors import InputError
from pipeline.warehouse.analysts import Limits, add_analyst


def test_a_name_of_nothing_is_named_as_such() -> None:
    """The message begins with where: an empty name would be none."""
    nowhere = create_mock_engine("postgresql+psycopg://", lambda *said: None)
    with pytest.raises(InputError, match=r"^login '': expected a name of lower-case letters"):
        add_analyst(nowhere, "", "open-sesame", Limits())  # type: ignore[arg-type]
