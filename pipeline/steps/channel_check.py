"""The look of `drought doctor` at channels: their file, their readers, and whether they answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pipeline.alerts.recipients import MAIL
from pipeline.core.errors import InputError
from pipeline.delivery.channel_calls import refuse_unusable
from pipeline.delivery.channels import Channel, read_channels
from pipeline.steps.checkup import Look, Patient, UnseenError, Verdict
from pipeline.warehouse.channels import read_down
from pipeline.warehouse.recipients import Registered, read_recipients

_SOME = 3


def look_at_channels(patient: Patient) -> Look:
    """See that the file of channels can be used for every recipient; nobody is called."""
    channels = read_channels(patient.settings.channels)
    if patient.warehouse is None:
        raise UnseenError("their recipients not looked at, the database does not answer")
    with patient.warehouse.connect() as connection:
        recipients, down = read_recipients(connection), read_down(connection)
    faults = list(_faults(channels, recipients))
    if faults:
        more = f", and {len(faults) - _SOME} more" if len(faults) > _SOME else ""
        return Verdict.BROKEN, f"{'; '.join(faults[:_SOME])}{more}"
    if down:
        said = [
            f"{one.channel} has not answered since {one.failing_since:%Y-%m-%d %H:%M} UTC: {one.said}"
            for one in down.values()
        ]
        return Verdict.ATTENTION, f"{'; '.join(said)}; `drought deliver --now` tries it at once"
    names = ", ".join([MAIL, *channels])
    return Verdict.OK, f"{names}; {len(recipients)} recipients; nobody was called"


def _faults(channels: Mapping[str, Channel], recipients: Sequence[Registered]) -> Iterator[str]:
    for one in recipients:
        told = one.recipient
        if told.channel == MAIL:
            continue
        if told.channel not in channels:
            yield (
                f"recipient {told.recipient_id}: expected the channel {told.channel} in the file "
                "DROUGHT_CHANNELS, got none; add it, or end the recipient"
            )
            continue
        try:
            refuse_unusable(channels[told.channel], told.address)
        except InputError as error:
            yield f"recipient {told.recipient_id}: {error}"
