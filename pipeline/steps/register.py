"""Recipients are entered into the register after everything that cannot be meant was refused."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Connection

from pipeline.alerts.recipients import MAIL, Recipient, checked
from pipeline.alerts.wishes import Wishes, lies_in
from pipeline.alerts.words import words_of
from pipeline.core.components import Component
from pipeline.core.errors import InputError
from pipeline.core.ids import Country, DroughtType
from pipeline.core.months import Month
from pipeline.delivery.channels import Channel, read_channels
from pipeline.delivery.letter import Letter
from pipeline.plans.document import Plan
from pipeline.steps.hand_over import send_test
from pipeline.steps.installation import Installation, acts_as
from pipeline.warehouse.landscapes import read_landscape_countries
from pipeline.warehouse.plans import read_plans
from pipeline.warehouse.readdressed import move_to_new_address
from pipeline.warehouse.recipients import (
    UNSUBSCRIBED,
    Cancelled,
    Registered,
    end_recipient,
    end_row,
    read_by_token,
    read_recipient,
    read_recipients,
    save_recipient,
)

_LISTED = 20


@acts_as(Component.CONFIGURE)
def register(
    installation: Installation, new: Recipient, *, added_by: str
) -> tuple[Registered, list[str]]:
    """Enter a recipient; return the row, and what the operator should know of it.

    Raises:
        InputError: no landscape lies in a province of its wishes, or a province lies outside its
            countries; no plan in force has the stage.
        ConflictError: there is a recipient of this name.
    """
    channels = read_channels(installation.settings.channels)
    month = Month.of(installation.clock().date())
    with installation.warehouse.begin() as connection:
        refuse_unknown_provinces(new.wishes, read_landscape_countries(connection))
        plans = _plans_in_force(connection, new.wishes, month)
        refuse_unknown_stage(new.wishes.from_stage, plans)
        twins = _twins(connection, new)
        entered = save_recipient(connection, new, added_by=added_by)
    return entered, [*_on_channel(new, channels), *_on_plans(new, plans), *_on_twins(twins)]


def refuse_unknown_provinces(wishes: Wishes, countries: Mapping[str, Country]) -> None:
    """Check that landscapes lie in each province wished for, and in a country wished for.

    Args:
        wishes: what a recipient wants to be told of.
        countries: the country of every landscape, by its id.

    Raises:
        InputError: one of them holds none, or could never be reached.
    """
    found: dict[str, set[Country]] = {
        province: {country for one, country in countries.items() if lies_in(one, province)}
        for province in wishes.provinces
    }
    unknown = sorted(province for province, of in found.items() if not of)
    if unknown:
        wanted = wishes.countries or set(Country)
        known = [one for one, country in countries.items() if country in wanted]
        raise InputError(
            f"province: expected the beginning of a landscape's id, such as {_some(known)}, got "
            f"{', '.join(unknown)}; `drought landscapes list` shows them all"
        )
    if not wishes.countries:
        return
    reached: set[Country] = set().union(*found.values())
    outside = sorted(p for p, of in found.items() if not of & wishes.countries)
    missed = sorted(wishes.countries - reached) if found else []
    if outside or missed:
        raise InputError(
            f"province: expected some in each of the countries named ({_listed(wishes.countries)}) and "
            f"none elsewhere, got {_listed(wishes.provinces)}: nothing of "
            f"{_listed(outside or missed)} would ever be told; enter one recipient for each wish"
        )


def _listed(words: Collection[str]) -> str:
    return ", ".join(sorted(words))


def _some(landscape_ids: Collection[str]) -> str:
    shown = sorted(landscape_ids)[:_LISTED]
    more = len(landscape_ids) - len(shown)
    return (", ".join(shown) or "(no landscapes are loaded)") + (
        f" and {more} more" if more else ""
    )


def _plans_in_force(connection: Connection, wishes: Wishes, month: Month) -> list[Plan]:
    held = read_plans(connection)
    in_force = {country: timetable.in_force(month) for country, timetable in held.items()}
    return [
        plan
        for country, plan in sorted(in_force.items())
        if plan is not None and (not wishes.countries or country in wishes.countries)
    ]


def refuse_unknown_stage(stage: str | None, plans: Sequence[Plan]) -> None:
    """Check that a ladder of these plans has the stage.

    Raises:
        InputError: none has.
    """
    known = {name for plan in plans for name in plan.stage_names}
    if stage is not None and stage not in known:
        raise InputError(
            f"from-stage: expected a stage of a plan in force ({', '.join(sorted(known)) or 'none'}), "
            f"got {stage!r}; correct its spelling"
        )


def _on_channel(new: Recipient, channels: Mapping[str, Channel]) -> Iterator[str]:
    if new.channel != MAIL and new.channel not in channels:
        named = ", ".join([MAIL, *channels])
        yield (
            f"there is no channel {new.channel} yet (there are: {named}); what is queued for it waits "
            "until it stands in the file of DROUGHT_CHANNELS"
        )


def _on_plans(new: Recipient, plans: Sequence[Plan]) -> Iterator[str]:
    silent = sorted(plan.country for plan in plans if new.language not in plan.spoken)
    if silent:
        yield f"the plans of {', '.join(silent)} do not speak {new.language}: from there in ru or en"
    without = sorted(
        f"{plan.country} {drought}"
        for plan in plans
        for drought in _ladders(plan, new.wishes)
        if new.wishes.from_stage is not None
        and new.wishes.from_stage not in [one.stage for one in plan.ladders[drought].stages]
    )
    if without:
        yield (
            f"these ladders have no stage {new.wishes.from_stage}, so all their alerts go there: "
            f"{', '.join(without)}"
        )


def _ladders(plan: Plan, wishes: Wishes) -> list[DroughtType]:
    return [one for one in plan.ladders if not wishes.drought_types or one in wishes.drought_types]


def _twins(connection: Connection, new: Recipient) -> list[str]:
    """Return the recipients that are told by this channel at this address."""
    return [
        one.recipient.recipient_id
        for one in read_recipients(connection)
        if (one.recipient.channel, one.recipient.address) == (new.channel, new.address)
    ]


def _on_twins(twins: Sequence[str]) -> Iterator[str]:
    if twins:
        yield (
            f"this address is that of {', '.join(twins)} too: what both wish for comes there twice"
        )


@acts_as(Component.CONFIGURE)
def end(installation: Installation, recipient_id: str, *, ended_by: str) -> Cancelled:
    """End a recipient now; what has not left is cancelled with it.

    Raises:
        InputError: there is none of this name, or it was ended before.
    """
    with installation.warehouse.begin() as connection:
        return end_recipient(connection, recipient_id, installation.clock(), ended_by=ended_by)


@dataclass(frozen=True, slots=True)
class Readdressed:
    """What came of another address."""

    registered: Registered
    """The row that took the place of the old one."""
    deliveries: int
    """Messages that wait for the new address."""
    digests: int
    remarks: list[str]
    """What the operator should know."""


@acts_as(Component.CONFIGURE)
def readdress(
    installation: Installation, recipient_id: str, address: str, *, by: str
) -> Readdressed:
    """Give a recipient another address; what has not left goes there.

    The row is ended and entered anew, with a token of its own: whoever reads at the old address must not
    unsubscribe whoever reads at the new one.

    Raises:
        InputError: there is none of this name, it was ended, or the address cannot be one or is its own.
    """
    at = installation.clock()
    with installation.warehouse.begin() as connection:
        was = end_row(connection, recipient_id, at, ended_by=by)
        new = checked(replace(was.recipient, address=address.strip()))
        if new.address == was.recipient.address:
            raise InputError(
                f"address: expected another than {recipient_id} has, got the same; nothing was changed"
            )
        twins = _twins(connection, new)
        entered = save_recipient(connection, new, added_by=by, added_at=at)
        moved = move_to_new_address(connection, was)
    return Readdressed(entered, moved.deliveries, moved.digests, [*_on_twins(twins)])


@acts_as(Component.CONFIGURE)
def unsubscribe(installation: Installation, token: UUID) -> tuple[Registered, Cancelled | None]:
    """End the recipient a token was given to; None where it was ended before.

    Raises:
        InputError: nobody was given this token.
    """
    with installation.warehouse.begin() as connection:
        held = read_by_token(connection, token)
        if held.ended_at is not None:
            return held, None
        at: datetime = installation.clock()
        name = held.recipient.recipient_id
        cancelled = end_recipient(connection, name, at, ended_by=UNSUBSCRIBED)
    return replace(held, ended_at=at, ended_by=UNSUBSCRIBED), cancelled


def told_again(installation: Installation, ended: Registered) -> list[Recipient]:
    """Return who is told at the channel and address of one that was ended, or goes by its name now."""
    was = ended.recipient
    with installation.warehouse.connect() as connection:
        found = [one.recipient for one in read_recipients(connection)]
    return [
        one
        for one in found
        if (one.channel, one.address) == (was.channel, was.address)
        or one.recipient_id == was.recipient_id
    ]


def try_out(
    installation: Installation, recipient_id: str, *, accepts_unchecked: bool = False
) -> str:
    """Send a recipient one message that says it is a test and nothing else; return its language.

    The reader's; English where no speaker has checked the words in that, unless they are accepted.

    Raises:
        InputError: there is no such recipient, or it was ended.
        DeliveryError: the channel does not take it.
    """
    with installation.warehouse.connect() as connection:
        held = read_recipient(connection, recipient_id)
    if held.ended_at is not None:
        raise InputError(
            f"{recipient_id}: expected a recipient that is told, got one that was ended on "
            f"{held.ended_at:%Y-%m-%d} by {held.ended_by}; add it anew first"
        )
    one = held.recipient
    words = words_of(one.language)
    if words.has_unchecked and not accepts_unchecked:
        words = words_of("en")
    test = Letter(str(uuid4()), "TEST", f"{words.trial}\n", words.language, str(one.form))
    send_test(installation, held, test)
    return words.language
