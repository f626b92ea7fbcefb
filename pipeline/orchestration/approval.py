"""The question to a person, on Airflow's page.

The task that asks writes the answer down itself. A task after it would have to believe an XCom, which
everybody who may run a DAG can edit: here the answer comes from Airflow's own record of who was logged in.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import Param
from airflow.sdk.exceptions import (
    AirflowException,
    AirflowFailException,
    AirflowSkipException,
    TaskAwaitingInput,
)

from pipeline.core.errors import ConflictError, InputError
from pipeline.core.ids import Country
from pipeline.orchestration import verdicts

if TYPE_CHECKING:
    from pipeline.steps.installation import Installation

A_DAY = timedelta(days=1)
DAILY: dict[str, Any] = {
    "retries": 90,
    "retry_delay": timedelta(minutes=1),
    "max_retry_delay": timedelta(minutes=30),
    "map_index_template": "{{ alert }}",
}
"""A try is a day: a question is put anew, so that one answered elsewhere, or too old, leaves the page.
It stays there for so many days, unless its plan lets it expire before. After failures it is put anew
later and later, so that a warehouse that is away over night does not use its days up."""


def _form() -> dict[str, Param]:
    """Return what a person may fill in beside yes or no."""
    text = ["null", "string"]
    return {
        "protocol": Param(None, type=text, title="Protocol number"),
        "protocol_date": Param(None, type=text, format="date", title="Date of the protocol"),
        "legal_basis": Param(
            None, type=text, title="Legal basis", description="Else the order that names you."
        ),
        "note": Param(None, type=text, title="Note for the reader"),
        "page_checksum": Param(None, type=text, title="SHA-256 of the signed page"),
        "accept_unchecked": Param(
            False, type="boolean", title="Let translations leave that no speaker has checked"
        ),
    }


class AlertApproval(ApprovalOperator):  # type: ignore[misc]
    """Asks about one alert, and writes the answer to `alert.approval` under who was logged in.

    An answer by somebody without the issuing role is not written down: the try fails saying so, and
    the next one asks again. So does a try that nobody answers within a day.

    Args:
        alert_id: the alert.
        country: its country.
    """

    template_fields = (*ApprovalOperator.template_fields, "alert_id")

    def __init__(self, *, alert_id: int, country: str, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(
            subject="an alert",
            params=_form(),
            response_timeout=A_DAY,
            **kwargs,
        )
        self.alert_id = alert_id
        self.country = country

    def execute(self, context: Any) -> Any:  # noqa: ANN401
        """Put the question, and wait."""
        from pipeline.steps.asking import question

        with verdicts():
            asked = question(
                _installation(), context["run_id"], Country(self.country), self.alert_id
            )
        if asked is None:
            raise AirflowSkipException(
                f"alert {self.alert_id}: waits no more, or is asked elsewhere"
            )
        context["alert"] = asked.label
        self.subject, self.body = asked.subject, asked.body
        try:
            return super().execute(context)
        except TaskAwaitingInput as parked:
            # Not from the XCom once more: the answer belongs to what was asked.
            parked.kwargs = {"alert_id": self.alert_id, "label": asked.label}
            raise

    def execute_complete(
        self,
        context: Any,  # noqa: ANN401
        event: dict[str, Any],
        alert_id: int | None = None,
        label: str = "",
    ) -> Any:  # noqa: ANN401
        """Write down who answered what."""
        from pipeline.steps.asking import answer

        context["alert"] = label
        said = super().execute_complete(context, event)
        assert alert_id is not None  # noqa: S101 - `execute` gave it
        try:
            answer(
                _installation(),
                alert_id,
                said["responded_by_user"]["name"],
                said["params_input"],
                is_approved=said["chosen_options"] == [self.APPROVE],
                answered_at=said["responded_at"],
            )
        except ConflictError as error:
            raise AirflowFailException(str(error)) from error
        except InputError as error:
            raise AirflowException(f"{error}. The alert is asked about again") from error
        return said["chosen_options"]


def _installation() -> Installation:
    from pipeline import wiring

    return wiring.installation()
