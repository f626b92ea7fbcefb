"""Channels that refuse, hang and go away: nothing lost, nothing held up, repeats only under one id."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from sqlalchemy import text

from pipeline.alerts.recipients import Form, Hours
from pipeline.settings import Settings
from pipeline.steps.approve import approve
from pipeline.steps.channel_check import look_at_channels
from pipeline.steps.check import check
from pipeline.steps.checkup import Patient, Verdict
from pipeline.steps.deliver import Delivered, deliver
from pipeline.steps.digests import make_digest
from pipeline.steps.evaluate import evaluate
from pipeline.steps.golive import golive
from pipeline.steps.installation import Installation
from pipeline.steps.register import Readdressed, end, readdress
from pipeline.steps.standing import stand
from pipeline.steps.status import pending_alerts, status
from pipeline.warehouse.channels import save_down
from pipeline.warehouse.checks import Checked
from pipeline.warehouse.recipients import Cancelled, end_recipient
from tests.integration.beside import drought_beside, until
from tests.integration.conftest import NOW
from tests.integration.issuing_plan import adopt
from tests.integration.little_world import JANUARY, landscape, say_spi_3, settle, told
from tests.integration.postbox import HOST, Drop, Postbox, free_port, listening
from tests.integration.readers import COMMITTEE, register
from tests.integration.webhook import HANG, TAKE_AND_DROP, Webhook, answering
from tests.unit.alerts.cases import APPROVAL

pytestmark = pytest.mark.postgres

TOKEN = "s3cr3t-t0ken"  # noqa: S105 - opens nothing
PATIENCE = 0.8
"""Seconds for which a silent server is waited for."""
HOOK = replace(
    COMMITTEE, recipient_id="hook", channel="hook", address="+998 90 123-45-67", form=Form.BRIEF
)
PHONE = replace(HOOK, recipient_id="phone", channel="gate", form=Form.SMS)


@pytest.fixture
def postbox() -> Iterator[Postbox]:
    with listening(Postbox(free_port())) as open_one:
        yield open_one


@pytest.fixture
def hook() -> Iterator[Webhook]:
    with answering(Webhook()) as open_one:
        yield open_one


@pytest.fixture
def office(
    installation: Installation, postbox: Postbox, hook: Webhook, tmp_path: Path
) -> Installation:
    """An installation that mails to a committee, posts to a webhook, and texts by a gateway."""
    file = tmp_path / "channels.yaml"
    gate = f"form://{HOST}:{hook.port}/sms/{TOKEN}?:message=text&:title=&:version=&:type="
    file.write_text(
        f'hook: {{url: "json://{HOST}:{hook.port}/in/{TOKEN}?-to={{address}}", form: brief}}\n'
        f'gate: {{url: "{gate}&:to={{address}}", form: sms}}\n'
    )
    file.chmod(0o600)
    settings = Settings(
        var=installation.settings.var,
        smtp_host=HOST,
        smtp_port=postbox.port,
        mail_from="Drought desk <drought@hydromet.example>",
        mail_operator=["operator@hydromet.example"],
        channels=file,
    )
    return replace(installation, settings=settings)


@pytest.fixture
def logged() -> Iterator[list[str]]:
    """All that reaches the log of the program, at whatever level."""
    lines: list[str] = []
    handler, root = logging.Handler(), logging.getLogger()
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield lines
    root.setLevel(level)
    root.removeHandler(handler)


def tell(office: Installation, *landscape_ids: str) -> None:
    """Go live with these landscapes in the stage watch, and approve their alerts."""
    settle(office.warehouse, [landscape(name) for name in landscape_ids])
    say_spi_3(office.warehouse, {name: [-1.2] for name in landscape_ids})
    golive(office, JANUARY + 1)
    approve(office, pending_alerts(office), APPROVAL)


def go_on(office: Installation, value: float, months: int = 1) -> None:
    """Let SPI-3 of landscape A be `value` so many months later, and approve what follows."""
    say_spi_3(office.warehouse, {"A": [value]}, first=JANUARY + months)
    evaluate(office)
    approve(office, pending_alerts(office), APPROVAL)


def later(office: Installation, **passed: float) -> Installation:
    return replace(office, clock=lambda: NOW + timedelta(**passed))


def round_of(office: Installation) -> Delivered:
    return deliver(office, seconds=PATIENCE)


def waits_for_a_row(office: Installation) -> bool:
    """Whether somebody waits until another has written."""
    query = (
        "SELECT FROM pg_stat_activity "
        "WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    return bool(told(office.warehouse, query))


def states(office: Installation, recipient: str) -> list[object]:
    rows = told(
        office.warehouse,
        "SELECT state FROM mart.delivery WHERE recipient_id = :id ORDER BY alert_id",
        id=recipient,
    )
    return [row[0] for row in rows]


def message_ids(office: Installation, form: str) -> list[str]:
    rows = told(
        office.warehouse,
        "SELECT message_id::text FROM alert.message WHERE form = :form AND language = 'en' "
        "AND body IS NOT NULL ORDER BY alert_id",
        form=form,
    )
    return [str(row[0]) for row in rows]


class TestWhatAChannelGets:
    def test_a_webhook_gets_the_brief_under_its_id(
        self, office: Installation, hook: Webhook
    ) -> None:
        register(office.warehouse, HOOK)
        tell(office, "A")
        assert round_of(office).failures == ()
        ((body,),) = told(
            office.warehouse,
            "SELECT body FROM alert.message WHERE form = 'brief' AND language = 'en' "
            "AND body IS NOT NULL",
        )
        (call,) = hook.calls
        assert json.loads(call.body)["message"] == body
        assert call.path == f"/in/{TOKEN}?to=%2B998+90+123-45-67"
        assert hook.keys == message_ids(office, "brief")

    def test_a_gateway_gets_the_text_message_whole_and_nothing_else(
        self, office: Installation, hook: Webhook
    ) -> None:
        register(office.warehouse, PHONE)
        tell(office, "A")
        assert round_of(office).failures == ()
        ((body,),) = told(
            office.warehouse,
            "SELECT body FROM alert.message WHERE form = 'sms' AND language = 'en' "
            "AND body IS NOT NULL",
        )
        (call,) = hook.calls
        assert parse_qs(call.body) == {"text": [body], "to": ["+998 90 123-45-67"]}
        assert hook.keys == message_ids(office, "sms")


WEBHOOK_TROUBLES = [
    pytest.param(500, 0, id="an error of the server"),
    pytest.param(429, 0, id="too many calls"),
    pytest.param(HANG, 0, id="no answer"),
    pytest.param(TAKE_AND_DROP, 1, id="a connection that ends when all was taken"),
]


class TestAWebhookInTrouble:
    @pytest.mark.parametrize(("trouble", "taken"), WEBHOOK_TROUBLES)
    def test_it_is_left_alone_and_told_later_while_others_are_told_now(
        self, office: Installation, postbox: Postbox, hook: Webhook, trouble: int, taken: int
    ) -> None:
        register(office.warehouse, COMMITTEE, HOOK)
        tell(office, "A", "B")
        hook.status = trouble
        done = round_of(office)
        assert len(done.failures) == 1
        assert " to hook: channel hook: " in done.failures[0]
        # One call told that nothing goes there now; the rest of the round was spared.
        assert hook.asked == 1
        assert sorted(map(str, states(office, "hook"))) == ["failed", "queued"]
        assert states(office, "committee") == ["sent", "sent"]
        assert len(postbox.letters) == 2

        hook.status = 200
        resting = round_of(later(office, minutes=4))
        assert (resting.sent, resting.failures, hook.asked) == (0, (), 1)
        assert resting.resting[0].startswith("hook has not answered since 2026-11-08 06:00 UTC")
        assert round_of(later(office, minutes=5)).sent == 2
        assert states(office, "hook") == ["sent", "sent"]
        assert sorted(set(hook.keys)) == sorted(message_ids(office, "brief"))
        # Only what was taken and not heard of came twice, and under one id.
        assert len(hook.keys) == 2 + taken
        assert len(postbox.letters) == 2

    def test_a_message_that_is_refused_before_the_call_says_nothing_of_the_channel(
        self, office: Installation, hook: Webhook
    ) -> None:
        file = office.settings.channels
        assert file is not None
        file.write_text(f"{file.read_text()}chat: {{url: 'tgram://110201543:AAHdq/{{address}}'}}\n")
        register(office.warehouse, replace(HOOK, channel="chat", address="no chat"))
        tell(office, "A")
        with office.warehouse.begin() as connection:
            save_down(connection, "chat", NOW - timedelta(days=1), NOW, "no answer")
        (failure,) = round_of(office).failures
        assert "expected an address that tgram:// takes" in failure
        (row,) = status(office).channels
        assert (row.channel, row.failing_since) == ("chat", NOW - timedelta(days=1))

    def test_the_pause_doubles_while_it_lasts(self, office: Installation, hook: Webhook) -> None:
        register(office.warehouse, HOOK)
        tell(office, "A")
        hook.status = 500
        for minutes, asked in ((0, 1), (4, 1), (5, 2), (14, 2), (15, 3), (34, 3), (35, 4)):
            round_of(later(office, minutes=minutes))
            assert hook.asked == asked
        (row,) = status(later(office, minutes=36)).channels
        assert (row.channel, row.waiting, row.refused) == ("hook", 1, 1)
        assert row.failing_since == NOW
        assert row.next_attempt_at == NOW + timedelta(minutes=75)
        assert row.said is not None
        assert "500 Internal Server Error" in row.said
        deliver(later(office, minutes=36), ignores_pauses=True)
        assert hook.asked == 5

    def test_a_message_it_refuses_holds_up_no_other(
        self, office: Installation, hook: Webhook
    ) -> None:
        register(office.warehouse, HOOK)
        tell(office, "A", "B")
        hook.status, hook.says = 400, '{"error": "no such number"}'
        done = round_of(office)
        assert (len(done.failures), hook.asked) == (2, 2)
        assert all("400 Bad Request" in line for line in done.failures)
        assert all("no such number" in line for line in done.failures)
        assert told(office.warehouse, "SELECT * FROM alert.channel") == []

    def test_a_redirect_is_no_acceptance(self, office: Installation, hook: Webhook) -> None:
        register(office.warehouse, HOOK)
        tell(office, "A")
        hook.status = 301
        (failure,) = round_of(office).failures
        assert "301 Moved Permanently" in failure
        assert hook.asked == 1

    @pytest.mark.parametrize("status", [400, 500, HANG], ids=["refused", "down", "no answer"])
    def test_what_it_says_keeps_its_secrets(
        self,
        office: Installation,
        hook: Webhook,
        logged: list[str],
        status: int,
    ) -> None:
        register(office.warehouse, HOOK)
        tell(office, "A")
        hook.status = status
        hook.says = f"no route /in/{TOKEN} for +998 90 123-45-67 (998901234567)"
        told_now = " ".join(round_of(office).failures)
        rows = [
            *told(office.warehouse, "SELECT error FROM alert.delivery WHERE error IS NOT NULL"),
            *told(office.warehouse, "SELECT said FROM alert.channel"),
            *told(office.warehouse, "SELECT message FROM ops.outcome WHERE step = 'deliver'"),
        ]
        everything = " ".join([told_now, *logged, *(str(row[0]) for row in rows)])
        assert "channel hook" in everything
        for secret in (TOKEN, "90 123-45-67", "998901234567"):
            assert secret not in everything


MAIL_TROUBLES = [
    pytest.param({"to_recipient": "450 4.2.0 greylisted"}, False, 0, id="a recipient put off"),
    pytest.param({"drops": Drop.IN_DATA}, True, 0, id="gone in the middle of a mail"),
    pytest.param({"drops": Drop.BEFORE_ANSWER}, True, 1, id="gone when it had taken the mail"),
    pytest.param({"delay_seconds": 2.5}, True, 1, id="an answer that comes too late"),
]


class TestAMailServerInTrouble:
    @pytest.mark.parametrize(("trouble", "is_down", "taken"), MAIL_TROUBLES)
    def test_nothing_is_lost_and_no_other_channel_waits(
        self,
        office: Installation,
        postbox: Postbox,
        hook: Webhook,
        trouble: dict[str, object],
        is_down: bool,
        taken: int,
    ) -> None:
        register(office.warehouse, COMMITTEE, HOOK)
        tell(office, "A", "B")
        before = replace(postbox)
        for name, value in trouble.items():
            setattr(postbox, name, value)
        done = round_of(office)
        assert len(done.failures) == (1 if is_down else 2)
        assert sorted(map(str, states(office, "committee"))) == [
            "failed",
            "queued" if is_down else "failed",
        ]
        assert states(office, "hook") == ["sent", "sent"]
        assert len(hook.calls) == 2

        for name in trouble:
            setattr(postbox, name, getattr(before, name))
        assert round_of(later(office, minutes=5)).sent == 2
        assert states(office, "committee") == ["sent", "sent"]
        ids = [f"<{one}@hydromet.example>" for one in message_ids(office, "letter")]
        assert sorted(set(postbox.message_ids)) == sorted(ids)
        # Only what was taken and not heard of came twice, and under one id.
        assert len(postbox.message_ids) == 2 + taken
        assert len(hook.calls) == 2

    def test_a_notice_to_the_operator_rests_too(
        self, office: Installation, postbox: Postbox
    ) -> None:
        with office.warehouse.begin() as connection:
            connection.execute(
                text(
                    "INSERT INTO alert.notice (recipient_id, subject, body) "
                    "VALUES ('operator@hydromet.example', E'two\\nlines: x', 'body')"
                )
            )
        postbox.to_data = "554 5.6.0 no"
        assert len(round_of(office).failures) == 1
        assert round_of(later(office, minutes=4)).failures == ()
        postbox.to_data = "250 OK"
        assert round_of(later(office, minutes=5)).sent == 1
        ((_, mail),) = postbox.letters
        assert mail["Subject"] == "two lines: x"


class TestOrder:
    def test_nothing_overtakes_what_was_refused_before_it_in_its_chain(
        self, office: Installation, postbox: Postbox
    ) -> None:
        register(office.warehouse, COMMITTEE)
        tell(office, "A")
        postbox.to_recipient = "450 4.2.0 greylisted"
        round_of(office)
        go_on(office, -1.7)
        postbox.to_recipient = "250 OK"
        assert round_of(later(office, minutes=1)).failures == ()
        assert postbox.letters == []
        assert round_of(later(office, minutes=6)).failures == ()
        assert [str(mail["Subject"]).split(", ")[-2] for _, mail in postbox.letters] == [
            'stage "Watch" stands already',
            'stage rises from "Watch" to "Warning"',
        ]

    def test_one_that_failed_in_this_round_holds_the_next_of_its_chain(
        self, office: Installation, postbox: Postbox
    ) -> None:
        register(office.warehouse, COMMITTEE)
        tell(office, "A")
        go_on(office, -1.7)
        postbox.to_recipient = "450 4.2.0 greylisted"
        assert len(round_of(office).failures) == 1
        assert states(office, "committee") == ["failed", "queued"]

    def test_one_that_is_refused_for_good_silences_its_chain_for_a_day_and_no_longer(
        self, office: Installation, postbox: Postbox
    ) -> None:
        register(office.warehouse, COMMITTEE)
        tell(office, "A")
        go_on(office, -1.7)
        postbox.dislikes = "stands already"
        # 5 minutes doubling to 6 hours; the twelfth refusal comes after 34 hours and 35 minutes.
        tries = [0, 5, 15, 35, 75, 155, 315, 635, 995, 1355, 1715, 2075]
        for minutes in tries[:-1]:
            assert len(round_of(later(office, minutes=minutes)).failures) == 1
        assert states(office, "committee") == ["failed", "queued"]
        done = round_of(later(office, minutes=tries[-1]))
        assert (len(done.failures), done.sent) == (1, 1)
        assert states(office, "committee") == ["failed", "sent"]
        (row,) = status(later(office, minutes=tries[-1])).channels
        assert (row.channel, row.waiting, row.refused) == ("mail", 1, 1)
        # It is tried before whatever follows, though its own pause is not over.
        go_on(office, -2.4, months=2)
        postbox.dislikes = ""
        assert round_of(later(office, minutes=tries[-1] + 1)).failures == ()
        assert states(office, "committee") == ["sent"] * 3
        assert ["stands already" in str(mail["Subject"]) for _, mail in postbox.letters] == [
            False,
            True,
            False,
        ]

    def test_a_server_that_is_away_for_three_days_changes_no_order(
        self, office: Installation, postbox: Postbox
    ) -> None:
        register(office.warehouse, COMMITTEE)
        tell(office, "A")
        go_on(office, -1.7)
        postbox.drops = Drop.IN_DATA
        tries = [len(round_of(later(office, hours=hours)).failures) for hours in range(72)]
        assert sum(tries) > 12
        # Back again, it first puts off whom it does not know: that is no reason to go on without it.
        postbox.drops, postbox.to_recipient = None, "450 4.2.0 greylisted"
        assert len(round_of(later(office, hours=78)).failures) == 1
        assert states(office, "committee") == ["failed", "queued"]
        postbox.to_recipient = "250 OK"
        assert round_of(later(office, hours=84)).sent == 2
        assert ["stands already" in str(mail["Subject"]) for _, mail in postbox.letters] == [
            True,
            False,
        ]

    def test_a_recipient_who_was_ended_is_told_no_more(
        self, office: Installation, postbox: Postbox
    ) -> None:
        register(office.warehouse, COMMITTEE)
        tell(office, "A")
        with office.warehouse.begin() as connection:
            end_recipient(connection, "committee", NOW, ended_by="the test")
            # As if the alert had been approved at the same moment.
            connection.execute(
                text("UPDATE alert.delivery SET state = 'queued' WHERE recipient_id = 'committee'")
            )
        round_of(office)
        assert postbox.letters == []
        assert states(office, "committee") == ["cancelled"]


WORKDAYS = replace(COMMITTEE, hours=Hours(), digest_from=1000)
"""Monday to Friday, 9 to 18 by the clock of Uzbekistan, +5."""


class TestHours:
    def test_a_letter_of_a_sunday_waits_for_monday_at_nine(
        self, office: Installation, postbox: Postbox
    ) -> None:
        register(office.warehouse, WORKDAYS)
        tell(office, "A")
        # 2026-11-08 is a Sunday; Monday at 9 there is Monday at 4 UTC.
        assert NOW.isoformat() == "2026-11-08T06:00:00+00:00"
        for hours in (0, 21.9):
            deliver(later(office, hours=hours), ignores_pauses=True)
            assert postbox.letters == []
        (row,) = status(later(office, hours=21)).channels
        assert (row.channel, row.waiting, row.refused, row.said) == ("mail", 1, 0, None)
        assert round_of(later(office, hours=22)).sent == 1
        assert postbox.recipients == ["committee@example.org"]

    def test_unless_the_plan_says_at_once(self, office: Installation, postbox: Postbox) -> None:
        adopt(office.warehouse, {"at_once": {"stages": ["warning"], "order": "Order No. 3"}})
        register(office.warehouse, WORKDAYS)
        tell(office, "A", "B")
        go_on(office, -1.7)
        deliver(office)
        # The order of a chain stays, so the warning of A takes with it what it follows.
        assert ["A" in str(mail["Subject"]) for _, mail in postbox.letters] == [True, True]
        deliver(later(office, hours=22))
        assert len(postbox.letters) == 3
        say_spi_3(office.warehouse, {"B": [-1.7]}, first=JANUARY + 1)
        evaluate(office)
        approve(office, pending_alerts(office), APPROVAL)
        deliver(later(office, hours=20))
        assert len(postbox.letters) == 4

    def test_what_waits_for_monday_is_not_stuck_and_what_could_have_left_is(
        self, office: Installation
    ) -> None:
        rests = (datetime.now(UTC) - timedelta(days=4)).isoweekday()
        asleep = replace(COMMITTEE, recipient_id="asleep", hours=Hours(0, 24, frozenset({rests})))
        register(office.warehouse, COMMITTEE, asleep)
        tell(office, "A")
        with office.warehouse.begin() as connection:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            connection.execute(
                text(
                    "UPDATE alert.approval SET answered_at = now() - interval '40 hours' "
                    "WHERE state = 'approved'"
                )
            )
            connection.execute(
                text("UPDATE alert.delivery SET state = 'cancelled' WHERE channel = 'file'")
            )
        found: list[Checked] = []
        check(office, only=["deliveries_stuck"], tell=found.append)
        assert [row["recipient_id"] for row in found[0].rows] == ["committee"]
        # Nothing failed, as where the DAG that delivers is paused; who is asleep is counted in no line.
        (said,) = undelivered(office)
        assert said.startswith("1 messages by mail could leave for more than a day")
        put_notice(office, "now() - interval '25 hours', 'queued', NULL")
        put_notice(office, "now(), 'queued', NULL")
        (said,) = undelivered(office)
        assert said.startswith("2 messages by mail")
        # A mailbox that is full holds up nobody else's.
        put_notice(office, "now(), 'failed', 'full'")
        assert undelivered(office) == [said]
        # What does not answer says itself how it stands.
        with office.warehouse.begin() as connection:
            save_down(connection, "mail", NOW, NOW, "no answer")
        assert undelivered(office) == []


def put_notice(office: Installation, told: str) -> None:
    """Write a notice to the operator: when, its state and its error."""
    insert = "INSERT INTO alert.notice (recipient_id, subject, body, written_at, state, error) "
    with office.warehouse.begin() as connection:
        connection.execute(text(f"{insert} VALUES ('operator', 'a notice', '-', {told})"))


def undelivered(office: Installation) -> list[str]:
    """What `drought status --check` says of messages that nobody tried."""
    reasons = stand(lambda: office.settings, lambda: office, clock=office.clock).reasons
    return [reason.said for reason in reasons if reason.what == "undelivered"]


class TestDigests:
    def test_many_at_once_are_one_mail_with_the_letters_enclosed(
        self, office: Installation, postbox: Postbox
    ) -> None:
        register(office.warehouse, replace(COMMITTEE, digest_from=3))
        tell(office, "A", "B", "C")
        assert round_of(office).failures == ()
        ((_, mail),) = postbox.letters
        ((digest_id, subject, state),) = told(
            office.warehouse, "SELECT digest_id::text, subject, state FROM alert.digest"
        )
        assert mail["Message-ID"] == f"<{digest_id}@hydromet.example>"
        assert (mail["Subject"], state) == (subject, "sent")
        bodies = told(
            office.warehouse,
            "SELECT body FROM alert.message WHERE form = 'letter' AND language = 'en'",
        )
        enclosed = _enclosed(mail)
        assert all(str(body).strip() in enclosed for (body,) in bodies)
        assert told(
            office.warehouse,
            "SELECT DISTINCT state, attempts, digest_id::text FROM alert.delivery "
            "WHERE channel = 'mail'",
        ) == [("sent", 1, digest_id)]
        assert round_of(office).sent == 0

    def test_fewer_leave_one_by_one(self, office: Installation, postbox: Postbox) -> None:
        register(office.warehouse, replace(COMMITTEE, digest_from=3))
        tell(office, "A", "B")
        round_of(office)
        assert len(postbox.letters) == 2

    def test_one_made_and_never_sent_is_sent_by_the_next_delivery(
        self, office: Installation, postbox: Postbox
    ) -> None:
        register(office.warehouse, replace(COMMITTEE, digest_from=3))
        tell(office, "A", "B", "C")
        rows = told(
            office.warehouse, "SELECT delivery_id FROM alert.delivery WHERE channel = 'mail'"
        )
        made = make_digest(office, [int(str(row[0])) for row in rows])
        go_on(office, -1.7)
        round_of(office)
        # The digest goes first: the warning of A is of one chain with what it holds.
        assert postbox.message_ids[0] == f"<{made}@hydromet.example>"
        round_of(office)
        assert len(postbox.letters) == 2

    def test_one_that_was_refused_goes_again_under_its_id(
        self, office: Installation, hook: Webhook
    ) -> None:
        register(office.warehouse, replace(HOOK, digest_from=2))
        tell(office, "A", "B")
        hook.status = TAKE_AND_DROP
        (failure,) = round_of(office).failures
        assert failure.startswith("digest of 2 alerts to hook: channel hook: ")
        assert states(office, "hook") == ["failed", "failed"]
        hook.status = 200
        round_of(later(office, minutes=5))
        assert len(hook.keys) == 2
        assert len(set(hook.keys)) == 1
        assert states(office, "hook") == ["sent", "sent"]

    def test_a_process_killed_when_the_server_had_it_repeats_it_under_its_id(
        self, office: Installation, postbox: Postbox, warehouse_url: str
    ) -> None:
        register(office.warehouse, replace(COMMITTEE, digest_from=3))
        tell(office, "A", "B", "C")
        with drought_beside(office, warehouse_url, "deliver") as process:
            postbox.after_taking = process.kill
            assert process.wait(timeout=60) == -9
        postbox.after_taking = lambda: None
        while not deliver(office, ignores_pauses=True).sent:  # Postgres notices the death soon
            assert len(postbox.letters) == 1
        assert len(postbox.letters) == 2
        assert len(set(postbox.message_ids)) == 1

    def test_a_recipient_who_is_readdressed_while_one_leaves_waits_for_it(
        self, office: Installation, postbox: Postbox
    ) -> None:
        register(office.warehouse, replace(COMMITTEE, digest_from=3))
        tell(office, "A", "B", "C")
        with ThreadPoolExecutor() as pool:
            moving: list[Future[Readdressed]] = []

            def move_now() -> None:
                moving.append(
                    pool.submit(readdress, office, "committee", "new@example.org", by="the test")
                )
                until(lambda: waits_for_a_row(office))

            postbox.after_taking = move_now
            assert deliver(office).failures == ()
            moved = moving[0].result()
            assert (moved.deliveries, moved.digests) == (0, 0)
        assert states(office, "committee") == ["sent"] * 3

    def test_one_that_was_refused_goes_to_the_new_address_of_its_reader(
        self, office: Installation, postbox: Postbox
    ) -> None:
        register(office.warehouse, replace(COMMITTEE, digest_from=3))
        tell(office, "A", "B", "C")
        postbox.refuses = {COMMITTEE.address}
        assert len(round_of(office).failures) == 1
        moved = readdress(office, "committee", "new@example.org", by="the test")
        assert (moved.deliveries, moved.digests) == (3, 1)
        assert round_of(later(office, minutes=1)).sent == 3
        assert postbox.recipients == ["new@example.org"]
        ((digest_id,),) = told(office.warehouse, "SELECT digest_id::text FROM alert.digest")
        assert postbox.message_ids == [f"<{digest_id}@hydromet.example>"]

    def test_a_recipient_who_is_ended_while_one_leaves_waits_for_it(
        self, office: Installation, postbox: Postbox
    ) -> None:
        """Who ends and who sends want the same rows, and must want them in the same order."""
        register(office.warehouse, replace(COMMITTEE, digest_from=3))
        tell(office, "A", "B", "C")
        with ThreadPoolExecutor() as pool:
            ending: list[Future[Cancelled]] = []

            def end_now() -> None:
                ending.append(pool.submit(end, office, "committee", ended_by="the test"))
                until(lambda: waits_for_a_row(office))

            postbox.after_taking = end_now
            assert deliver(office).failures == ()
            assert ending[0].result() == Cancelled(0, 0)
        assert states(office, "committee") == ["sent"] * 3
        assert told(office.warehouse, "SELECT state FROM alert.digest") == [("sent",)]

    def test_a_chain_told_now_in_one_language_and_now_in_another_does_not_stick(
        self, office: Installation, postbox: Postbox
    ) -> None:
        """What would be a digest in one language may follow what would be one in another."""
        register(office.warehouse, replace(COMMITTEE, language="ru", digest_from=2))
        tell(office, "A")
        for months, value in enumerate((-1.7, -2.4), start=1):
            say_spi_3(office.warehouse, {"A": [value]}, first=JANUARY + months)
            evaluate(office)
            approve(office, pending_alerts(office), APPROVAL, accepts_unchecked=months == 1)
        for _ in range(3):
            assert deliver(office).failures == ()
        assert states(office, "committee") == ["sent"] * 3
        assert [mail["Content-Language"] for _, mail in postbox.letters] == ["en", "ru", "en"]


class TestTheFileOfChannels:
    def test_one_that_is_wrong_keeps_no_mail_from_going(
        self, office: Installation, postbox: Postbox
    ) -> None:
        register(office.warehouse, COMMITTEE, HOOK)
        tell(office, "A")
        file = office.settings.channels
        assert file is not None
        file.chmod(0o644)
        (failure,) = round_of(office).failures
        assert "chmod 600" in failure
        assert len(postbox.letters) == 1
        assert states(office, "hook") == ["queued"]

    def test_a_channel_that_is_not_in_it_is_asked_for(self, office: Installation) -> None:
        register(office.warehouse, replace(HOOK, channel="chat"))
        tell(office, "A")
        (failure,) = round_of(office).failures
        assert "channel chat: expected it in the file DROUGHT_CHANNELS, got hook, gate" in failure

    def test_the_doctor_looks_at_it_and_calls_nobody(
        self, office: Installation, hook: Webhook
    ) -> None:
        patient = Patient(office.settings, office.warehouse, lambda: NOW, 1, is_thorough=False)
        register(office.warehouse, COMMITTEE, HOOK, PHONE)
        verdict, said = look_at_channels(patient)
        assert (verdict, said) == (
            Verdict.OK,
            "mail, hook, gate; 3 recipients; nobody was called",
        )
        register(office.warehouse, replace(HOOK, recipient_id="lost", channel="chat"))
        verdict, said = look_at_channels(patient)
        assert verdict is Verdict.BROKEN
        assert said.startswith("recipient lost: expected the channel chat in the file")
        assert hook.asked == 0


def _enclosed(mail: EmailMessage) -> str:
    (enclosure,) = mail.iter_attachments()
    assert enclosure.get_filename() == "letters.en.txt"
    assert enclosure.get_content_type() == "text/plain"
    return str(enclosure.get_content()).replace("\r\n", "\n")
