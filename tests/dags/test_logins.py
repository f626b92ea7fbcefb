"""What each user of Airflow's page may do, and that a token ends with its password."""

from __future__ import annotations

import pytest

from tests.dags.conftest import Described

pytestmark = pytest.mark.airflow

OK, REFUSED, NO_SUCH, SENSELESS = 200, 403, 404, 422
"""The calls name no run and no state: who may do it is told that, and nothing happens."""


@pytest.mark.parametrize(
    ("user", "may"),
    [
        ("viewer", {"connections": REFUSED, "run": REFUSED, "pause": REFUSED, "answer": REFUSED}),
        (
            "forecaster",
            {"connections": REFUSED, "run": REFUSED, "pause": REFUSED, "answer": NO_SUCH},
        ),
        ("admin", {"connections": OK, "run": SENSELESS, "pause": SENSELESS, "answer": NO_SUCH}),
    ],
)
def test_each_may_do_what_the_job_needs_and_no_more(
    described: Described, user: str, may: dict[str, int]
) -> None:
    assert described.facts["logins"]["may"][user] == {"read": OK, **may}


def test_a_token_ends_with_the_password_it_was_given_for(described: Described) -> None:
    """Before, with another password, and when the user has none any more."""
    assert described.facts["logins"]["with_a_token_of_before"] == [OK, 401, 401]
