"""The commands of `drought recipients`: who is told what, where, in which language and when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from pipeline import wiring
from pipeline.commands.account import logged_in_account
from pipeline.commands.options import notes, option, screen
from pipeline.core.errors import InputError
from pipeline.core.ids import Country, DroughtType, LandUse
from pipeline.terminal import folded_table

if TYPE_CHECKING:
    from pipeline.alerts.recipients import Form, Recipient
    from pipeline.warehouse.recipients import Cancelled

recipients = typer.Typer(
    help=(
        "Who is told of alerts: by which channel, in which language, of what, at which hours.\n\n"
        "An alert goes to those who are in the register when it is approved. Nothing in the register is "
        "changed. To change an address: `readdress`; what waits goes to the new one. To change anything "
        "else, end the recipient and add it anew; what waits is cancelled. `drought recipients add "
        "--help` has examples."
    ),
    no_args_is_help=True,
)

_EXAMPLES = """\b
A committee that reads everything about Uzbekistan, by mail, in Uzbek:
  drought recipients add committee --name "Drought committee" \\
    --channel mail --address committee@example.org --language uz --country UZ
Herders, by a chat, of severe droughts on the pastures of two provinces:
  drought recipients add herders --name "Union of herders" \\
    --channel telegram --address 123456789 --language uz --country UZ \\
    --province UZ-NW --province UZ-BU --land-use pastoral --from-stage severe
An officer on duty, by SMS, at any hour:
  drought recipients add duty --name "Duty officer" --form sms \\
    --channel sms --address +998901234567 --language ru --country UZ \\
    --hours 00-24 --weekdays mon-sun
"""
_SHOWN = 3
"""Letters of an address that a table shows."""

RecipientId = Annotated[str, typer.Argument(metavar="ID", help="Such as committee-uz.")]


@recipients.command("add", epilog=_EXAMPLES)
def recipients_add(
    recipient_id: RecipientId,
    name: Annotated[str, typer.Option(help="Person or body.")],
    channel: Annotated[
        str, typer.Option(help="mail, or a channel of the file of DROUGHT_CHANNELS.")
    ],
    address: Annotated[
        str, typer.Option(help="Mail address, telephone number, chat: what the channel needs.")
    ],
    language: Annotated[
        str, typer.Option(help="Of the reader. What does not leave in it comes in ru, else in en.")
    ],
    country: Annotated[
        list[Country] | None, typer.Option(help="Only of this; may be given several times.")
    ] = None,
    province: Annotated[
        list[str] | None,
        typer.Option(
            metavar="BEGINNING",
            help="Only landscapes whose id is this, or goes on after it with a sign that is no letter or "
            "digit: UZ-SU takes in UZ-SU-irrigated. May be given several times.",
        ),
    ] = None,
    land_use: Annotated[
        list[LandUse] | None, typer.Option(help="Only this; may be given several times.")
    ] = None,
    drought: Annotated[
        list[DroughtType] | None, typer.Option(help="Only this; may be given several times.")
    ] = None,
    from_stage: Annotated[
        str | None,
        typer.Option(
            metavar="STAGE",
            help="Only alerts that reach or leave this stage or a graver one. Of a ladder that has no "
            "stage of this name everything is told.",
        ),
    ] = None,
    form: Annotated[
        str | None,
        typer.Option(
            metavar="letter|brief|sms",
            help="The whole letter, some 1,000 characters, or one text message. [mail: letter; else "
            "what the file of channels says]",
        ),
    ] = None,
    digest_from: Annotated[
        int, typer.Option(min=2, help="So many messages due at once come as one.")
    ] = 4,
    hours: Annotated[
        str, typer.Option(metavar="HH-HH", help="Local hours they may come in.")
    ] = "09-18",
    weekdays: Annotated[
        str, typer.Option(metavar="DAYS", help="Days they may come on: mon-fri or mon,wed,sat.")
    ] = "mon-fri",
    clock: Annotated[
        Country | None,
        typer.Option(help="Whose local time counts. [the country, where one alone is named]"),
    ] = None,
) -> None:
    """Enter somebody who is told of alerts.

    What is not named is told without limit, and whoever was told of a drought is told of its end.
    `drought recipients who ALERT` shows who would be told.
    """
    from pipeline.alerts.recipients import Hours, Recipient, checked, hours_from, weekdays_from
    from pipeline.alerts.wishes import Wishes
    from pipeline.steps.register import register

    first, until = option(hours_from)(hours)
    new = option(checked)(
        Recipient(
            recipient_id=recipient_id,
            name=name.strip(),
            channel=channel,
            address=address.strip(),
            form=option(lambda text: _form(text, channel))(form),
            language=language,
            clock=clock or _only(country or []),
            wishes=Wishes(
                frozenset(country or ()),
                frozenset(province or ()),
                frozenset(land_use or ()),
                frozenset(drought or ()),
                from_stage,
            ),
            hours=Hours(first, until, option(weekdays_from)(weekdays)),
            digest_from=digest_from,
        )
    )
    entered, remarks = register(wiring.installation(), new, added_by=logged_in_account())
    print(f"{recipient_id}: {new.name}, by {channel}, {new.form} in {language}: {wishes_of(new)}")
    print(f"unsubscribes by: drought recipients unsubscribe {entered.token}")
    for remark in remarks:
        notes.print(f"note: {remark}", markup=False, highlight=False, soft_wrap=True)


def _only(countries: list[Country]) -> Country:
    """Return the one country whose clock can be meant."""
    if len(set(countries)) != 1:
        raise typer.BadParameter(
            "--clock: expected whose local time counts, as no single country is named; say it, such "
            "as --clock UZ"
        )
    return countries[0]


def _form(text: str | None, channel: str) -> Form:
    from pipeline.alerts.recipients import MAIL, Form
    from pipeline.delivery.channels import read_channels

    if text is not None:
        if text not in list(Form):
            raise InputError(f"--form: expected one of {', '.join(Form)}, got {text!r}")
        return Form(text)
    channels = {} if channel == MAIL else read_channels(wiring.settings().channels)
    return channels[channel].form if channel in channels else _usual_form(channel == MAIL)


def _usual_form(is_mail: bool) -> Form:
    from pipeline.alerts.recipients import Form

    return Form.LETTER if is_mail else Form.BRIEF


def wishes_of(recipient: Recipient) -> str:
    """Return what a recipient wants to be told of, in one line."""
    wishes = recipient.wishes
    parts = (wishes.countries, wishes.provinces, wishes.land_uses, wishes.drought_types)
    said = [", ".join(sorted(part)) for part in parts if part]
    if wishes.from_stage is not None:
        said.append(f"from {wishes.from_stage}")
    return "; ".join(said) or "everything"


@recipients.command("list")
def recipients_list(
    everybody: Annotated[bool, typer.Option("--all", help="Also those that were ended.")] = False,
) -> None:
    """List the recipients. Addresses are shortened; `show` has them whole."""
    from pipeline.warehouse.recipients import read_recipients

    headings = ["id", "name", "channel and address", "reads", "of", "when"]
    table = folded_table(*headings, *(["until"] if everybody else []))
    with wiring.installation(reads_only=True).warehouse.connect() as connection:
        for held in read_recipients(connection, everybody=everybody):
            one = held.recipient
            until = "" if held.ended_at is None else f"{held.ended_at:%Y-%m-%d}"
            table.add_row(
                one.recipient_id,
                one.name,
                f"{one.channel} {shortened(one.address)}",
                f"{one.form} {one.language}",
                wishes_of(one),
                f"{one.hours} {one.clock}",
                *([until] if everybody else []),
            )
    screen.print(table)


def shortened(address: str) -> str:
    """Return an address of which nobody who looks over a shoulder can make use.

    >>> shortened("committee@example.org"), shortened("+998901234567")
    ('com…@example.org', '+99…')
    """
    name, sign, domain = address.rpartition("@")
    return f"{(name or domain)[:_SHOWN]}…" + (f"@{domain}" if sign else "")


@recipients.command("show")
def recipients_show(recipient_id: RecipientId) -> None:
    """Show all that is known of a recipient, with the whole address and what became of its messages."""
    from pipeline.warehouse.recipients import read_counts, read_recipient

    with wiring.installation(reads_only=True).warehouse.connect() as connection:
        held = read_recipient(connection, recipient_id)
        counts = read_counts(connection, held.recipient_key)
    one = held.recipient
    rows = {
        "id": one.recipient_id,
        "name": one.name,
        "channel": f"{one.channel}, {one.form}",
        "address": one.address,
        "language": one.language,
        "of": wishes_of(one),
        "when": f"{one.hours}, the clock of {one.clock}",
        "digest": f"from {one.digest_from} messages due at once",
        "added": f"{held.added_at:%Y-%m-%d %H:%M %Z} by {held.added_by}",
        "ended": f"{held.ended_at:%Y-%m-%d %H:%M %Z} by {held.ended_by}" if held.ended_at else "no",
        "token": str(held.token),
        "deliveries": ", ".join(f"{state} {n}" for state, n in counts.items()) or "none yet",
    }
    for what, said in rows.items():
        print(f"{what:<11}{said}")


@recipients.command("test")
def recipients_test(
    recipient_id: RecipientId,
    accept_unchecked: Annotated[
        bool, typer.Option(help="Also in a translation that no speaker has checked.")
    ] = False,
) -> None:
    """Send one message that says it is a test, now, to see that channel and address work.

    It is in the reader's language, or in English where no speaker has checked the words in that. No alert
    is sent, nothing is written down, and working hours do not count.
    """
    from pipeline.steps.register import try_out

    installation = wiring.installation(reads_only=True)
    language = try_out(installation, recipient_id, accepts_unchecked=accept_unchecked)
    print(f"{recipient_id}: the channel took a test message in {language}; ask whether it came")


@recipients.command("end")
def recipients_end(recipient_id: RecipientId) -> None:
    """End a recipient now: what has not left is cancelled. The register keeps the row.

    To change an address, `drought recipients readdress`: what has not left goes to the new one.
    """
    from pipeline.steps.register import end

    done = end(wiring.installation(), recipient_id, ended_by=logged_in_account())
    print(f"{recipient_id}: ended; {_cancelled(done)}")


def _cancelled(done: Cancelled) -> str:
    return f"messages cancelled: {done.deliveries}; digests cancelled: {done.digests}"


@recipients.command("readdress")
def recipients_readdress(
    recipient_id: RecipientId,
    address: Annotated[
        str, typer.Argument(metavar="ADDRESS", help="Where messages go from now on.")
    ],
) -> None:
    """Give a recipient another address: what has not left goes there, all else stays.

    The register keeps the old row as ended and enters the recipient anew, with another token for
    unsubscribing.
    """
    from pipeline.steps.register import readdress

    done = readdress(wiring.installation(), recipient_id, address, by=logged_in_account())
    now = done.registered
    print(
        f"{recipient_id}: told at {now.recipient.address} from now on; messages that wait for it: "
        f"{done.deliveries}; digests: {done.digests}"
    )
    print(f"unsubscribes by: drought recipients unsubscribe {now.token}")
    for remark in done.remarks:
        notes.print(f"note: {remark}", markup=False, highlight=False, soft_wrap=True)


@recipients.command("unsubscribe")
def recipients_unsubscribe(
    token: Annotated[UUID, typer.Argument(help="As the reader's mail says: unsubscribe TOKEN.")],
) -> None:
    """End the recipient who was given this token: the reader wants no more."""
    from pipeline.steps.register import told_again, unsubscribe

    installation = wiring.installation()
    held, done = unsubscribe(installation, token)
    recipient_id = held.recipient.recipient_id
    if done is None:
        print(f"{recipient_id}: was ended before, on {held.ended_at:%Y-%m-%d}; nothing was changed")
    else:
        print(f"{recipient_id}: unsubscribed; {_cancelled(done)}")
    for again in told_again(installation, held):
        notes.print(
            f"note: {_still(again, held.recipient)}", markup=False, highlight=False, soft_wrap=True
        )


def _still(again: Recipient, was: Recipient) -> str:
    """Say of a recipient that is told still how to end that."""
    name = again.recipient_id
    if (again.channel, again.address) == (was.channel, was.address):
        return f"{name} is told at this address still; `drought recipients end {name}` ends that"
    return (
        f"{name} is told at another address since, {shortened(again.address)}; if this reader means "
        f"that one too: `drought recipients end {name}`"
    )


@recipients.command("who")
def recipients_who(
    alert_id: Annotated[int, typer.Argument(metavar="ALERT", help="Number of an alert.")],
) -> None:
    """Show who is told of an alert, in which language, and why others are not.

    Of an alert that waits for an answer: who would be told if it were approved now.
    """
    from pipeline.steps.told import who_is_told

    table = folded_table("id", "channel", "form", "language", "state", "why")
    with wiring.installation(reads_only=True).warehouse.connect() as connection:
        for told in who_is_told(connection, alert_id):
            one = told.recipient
            table.add_row(
                one.recipient_id, one.channel, one.form, told.language, told.state, told.why
            )
    if not table.rows:
        print("nobody: no recipient is in the register; `drought recipients add` enters one")
        return
    screen.print(table)
