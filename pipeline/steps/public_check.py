"""The look of `drought doctor` at what public CAP messages need."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.core.authority_arcs import country_of
from pipeline.settings import Settings
from pipeline.steps.checkup import Look, Patient, Verdict


def look_at_public_messages(patient: Patient) -> Look:
    """See whether services that take in CAP could use what would leave as `Actual`."""
    settings = patient.settings
    if settings.authority is None:
        return Verdict.OK, "no authority is set: CAP messages stay drafts, and nothing is public"
    lacking = list(_lacking(settings))
    if lacking:
        return Verdict.ATTENTION, f"in the name of {settings.authority}; {'; '.join(lacking)}"
    arc = settings.authority_oid or ""
    return Verdict.OK, (
        f"in the name of {settings.authority}; identifiers below {arc} for {country_of(arc)}, of a "
        f"form of our own for other countries; feed below {settings.site_url}"
    )


def _lacking(settings: Settings) -> Iterator[str]:
    if settings.cap_sender.endswith("@localhost"):
        yield "the sender is no address of the agency: set DROUGHT_CAP_SENDER"
    if settings.authority_oid is None:
        yield "identifiers are of a form of our own: set DROUGHT_AUTHORITY_OID once WMO lists it"
    if settings.site_url is None:
        yield "no feed is written: set DROUGHT_SITE_URL to where the public site will be seen"
