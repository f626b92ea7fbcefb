"""From a decision to the reader: nothing leaves unapproved, nothing is lost, nothing goes twice."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from threading import Barrier

import psycopg
import pytest
from lxml import etree
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import OperationalError

from pipeline.alerts.cap import validate
from pipeline.alerts.cap_info import NAMESPACE
from pipeline.alerts.facts import Approval
from pipeline.core.errors import ConflictError, DeliveryError, InputError
from pipeline.core.ids import Origin
from pipeline.settings import Settings
from pipeline.steps.approve import approve, reject
from pipeline.steps.check import check
from pipeline.steps.deliver import deliver, deliver_all
from pipeline.steps.evaluate import evaluate
from pipeline.steps.golive import golive
from pipeline.steps.installation import Installation
from pipeline.steps.status import pending_alerts
from tests.integration import readers
from tests.integration.beside import drought_beside
from tests.integration.conftest import NOW
from tests.integration.desk import appoint
from tests.integration.little_world import JANUARY, landscape, say_spi_3, settle, told
from tests.integration.postbox import HOST, Postbox, free_port, listening
from tests.integration.readers import reader, register

pytestmark = pytest.mark.postgres

COMMITTEE, DESK = readers.COMMITTEE.address, readers.DESK.address
CAP = {"c": NAMESPACE}
KARIMOVA = Approval(
    "A. Karimova", "Drought desk, Hydromet Centre", NOW, protocol="12", login="karimova"
)
SAPAROV = Approval("B. Saparov", "Duty office", NOW + timedelta(hours=1), login="saparov")


@pytest.fixture
def postbox() -> Iterator[Postbox]:
    with listening(Postbox(free_port())) as open_one:
        yield open_one


@pytest.fixture
def office(installation: Installation, postbox: Postbox) -> Installation:
    """An installation that mails to a committee, in English, and a desk, in Uzbek."""
    settings = Settings(
        var=installation.settings.var,
        smtp_host=HOST,
        smtp_port=postbox.port,
        mail_from="Drought desk <drought@hydromet.example>",
    )
    register(installation.warehouse, readers.COMMITTEE, readers.DESK)
    return replace(installation, settings=settings)


def raise_alerts(office: Installation, *landscape_ids: str, origin: Origin = Origin.REAL) -> None:
    """Go live with these landscapes in the stage watch: alerts 2, 4 … or as many as there are."""
    settle(office.warehouse, [landscape(name) for name in landscape_ids], origin)
    appoint(office.warehouse, SAPAROV)
    say_spi_3(office.warehouse, {name: [-1.2] for name in landscape_ids}, origin=origin)
    golive(office, JANUARY + 1)


def approve_all(office: Installation, approval: Approval = KARIMOVA) -> None:
    approve(office, pending_alerts(office), approval, accepts_unchecked=True)


def deliveries(office: Installation) -> list[tuple[object, ...]]:
    """Language, channel, recipient, state and attempts, in order."""
    return told(
        office.warehouse,
        "SELECT language, channel, recipient_id, state, attempts FROM mart.delivery ORDER BY 1, 2, 3",
    )


def later(office: Installation, **passed: float) -> Installation:
    """The same installation some time later."""
    return replace(office, clock=lambda: NOW + timedelta(**passed))


def words(mail: EmailMessage, kind: str) -> str:
    """The plain or the html part of a mail, with the line ends of a text."""
    part = mail.get_body(preferencelist=(kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def states(office: Installation) -> set[object]:
    return {row[3] for row in deliveries(office)}


def files(office: Installation) -> list[str]:
    """What lies in the folder of January."""
    folder = office.settings.outgoing / str(JANUARY)
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def cap(office: Installation, number: int = 2, landscape_id: str = "A") -> etree._Element:
    """The CAP message of an alert as it lies in the folder, after the OASIS schema."""
    (path,) = office.settings.outgoing.glob(f"*/alert-{number:06d}-{landscape_id}-*.cap.xml")
    message = path.read_bytes()
    validate(message)
    return etree.fromstring(message)


def said(message: etree._Element, name: str) -> list[str]:
    return [str(found.text) for found in message.iterfind(f".//c:{name}", CAP)]


class TestBeforeApproval:
    def test_nothing_leaves(self, office: Installation, postbox: Postbox) -> None:
        raise_alerts(office, "A")
        assert states(office) == {"waiting"}
        assert deliver(office).sent == 0
        assert postbox.letters == []
        assert not office.settings.outgoing.exists()

    def test_the_folder_waits_and_no_message_has_its_last_words(self, office: Installation) -> None:
        raise_alerts(office, "A")
        assert deliveries(office) == [
            ("en", "file", "outgoing", "waiting", 0),
            ("mul", "file", "outgoing", "waiting", 0),
            ("ru", "file", "outgoing", "waiting", 0),
            ("uz", "file", "outgoing", "waiting", 0),
        ]
        assert told(office.warehouse, "SELECT DISTINCT body FROM alert.message") == [(None,)]


class TestTheAnswer:
    def test_a_refused_alert_never_leaves(self, office: Installation, postbox: Postbox) -> None:
        raise_alerts(office, "A")
        reject(office, pending_alerts(office), KARIMOVA)
        assert states(office) == {"cancelled"}
        assert deliver(office).sent == 0
        assert postbox.letters == []
        assert told(
            office.warehouse,
            "SELECT approval, approved_by FROM mart.alert WHERE change = 'in_force'",
        ) == [("refused", "A. Karimova")]

    @pytest.mark.parametrize("second", [approve, reject], ids=["approve", "reject"])
    @pytest.mark.parametrize("first", [approve, reject], ids=["approve", "reject"])
    def test_the_first_one_wins_and_the_second_learns_whose_it_was(
        self, office: Installation, first: object, second: object
    ) -> None:
        raise_alerts(office, "A")
        (alert,) = pending_alerts(office)
        assert callable(first)
        assert callable(second)
        first(office, [alert], KARIMOVA)
        before = told(office.warehouse, "SELECT * FROM alert.approval ORDER BY alert_id")
        with pytest.raises(ConflictError, match=r"by A\. Karimova, Drought desk"):
            second(office, [alert], SAPAROV)
        assert told(office.warehouse, "SELECT * FROM alert.approval ORDER BY alert_id") == before

    def test_of_two_at_once_one_wins(self, office: Installation) -> None:
        raise_alerts(office, "A")
        start = Barrier(2)

        def answer(approval: Approval) -> str:
            start.wait(timeout=20)
            try:
                approve(office, [2], approval)
            except ConflictError as error:
                return str(error)
            return approval.name

        with ThreadPoolExecutor() as pool:
            said_by = sorted(pool.map(answer, [KARIMOVA, SAPAROV]))
        ((winner,),) = told(
            office.warehouse, "SELECT name FROM alert.approval WHERE state = 'approved'"
        )
        assert winner in said_by
        assert sum("got approved by" in line for line in said_by) == 1

    def test_several_are_approved_all_or_none(self, office: Installation) -> None:
        raise_alerts(office, "A", "B")
        one, other = pending_alerts(office)
        reject(office, [other], SAPAROV)
        with pytest.raises(ConflictError, match=f"alert {other}: .* got refused by B"):
            approve(office, [one, other], KARIMOVA)
        with pytest.raises(InputError, match="alert 999: there is no such alert"):
            approve(office, [one, 999], KARIMOVA)
        assert pending_alerts(office) == [one]
        assert "queued" not in states(office)
        approve(office, [one], KARIMOVA)
        assert pending_alerts(office) == []

    def test_what_was_never_to_be_told_cannot_be_approved(self, office: Installation) -> None:
        raise_alerts(office, "A")
        with pytest.raises(
            ConflictError, match="alert 1: expected it to be pending, got not_needed"
        ):
            approve(office, [1], KARIMOVA)

    @pytest.mark.parametrize(
        ("approval", "option"),
        [
            pytest.param(replace(KARIMOVA, name=""), "--by", id="no name"),
            pytest.param(replace(KARIMOVA, name=" \t"), "--by", id="a blank name"),
            pytest.param(replace(KARIMOVA, office="  "), "--office", id="a blank office"),
        ],
    )
    @pytest.mark.parametrize("answer", [approve, reject], ids=["approve", "reject"])
    def test_nobody_answers_without_a_name_and_an_office(
        self, office: Installation, answer: object, approval: Approval, option: str
    ) -> None:
        raise_alerts(office, "A")
        assert callable(answer)
        with pytest.raises(InputError, match=f"^{option}: expected who answers"):
            answer(office, [2], approval)
        assert pending_alerts(office) == [2]

    def test_a_translation_nobody_checked_stays_behind(
        self, office: Installation, postbox: Postbox
    ) -> None:
        raise_alerts(office, "A")
        approve(office, [2], KARIMOVA)
        by_language = {(row[0], row[3]) for row in deliveries(office)}
        unchecked = {("ru", "cancelled"), ("uz", "cancelled")}
        assert by_language == {("en", "queued"), ("mul", "queued"), *unchecked}
        deliver(office)
        assert files(office) == [
            "alert-000002-A-meteorological.cap.xml",
            "alert-000002-A-meteorological.en.txt",
        ]
        assert postbox.recipients == [COMMITTEE, DESK]
        assert said(cap(office), "language") == ["en"]

    def test_unless_the_approver_accepts_it(self, office: Installation, postbox: Postbox) -> None:
        raise_alerts(office, "A")
        approve(office, [2], KARIMOVA, accepts_unchecked=True)
        deliver(office)
        assert "alert-000002-A-meteorological.ru.txt" in files(office)
        assert "alert-000002-A-meteorological.uz.txt" in files(office)
        assert [mail["Content-Language"] for _, mail in postbox.letters] == ["en", "uz"]
        assert said(cap(office), "language") == ["en", "ru", "uz"]

    def test_the_last_words_name_who_let_them_go(self, office: Installation) -> None:
        raise_alerts(office, "A")
        approve_all(office)
        deliver(office)
        letter = office.settings.outgoing / "2021-01" / "alert-000002-A-meteorological.en.txt"
        words = " ".join(letter.read_text(encoding="utf-8").split())
        assert "A. Karimova, Drought desk, Hydromet Centre" in words
        assert said(cap(office), "senderName") == ["Drought desk, Hydromet Centre"] * 3


class TestWhatLeaves:
    @pytest.mark.parametrize(
        ("origin", "status"),
        [
            pytest.param(Origin.REAL, "Draft", id="real data by generic thresholds are a draft"),
            pytest.param(Origin.SIMULATED, "Exercise", id="simulated data are an exercise"),
        ],
    )
    def test_cap_is_valid_and_private(
        self, office: Installation, origin: Origin, status: str
    ) -> None:
        raise_alerts(office, "A", origin=origin)
        approve_all(office)
        deliver(office)
        message = cap(office)
        assert said(message, "status") == [status]
        assert said(message, "scope") == ["Private"]
        # The moment of the approval, 06:00 UTC, by the clocks of Uzbekistan.
        assert said(message, "sent") == ["2026-11-08T11:00:00+05:00"]
        assert said(message, "addresses") == ["committee desk"]
        identifier = told(
            office.warehouse, "SELECT cap_identifier FROM mart.alert WHERE change = 'in_force'"
        )
        assert [tuple(said(message, "identifier"))] == identifier

    def test_what_is_simulated_says_so_in_every_letter(
        self, office: Installation, postbox: Postbox
    ) -> None:
        raise_alerts(office, "A", origin=Origin.SIMULATED)
        approve(office, [2], KARIMOVA)
        deliver(office)
        for _, letter in postbox.letters:
            assert str(letter["Subject"]).startswith("[EXERCISE] ")
            banner = "EXERCISE - SIMULATED DATA - no real drought"
            lines = words(letter, "plain").strip().splitlines()
            assert lines[0] == lines[-1] == banner
            assert words(letter, "html").count(banner) == 2

    def test_each_recipient_gets_the_letter_of_its_language_once(
        self, office: Installation, postbox: Postbox
    ) -> None:
        raise_alerts(office, "A")
        approve_all(office)
        assert deliver(office).sent == 6
        assert states(office) == {"sent"}
        letters = dict(
            told(
                office.warehouse,
                "SELECT language, message_id::text FROM alert.message WHERE form = 'letter'",
            )
        )
        assert list(zip(postbox.recipients, postbox.message_ids, strict=True)) == [
            (COMMITTEE, f"<{letters['en']}@hydromet.example>"),
            (DESK, f"<{letters['uz']}@hydromet.example>"),
        ]
        assert [mail["To"] for _, mail in postbox.letters] == [
            f"Drought committee <{COMMITTEE}>",
            f"The desk <{DESK}>",
        ]

    def test_mail_and_file_hold_the_words_that_were_approved(
        self, office: Installation, postbox: Postbox
    ) -> None:
        raise_alerts(office, "A")
        approve_all(office)
        deliver(office)
        bodies = dict(
            told(
                office.warehouse,
                "SELECT form || '.' || language, body FROM alert.message "
                "WHERE form IN ('letter', 'cap')",
            )
        )
        folder = office.settings.outgoing / str(JANUARY)
        laid = {path.read_text(encoding="utf-8") for path in folder.iterdir()}
        assert laid == set(bodies.values())
        mailed = [words(mail, "plain") for _, mail in postbox.letters]
        assert mailed == [bodies["letter.en"], bodies["letter.uz"]]

    def test_a_later_alert_refers_to_the_cap_that_left_before(self, office: Installation) -> None:
        raise_alerts(office, "A")
        approve_all(office)
        say_spi_3(office.warehouse, {"A": [-1.7]}, first=JANUARY + 1)
        evaluate(office)
        (escalated,) = pending_alerts(office)
        approve_all(office, SAPAROV)
        assert deliver(office).failures == ()
        first, second = cap(office), cap(office, escalated)
        assert said(first, "msgType") == ["Alert"]
        assert said(second, "msgType") == ["Update"]
        (reference,) = said(second, "references")
        assert reference.split(",") == [
            *said(first, "sender"),
            *said(first, "identifier"),
            *said(first, "sent"),
        ]

    def test_no_delivery_changes_a_stage(self, office: Installation, postbox: Postbox) -> None:
        raise_alerts(office, "A")
        query = "SELECT * FROM plan.stage_month ORDER BY 1, 2, 3"
        before = told(office.warehouse, query)
        approve_all(office)
        postbox.refuses.add(DESK)
        deliver(office)
        assert told(office.warehouse, query) == before
        assert check(office)


class TestOnceOnly:
    def test_delivering_twice_sends_nothing_twice(
        self, office: Installation, postbox: Postbox
    ) -> None:
        raise_alerts(office, "A", "B")
        approve_all(office)
        assert deliver(office).sent == 12
        before = deliveries(office)
        assert deliver(office).sent == 0
        assert len(postbox.letters) == 4
        assert deliveries(office) == before

    def test_two_at_once_share_the_work(self, office: Installation, postbox: Postbox) -> None:
        raise_alerts(office, "A", "B", "C")
        approve_all(office)
        with ThreadPoolExecutor() as pool:
            done = list(pool.map(lambda _: deliver(office), range(2)))
        assert sum(one.sent for one in done) == 18
        mails = list(zip(postbox.recipients, postbox.message_ids, strict=True))
        assert len(mails) == len(set(mails)) == 6

    @pytest.mark.parametrize(
        "farewell",
        [
            pytest.param("421 4.3.2 closing down", id="an error instead of a farewell"),
            pytest.param("500 what?", id="a server that does not know how to part"),
        ],
    )
    def test_a_letter_that_was_taken_is_sent_however_the_server_parts(
        self, office: Installation, postbox: Postbox, farewell: str
    ) -> None:
        raise_alerts(office, "A")
        approve_all(office)
        postbox.farewell = farewell
        assert deliver(office).failures == ()
        assert states(office) == {"sent"}
        assert len(postbox.letters) == 2

    def test_a_crash_after_the_server_took_it_repeats_it_under_the_same_id(
        self, office: Installation, postbox: Postbox, warehouse_url: str
    ) -> None:
        raise_alerts(office, "A")
        approve(office, [2], KARIMOVA)
        postbox.after_taking = lambda: _end_open_transactions(warehouse_url)
        with pytest.raises(OperationalError):
            deliver(office)
        postbox.after_taking = lambda: None
        assert postbox.recipients == [COMMITTEE]
        assert ("en", "mail", "committee", "queued", 0) in deliveries(office)
        assert deliver(office).failures == ()
        assert postbox.recipients == [COMMITTEE, COMMITTEE, DESK]
        assert len(set(postbox.message_ids)) == 1
        assert {row[4] for row in deliveries(office) if row[3] == "sent"} == {1}

    def test_a_process_killed_in_that_moment_loses_nothing(
        self, office: Installation, postbox: Postbox, warehouse_url: str
    ) -> None:
        raise_alerts(office, "A")
        approve(office, [2], KARIMOVA)
        with drought_beside(office, warehouse_url, "deliver") as process:
            postbox.after_taking = process.kill
            assert process.wait(timeout=60) == -9
        postbox.after_taking = lambda: None
        _wait_until_nothing_is_open(warehouse_url)
        assert postbox.recipients == [COMMITTEE]
        assert deliver(office).failures == ()
        assert postbox.recipients == [COMMITTEE, COMMITTEE, DESK]
        assert len(set(postbox.message_ids)) == 1
        assert states(office) == {"sent", "cancelled"}


class TestADifficultServer:
    def test_one_that_refuses_a_recipient_holds_up_no_other(
        self, office: Installation, postbox: Postbox
    ) -> None:
        raise_alerts(office, "A")
        approve(office, [2], KARIMOVA)
        postbox.refuses.add(COMMITTEE)
        done = deliver(office)
        assert postbox.recipients == [DESK]
        assert done.sent == 3
        (failure,) = done.failures
        assert failure.startswith(f"alert 2 to committee: mail server {HOST}:{postbox.port}: ")
        errors = told(
            office.warehouse,
            "SELECT recipient_id, state, attempts, error FROM mart.delivery WHERE error IS NOT NULL",
        )
        ((recipient, state, attempts, error),) = errors
        assert (recipient, state, attempts) == ("committee", "failed", 1)
        assert "550" in str(error)
        assert "no such mailbox here" in str(error)

        postbox.refuses.clear()
        assert deliver(office).sent == 0
        assert deliver(later(office, minutes=5)).sent == 1
        assert postbox.recipients == [DESK, COMMITTEE]
        assert told(
            office.warehouse,
            "SELECT state, attempts, error FROM mart.delivery WHERE recipient_id = :to "
            "AND state <> 'cancelled'",
            to="committee",
        ) == [("sent", 2, None)]

    def test_one_that_is_away_keeps_no_file_from_being_written(
        self, office: Installation, postbox: Postbox
    ) -> None:
        away = office.settings.model_copy(update={"smtp_port": free_port()})
        raise_alerts(office, "A")
        approve(office, [2], KARIMOVA)
        with pytest.raises(DeliveryError, match="it is tried again later"):
            deliver_all(replace(office, settings=away))
        assert len(files(office)) == 2
        assert {(row[1], row[3]) for row in deliveries(office) if row[0] in {"en", "mul"}} == {
            ("file", "sent"),
            ("mail", "failed"),
            # One try told that nobody answers; the rest of the round was spared.
            ("mail", "queued"),
        }
        assert deliver_all(office) == 0
        assert deliver_all(later(office, minutes=5)) == 2
        assert sorted(postbox.recipients) == [COMMITTEE, DESK]

    def test_one_that_is_no_longer_set_is_asked_for(self, office: Installation) -> None:
        raise_alerts(office, "A")
        approve(office, [2], KARIMOVA)
        unset = office.settings.model_copy(update={"smtp_host": None})
        (failure,) = deliver(replace(office, settings=unset)).failures
        assert "set DROUGHT_SMTP_HOST" in failure

    def test_a_folder_that_cannot_be_written_keeps_no_mail_from_going(
        self, office: Installation, postbox: Postbox
    ) -> None:
        raise_alerts(office, "A")
        approve(office, [2], KARIMOVA)
        office.settings.var.mkdir(parents=True)
        office.settings.outgoing.write_text("a file where the folder should be")
        done = deliver(office)
        assert (done.sent, len(done.failures)) == (2, 2)
        assert postbox.recipients == [COMMITTEE, DESK]
        office.settings.outgoing.unlink()
        assert deliver(later(office, minutes=5)).sent == 2
        assert len(files(office)) == 2

    def test_an_address_that_is_none_holds_up_no_other(
        self, office: Installation, postbox: Postbox
    ) -> None:
        strange = ["no address", "<>", "кто@пример.уз", "a@b@c", "a@example.org, b@example.org"]
        for n, address in enumerate(strange):
            register(office.warehouse, replace(reader(f"a{n}"), address=address))
        raise_alerts(office, "A")
        approve(office, [2], KARIMOVA)
        deliver(office)
        assert {COMMITTEE, DESK} <= set(postbox.recipients)
        assert "queued" not in states(office)

    def test_letters_of_before_the_register_still_leave(
        self, office: Installation, postbox: Postbox
    ) -> None:
        raise_alerts(office, "A")
        with office.warehouse.begin() as connection:
            connection.execute(
                text(
                    "INSERT INTO alert.delivery (message_id, channel, recipient_id) "
                    "SELECT message_id, 'mail', 'old@example.org' FROM alert.message "
                    "WHERE form = 'letter' AND language = 'en'"
                )
            )
        approve(office, [2], KARIMOVA)
        assert deliver(office).failures == ()
        assert sorted(postbox.recipients) == [COMMITTEE, DESK, "old@example.org"]

    def test_the_command_says_what_was_refused_and_fails(
        self, office: Installation, postbox: Postbox, warehouse_url: str
    ) -> None:
        raise_alerts(office, "A")
        approve(office, [2], KARIMOVA)
        postbox.refuses.add(DESK)
        with drought_beside(office, warehouse_url, "deliver") as process:
            out, err = process.communicate(timeout=60)
        assert process.returncode == 1
        assert out == "delivered: 3; refused by a channel: 1\n"
        assert err.startswith("error: alert 2 to desk: ")
        assert "no such mailbox here" in err

        postbox.refuses.clear()
        with drought_beside(office, warehouse_url, "deliver") as process:
            out, err = process.communicate(timeout=60)
        assert (process.returncode, out) == (0, "delivered: 0; refused by a channel: 0\n")
        with drought_beside(office, warehouse_url, "deliver", "--now") as process:
            out, err = process.communicate(timeout=60)
        assert (process.returncode, out, err) == (
            0,
            "delivered: 1; refused by a channel: 0\n",
            "",
        )


def _end_open_transactions(url: str) -> None:
    """End the sessions that hold a transaction open, as a crash of the server would."""
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        ended = connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND state = 'idle in transaction'"
        )
        assert ended.fetchall() == [(True,)]


def _wait_until_nothing_is_open(url: str) -> None:
    engine: Engine = create_engine(url)
    deadline = time.monotonic() + 20
    query = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND pid <> pg_backend_pid() AND xact_start IS NOT NULL"
    )
    with engine.connect() as connection:
        while connection.execute(query).scalar_one() and time.monotonic() < deadline:
            time.sleep(0.05)
    engine.dispose()
