"""The register of recipients: who is told of an alert, in which form and language, and when no more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from lxml import etree
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from typer.testing import CliRunner

from pipeline import wiring
from pipeline.alerts.cap_info import NAMESPACE
from pipeline.alerts.recipients import Form, Recipient
from pipeline.alerts.wishes import Wishes
from pipeline.cli import app
from pipeline.core.errors import ConflictError, DroughtError, InputError
from pipeline.core.ids import Country, DroughtType, LandUse
from pipeline.settings import Settings
from pipeline.steps.approve import approve, reject
from pipeline.steps.deliver import deliver
from pipeline.steps.evaluate import evaluate
from pipeline.steps.golive import golive
from pipeline.steps.installation import Installation
from pipeline.steps.register import end, readdress, register, told_again, unsubscribe
from pipeline.steps.status import pending_alerts
from pipeline.steps.told import who_is_told
from pipeline.warehouse.outbox import Addressee, queue_deliveries
from pipeline.warehouse.recipients import read_recipient, read_recipients
from tests.integration.conftest import NOW
from tests.integration.issuing_plan import ORDER, adopt
from tests.integration.little_world import JANUARY, landscape, say_spi_3, settle, told
from tests.integration.postbox import HOST, Postbox, free_port, listening
from tests.integration.readers import ANY_HOUR, COMMITTEE, reader
from tests.integration.readers import register as enter
from tests.unit.alerts.cases import APPROVAL

pytestmark = pytest.mark.postgres

KARIMOVA = replace(APPROVAL, answered_at=NOW)
"""`settle` enters her into the register of issuers."""
Drought = Callable[..., str]
STATES = "SELECT recipient_id, state FROM mart.delivery WHERE channel <> 'file' ORDER BY 1"


def decide(place: Installation, *, spi_3: float = -1.2, land_use: LandUse = LandUse.RAINFED) -> int:
    """Go live with one drought under way on rainfed land of Uzbekistan; return its alert."""
    settle(place.warehouse, [landscape("UZ-SU", land_use=land_use)])
    say_spi_3(place.warehouse, {"UZ-SU": [spi_3]})
    golive(place, JANUARY + 1)
    (alert,) = pending_alerts(place)
    return alert


def go_on(place: Installation, spi_3: float, *, month: int) -> int:
    """Decide the next month of the drought; return its alert."""
    say_spi_3(place.warehouse, {"UZ-SU": [spi_3]}, first=JANUARY + month)
    evaluate(place)
    (alert,) = pending_alerts(place)
    return alert


def approved(place: Installation, alert: int, *, accepts_unchecked: bool = True) -> None:
    approve(place, [alert], KARIMOVA, accepts_unchecked=accepts_unchecked)


def queued(place: Installation) -> list[tuple[object, ...]]:
    """Recipient, form and language of what is queued for recipients."""
    return told(
        place.warehouse,
        "SELECT recipient_id, form, language FROM mart.delivery "
        "WHERE channel <> 'file' AND state = 'queued' ORDER BY 1",
    )


def states(place: Installation) -> dict[object, object]:
    return dict(told(place.warehouse, STATES))  # type: ignore[arg-type]


class TestWhoIsTold:
    @pytest.fixture
    def crowd(self, warehouse: Engine) -> None:
        enter(
            warehouse,
            reader("all-en"),
            replace(reader("brief-uz", "uz"), form=Form.BRIEF),
            replace(reader("sms-kk", "kk"), form=Form.SMS, channel="sms", address="+77011234567"),
            reader("of-uz", "ru", countries=frozenset({Country.UZBEKISTAN})),
            reader("of-kz", "ru", countries=frozenset({Country.KAZAKHSTAN})),
            reader("province", provinces=frozenset({"UZ-SU"})),
            reader("elsewhere", provinces=frozenset({"UZ-S"})),
            reader("pasture", land_uses=frozenset({LandUse.PASTORAL})),
            reader("rivers", drought_types=frozenset({DroughtType.HYDROLOGICAL})),
            reader("grave", from_stage="severe"),
        )

    @pytest.mark.usefixtures("crowd")
    def test_each_gets_one_message_in_form_and_language_if_its_wishes_are_met(
        self, installation: Installation
    ) -> None:
        approved(installation, decide(installation))
        assert queued(installation) == [
            ("all-en", "letter", "en"),
            ("brief-uz", "brief", "uz"),
            ("of-uz", "letter", "ru"),
            ("province", "letter", "en"),
            ("sms-kk", "sms", "ru"),
        ]

    @pytest.mark.usefixtures("crowd")
    def test_what_nobody_checked_comes_in_a_language_that_leaves(
        self, installation: Installation
    ) -> None:
        approved(installation, decide(installation), accepts_unchecked=False)
        assert {row[2] for row in queued(installation)} == {"en"}
        assert len(queued(installation)) == 5

    @pytest.mark.usefixtures("crowd")
    def test_it_can_be_asked_before_the_answer(self, installation: Installation) -> None:
        alert = decide(installation)
        with installation.warehouse.connect() as connection:
            before = {
                one.recipient.recipient_id: (one.state, one.language, one.why)
                for one in who_is_told(connection, alert)
            }
        assert before["brief-uz"] == (
            "would be told",
            "uz if unchecked texts are accepted, else en",
            "fits the wishes",
        )
        assert before["all-en"] == ("would be told", "en", "fits the wishes")
        assert before["of-kz"] == ("not", "", "wants KZ, it is UZ")
        assert before["grave"] == ("not", "", "wants severe and graver, it is watch")
        approved(installation, alert)
        with installation.warehouse.connect() as connection:
            after = {
                one.recipient.recipient_id: (one.state, one.language)
                for one in who_is_told(connection, alert)
            }
        expected: dict[str, tuple[object, object]] = dict.fromkeys(before, ("not", "")) | {
            str(name): ("queued", language) for name, _, language in queued(installation)
        }
        assert after == expected

    def test_of_an_alert_that_is_none_it_says_so(self, installation: Installation) -> None:
        with (
            installation.warehouse.connect() as connection,
            pytest.raises(InputError, match="alert 7: there is no such alert"),
        ):
            who_is_told(connection, 7)

    def test_the_words_that_leave_are_signed_where_there_is_room(
        self, installation: Installation
    ) -> None:
        enter(installation.warehouse, COMMITTEE)
        alert = decide(installation)
        approved(installation, alert)
        rows = told(
            installation.warehouse,
            "SELECT form, body FROM alert.message WHERE language = 'en' AND alert_id = :alert",
            alert=alert,
        )
        bodies = {form: str(body) for form, body in rows}
        assert set(bodies) == {"letter", "brief", "sms"}
        assert "A. Karimova" in bodies["letter"]
        assert "A. Karimova" in bodies["brief"]
        assert "A. Karimova" not in bodies["sms"]


class TestWhenItIsDecided:
    """The register is asked when an alert is approved, and at no other time."""

    def test_before_the_answer_nothing_is_queued_for_anybody(
        self, installation: Installation
    ) -> None:
        enter(installation.warehouse, COMMITTEE)
        decide(installation)
        assert states(installation) == {}

    def test_who_came_since_the_decision_is_told_and_who_left_is_not(
        self, installation: Installation
    ) -> None:
        enter(installation.warehouse, reader("early"), reader("left"))
        alert = decide(installation)
        end(installation, "left", ended_by="the test")
        enter(installation.warehouse, reader("late"))
        approved(installation, alert)
        assert states(installation) == {"early": "queued", "late": "queued"}

    def test_a_refused_alert_goes_to_nobody(self, installation: Installation) -> None:
        enter(installation.warehouse, COMMITTEE)
        reject(installation, [decide(installation)], KARIMOVA)
        assert states(installation) == {}

    def test_history_goes_to_nobody(self, installation: Installation) -> None:
        enter(installation.warehouse, COMMITTEE)
        settle(installation.warehouse, [landscape("UZ-SU")])
        say_spi_3(installation.warehouse, {"UZ-SU": [-1.2, -1.7, 0.4, -2.4]})
        assert evaluate(installation).transitions > 3
        assert states(installation) == {}

    def test_an_order_that_asks_nobody_tells_recipients_with_the_decision(
        self, installation: Installation
    ) -> None:
        enter(installation.warehouse, COMMITTEE, reader("russian", "ru"))
        adopt(installation.warehouse, {"automatic": {"stages": ["watch"], "order": ORDER}})
        settle(installation.warehouse, [landscape("UZ-SU")])
        say_spi_3(installation.warehouse, {"UZ-SU": [0.5]})
        golive(installation, JANUARY + 1)
        say_spi_3(installation.warehouse, {"UZ-SU": [-1.2]}, first=JANUARY + 1)
        evaluate(installation)
        # Nobody was asked, so nobody could accept the Russian that no speaker has checked.
        assert queued(installation) == [
            ("committee", "letter", "en"),
            ("russian", "letter", "en"),
        ]

    def test_each_gets_an_alert_once(self, installation: Installation) -> None:
        (held,) = enter(installation.warehouse, COMMITTEE)
        alert = decide(installation)
        approved(installation, alert)
        with pytest.raises(ConflictError):
            approved(installation, alert)
        ((russian,),) = told(
            installation.warehouse,
            "SELECT message_id::text FROM alert.message "
            "WHERE alert_id = :alert AND form = 'letter' AND language = 'ru'",
            alert=alert,
        )
        again = Addressee(held.recipient_key, "committee", "mail", str(russian))
        with pytest.raises(IntegrityError), installation.warehouse.begin() as connection:
            queue_deliveries(connection, alert, [again])
        assert states(installation) == {"committee": "queued"}

    @pytest.mark.parametrize(
        ("recipients", "addresses"),
        [
            pytest.param((reader("b"), reader("a")), "a b", id="those it goes to"),
            pytest.param(
                (reader("a", from_stage="severe"),), "drought@localhost", id="nobody else"
            ),
        ],
    )
    def test_a_private_cap_message_is_addressed_to_them(
        self, installation: Installation, recipients: tuple[Recipient, ...], addresses: str
    ) -> None:
        enter(installation.warehouse, *recipients)
        approved(installation, decide(installation))
        ((body,),) = told(
            installation.warehouse, "SELECT body FROM alert.message WHERE form = 'cap'"
        )
        found = etree.fromstring(str(body).encode()).findtext(f"{{{NAMESPACE}}}addresses")
        assert found == addresses


class TestTheEndOfADrought:
    def test_whoever_was_told_of_it_is_told_of_its_end(self, installation: Installation) -> None:
        enter(installation.warehouse, reader("told"), reader("moved", from_stage="warning"))
        approved(installation, decide(installation, spi_3=-1.6))
        with installation.warehouse.begin() as connection:
            connection.execute(text("UPDATE alert.delivery SET state = 'sent', sent_at = now()"))
        end(installation, "moved", ended_by="the test")
        pastures = frozenset({LandUse.PASTORAL})
        enter(
            installation.warehouse,
            reader("moved", land_uses=pastures),
            reader("never", land_uses=pastures),
        )
        approved(installation, go_on(installation, -2.4, month=1))
        assert [row for row in queued(installation) if row[0] == "moved"] == []
        ended = go_on(installation, 0.4, month=2)
        with installation.warehouse.connect() as connection:
            why = {one.recipient.recipient_id: one.why for one in who_is_told(connection, ended)}
        assert why["moved"] == (
            "was told of this drought, so of its end too (wants pastoral, it is rainfed)"
        )
        approved(installation, ended)
        rows = told(
            installation.warehouse,
            "SELECT recipient_id FROM mart.delivery WHERE alert_id = :alert AND channel <> 'file' "
            "ORDER BY 1",
            alert=ended,
        )
        assert rows == [("moved",), ("told",)]


class TestTheRegister:
    def test_a_name_is_taken_once_and_free_again_after_the_end(
        self, installation: Installation
    ) -> None:
        register(installation, reader("a"), added_by="the test")
        with pytest.raises(ConflictError, match=r"^a: .* got one that is taken"):
            register(installation, reader("a", "ru"), added_by="the test")
        end(installation, "a", ended_by="the test")
        with pytest.raises(InputError, match="got one that was ended on 2026-11-08 by the test"):
            end(installation, "a", ended_by="the test")
        register(installation, reader("a", "ru"), added_by="the test")
        with installation.warehouse.connect() as connection:
            assert len(read_recipients(connection, everybody=True)) == 2
            assert read_recipient(connection, "a").recipient.language == "ru"

    def test_it_comes_back_as_it_was_entered(self, installation: Installation) -> None:
        settle(installation.warehouse, [landscape("UZ-SU-pastoral")])
        wishes = Wishes(
            frozenset({Country.UZBEKISTAN}),
            frozenset({"UZ-SU"}),
            frozenset({LandUse.PASTORAL}),
            frozenset({DroughtType.AGRICULTURAL}),
            "severe",
        )
        new = replace(COMMITTEE, wishes=wishes, hours=replace(ANY_HOUR, first=7), digest_from=3)
        entered, remarks = register(installation, new, added_by="the test")
        assert (entered.recipient, remarks) == (new, [])
        with installation.warehouse.connect() as connection:
            assert read_recipients(connection) == [entered]

    @pytest.mark.parametrize(
        ("new", "remark"),
        [
            pytest.param(
                replace(COMMITTEE, channel="telegram"), "there is no channel telegram yet", id="no channel"
            ),
            pytest.param(
                replace(COMMITTEE, language="kk"),
                "the plans of KG, TJ, TM, TR, UZ do not speak kk",
                id="a language of one plan",
            ),
            pytest.param(
                reader("x", from_stage="watch"),
                "these ladders have no stage watch, so all their alerts go there: TR meteorological",
                id="a stage that one plan lacks",
            ),
        ],
    )  # fmt: skip
    def test_what_the_operator_should_know_is_said(
        self, installation: Installation, new: Recipient, remark: str
    ) -> None:
        _, remarks = register(installation, new, added_by="the test")
        assert [one for one in remarks if remark in one]

    def test_an_address_that_is_in_it_already_is_said(self, installation: Installation) -> None:
        register(installation, COMMITTEE, added_by="the test")
        _, remarks = register(
            installation, replace(COMMITTEE, recipient_id="again"), added_by="the test"
        )
        assert remarks == [
            "this address is that of committee too: what both wish for comes there twice"
        ]

    @pytest.mark.parametrize(
        "change",
        [
            pytest.param("UPDATE alert.recipient SET address = 'x@y.z'", id="another address"),
            pytest.param("UPDATE alert.recipient SET from_stage = 'severe'", id="another wish"),
            pytest.param(
                "UPDATE alert.recipient SET ended_at = now(), ended_by = 'x', name = 'y'",
                id="another name with the end",
            ),
            pytest.param("DELETE FROM alert.recipient", id="struck off"),
        ],
    )
    def test_nothing_in_it_is_changed(self, installation: Installation, change: str) -> None:
        enter(installation.warehouse, COMMITTEE)
        with (
            pytest.raises(DBAPIError, match="a recipient is ended, never changed or struck off"),
            installation.warehouse.begin() as connection,
        ):
            connection.execute(text(change))

    def test_no_analyst_sees_an_address_a_name_or_a_token(self, installation: Installation) -> None:
        (held,) = enter(installation.warehouse, replace(COMMITTEE, name="Gulnora opa"))
        approved(installation, decide(installation))
        legacy = "old@example.org"
        with installation.warehouse.begin() as connection:
            connection.execute(
                text("UPDATE alert.delivery SET error = :said WHERE recipient_key IS NOT NULL"),
                {"said": f"550 <{held.recipient.address}> unknown"},
            )
            connection.execute(
                text(
                    "INSERT INTO alert.delivery (message_id, channel, recipient_id, error) "
                    "SELECT message_id, 'mail', :legacy, '550 <' || :legacy || '>' "
                    "FROM alert.message WHERE form = 'letter'"
                ),
                {"legacy": legacy},
            )
        secrets = (held.recipient.address, held.recipient.name, str(held.token), legacy)
        with installation.warehouse.begin() as connection:
            connection.execute(text("SET LOCAL ROLE drought_analyst"))
            shown = "".join(
                str(row)
                for view in ("recipient", "delivery")
                for row in connection.execute(text(f"SELECT * FROM mart.{view}"))  # noqa: S608
            )
            assert [secret for secret in secrets if secret in shown] == []
            assert "committee" in shown
            assert "550 <…> unknown" in shown
            with pytest.raises(DBAPIError, match="permission denied"):
                connection.execute(text("SELECT * FROM alert.recipient"))


@pytest.fixture
def on_its_way(installation: Installation) -> Installation:
    """A letter that is sent, one that failed, and a digest that waits."""
    enter(installation.warehouse, reader("a"), reader("b"))
    approved(installation, decide(installation))
    approved(installation, go_on(installation, -1.7, month=1))
    approved(installation, go_on(installation, -2.4, month=2))
    with installation.warehouse.begin() as connection:
        for change in (
            "UPDATE alert.delivery SET state = 'sent', sent_at = now() "
            "WHERE alert_id = (SELECT min(alert_id) FROM alert.delivery)",
            "UPDATE alert.delivery SET state = 'failed' "
            "WHERE alert_id = (SELECT max(alert_id) FROM alert.delivery)",
            "INSERT INTO alert.digest (recipient_id, channel, form, language, subject, body) "
            "VALUES ('a', 'mail', 'letter', 'en', '2 letters', 'body')",
        ):
            connection.execute(text(change))
    return installation


class TestTheEndOfARecipient:
    COUNTS = (
        "SELECT recipient_id, state, count(*) FROM alert.delivery WHERE channel <> 'file' "
        "GROUP BY 1, 2 ORDER BY 1, 2"
    )

    def test_cancels_what_has_not_left_and_nothing_else(self, on_its_way: Installation) -> None:
        done = end(on_its_way, "a", ended_by="the test")
        assert (done.deliveries, done.digests) == (2, 1)
        assert told(on_its_way.warehouse, self.COUNTS) == [
            ("a", "cancelled", 2),
            ("a", "sent", 1),
            ("b", "failed", 1),
            ("b", "queued", 1),
            ("b", "sent", 1),
        ]
        assert told(on_its_way.warehouse, "SELECT state FROM alert.digest") == [("cancelled",)]

    def test_comes_by_the_token_too_and_only_once(self, on_its_way: Installation) -> None:
        with on_its_way.warehouse.connect() as connection:
            token = read_recipient(connection, "a").token
        held, done = unsubscribe(on_its_way, token)
        assert held.ended_by == "unsubscribed"
        assert done is not None
        assert (done.deliveries, done.digests) == (2, 1)
        later = replace(on_its_way, clock=lambda: NOW + timedelta(days=1))
        again, nothing = unsubscribe(later, token)
        assert (again.ended_at, nothing) == (NOW, None)

    def test_does_not_come_by_another_token(self, installation: Installation) -> None:
        with pytest.raises(InputError, match="got one that nobody was given"):
            unsubscribe(installation, uuid4())


class TestAnotherAddress:
    def test_takes_along_what_has_not_left_and_all_wishes(self, on_its_way: Installation) -> None:
        with on_its_way.warehouse.begin() as connection:
            was = read_recipient(connection, "a")
            connection.execute(
                text(
                    "UPDATE alert.delivery SET attempts = 7, error = '550 <a@example.org>', "
                    "next_attempt_at = '2026-12-01' WHERE state = 'failed'"
                )
            )
        later = replace(on_its_way, clock=lambda: NOW + timedelta(hours=1))
        done = readdress(later, "a", "right@example.org", by="the desk")
        assert (done.deliveries, done.digests, done.remarks) == (2, 1, [])
        now = done.registered
        assert now.recipient == replace(was.recipient, address="right@example.org")
        assert (now.added_by, now.ended_at) == ("the desk", None)
        assert now.token != was.token
        with on_its_way.warehouse.connect() as connection:
            assert read_recipients(connection)[0] == now
        rows = told(
            on_its_way.warehouse,
            "SELECT recipient_key, state, attempts, next_attempt_at, error FROM alert.delivery "
            "WHERE recipient_id = 'a' ORDER BY alert_id",
        )
        # What was refused at the old address says nothing of the new one.
        assert rows == [
            (was.recipient_key, "sent", 0, None, None),
            (now.recipient_key, "queued", 0, None, None),
            (now.recipient_key, "queued", 0, None, None),
        ]
        assert told(on_its_way.warehouse, "SELECT state FROM alert.digest") == [("queued",)]
        assert told(
            on_its_way.warehouse,
            "SELECT state, attempts FROM alert.delivery WHERE recipient_id = 'b' AND attempts > 0",
        ) == [("failed", 7)]

    def test_lets_the_token_of_an_old_letter_name_it(self, on_its_way: Installation) -> None:
        with on_its_way.warehouse.connect() as connection:
            token = read_recipient(connection, "a").token
        readdress(on_its_way, "a", "right@example.org", by="the desk")
        held, nothing = unsubscribe(on_its_way, token)
        assert nothing is None
        assert [one.address for one in told_again(on_its_way, held)] == ["right@example.org"]

    @pytest.mark.parametrize(
        ("recipient_id", "address", "said"),
        [
            pytest.param("a", "a@example.org", "address: expected another than a has", id="the same"),
            pytest.param("a", "right", "address: expected one mail address", id="no address"),
            pytest.param("c", "x@example.org", "c: there is no such recipient", id="nobody"),
            pytest.param("left", "x@example.org", "got one that was ended on 2026", id="ended"),
        ],
    )  # fmt: skip
    def test_that_cannot_be_one_changes_nothing(
        self, installation: Installation, recipient_id: str, address: str, said: str
    ) -> None:
        enter(installation.warehouse, reader("a"), reader("left"))
        end(installation, "left", ended_by="the test")
        with installation.warehouse.connect() as connection:
            before = read_recipients(connection, everybody=True)
        with pytest.raises(InputError, match=said):
            readdress(installation, recipient_id, address, by="the desk")
        with installation.warehouse.connect() as connection:
            assert read_recipients(connection, everybody=True) == before

    def test_holds_for_an_alert_that_was_approved_at_the_same_moment(
        self, installation: Installation
    ) -> None:
        (was,) = enter(installation.warehouse, reader("a"))
        approved(installation, decide(installation))
        readdress(installation, "a", "rihgt@example.org", by="the desk")
        later = replace(installation, clock=lambda: NOW + timedelta(minutes=1))
        now = readdress(later, "a", "right@example.org", by="the desk").registered
        with installation.warehouse.begin() as connection:
            # As if the approval had read the register before.
            connection.execute(
                text("UPDATE alert.delivery SET recipient_key = :was WHERE recipient_id = 'a'"),
                {"was": was.recipient_key},
            )
        deliver(installation)
        assert told(
            installation.warehouse,
            "SELECT recipient_key, state FROM alert.delivery WHERE recipient_id = 'a'",
        ) == [(now.recipient_key, "failed")]


class TestAlertsOfBefore:
    """Decided by a version that wrote to mail addresses, approved by this one."""

    def test_they_leave_for_their_addresses_and_the_register_gets_the_rest(
        self, installation: Installation
    ) -> None:
        enter(
            installation.warehouse,
            reader("old"),
            replace(reader("brief"), form=Form.BRIEF, language="uz"),
        )
        alert = decide(installation)
        with installation.warehouse.begin() as connection:
            connection.execute(text("DELETE FROM alert.message WHERE form IN ('brief', 'sms')"))
            connection.execute(
                text(
                    "INSERT INTO alert.delivery (message_id, channel, recipient_id) "
                    "SELECT message_id, 'mail', 'old@example.org' FROM alert.message "
                    "WHERE form = 'letter'"
                )
            )
        approved(installation, alert)
        with listening(Postbox(free_port())) as postbox:
            settings = Settings(
                var=installation.settings.var, smtp_host=HOST, smtp_port=postbox.port
            )
            assert deliver(replace(installation, settings=settings)).failures == ()
        # All three languages to the address of before, as it was decided; the reader there is in the
        # register by now and gets nothing twice.
        assert sorted(postbox.recipients) == ["brief@example.org", *["old@example.org"] * 3]
        assert states(installation) == {"brief": "sent", "mail address": "sent"}

    def test_who_was_told_then_by_address_is_told_of_the_end(
        self, installation: Installation
    ) -> None:
        approved(installation, decide(installation))
        with installation.warehouse.begin() as connection:
            connection.execute(
                text(
                    "INSERT INTO alert.delivery "
                    "(message_id, channel, recipient_id, state, attempts, sent_at) "
                    "SELECT message_id, 'mail', 'old@example.org', 'sent', 1, now() "
                    "FROM alert.message WHERE form = 'letter'"
                )
            )
        enter(installation.warehouse, reader("old", land_uses=frozenset({LandUse.PASTORAL})))
        approved(installation, go_on(installation, 0.4, month=1))
        assert queued(installation) == [("old", "letter", "en")]


@pytest.fixture
def postbox() -> Iterator[Postbox]:
    with listening(Postbox(free_port())) as open_one:
        yield open_one


@pytest.fixture
def drought(
    installation: Installation,
    warehouse_url: str,
    postbox: Postbox,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Drought]:
    """The commands of `drought recipients`; returns what one prints, or the error it ends with."""
    for name, value in {
        "COLUMNS": "200",
        "DROUGHT_DATABASE_URL": warehouse_url,
        "DROUGHT_VAR": str(installation.settings.var),
        "DROUGHT_SMTP_HOST": HOST,
        "DROUGHT_SMTP_PORT": str(postbox.port),
    }.items():
        monkeypatch.setenv(name, value)

    def run(*words: str) -> str:
        done = CliRunner().invoke(app, ["recipients", *words])
        if done.exception is not None and not isinstance(done.exception, DroughtError):
            raise done.exception
        return str(done.exception or done.output)

    wiring.settings.cache_clear()
    yield run
    wiring.settings.cache_clear()


def test_the_commands_from_the_first_to_the_last(
    drought: Drought, installation: Installation, postbox: Postbox
) -> None:
    sound = [
        "--name=Drought committee",
        "--channel=mail",
        "--address=committee@example.org",
        "--language=uz",
        "--country=UZ",
    ]
    said = drought("add", "committee", *sound, "--from-stage=severe")
    assert said.startswith("committee: Drought committee, by mail, letter in uz: UZ; from severe\n")
    said = drought("add", "other", *sound, "--from-stage=sever")
    assert said.startswith("from-stage: expected a stage of a plan in force (severe, ")
    listed = drought("list")
    assert "com…" in listed
    assert "committee@" not in listed
    assert "committee@example.org" in drought("show", "committee")
    assert "a test message in en;" in drought("test", "committee")
    assert "a test message in uz;" in drought("test", "committee", "--accept-unchecked")
    (to, mail), (_, uzbek) = postbox.letters
    assert (to, mail["Subject"]) == ("committee@example.org", "TEST")
    assert [one["Content-Language"] for one in (mail, uzbek)] == ["en", "uz"]
    assert "SINOVI" in str(uzbek.get_body(("plain",)))
    with installation.warehouse.connect() as connection:
        token = str(read_recipient(connection, "committee").token)
    assert "committee: unsubscribed; messages cancelled: 0" in drought("unsubscribe", token)
    assert "committee: was ended before" in drought("unsubscribe", token)
    assert "got one that was ended" in drought("test", "committee")
    drought("add", "again", *sound)
    still = "note: again is told at this address still; `drought recipients end again` ends that"
    assert still in drought("unsubscribe", token)
    with installation.warehouse.connect() as connection:
        old = str(read_recipient(connection, "again").token)
    said = drought("readdress", "again", "right@example.org")
    assert said.startswith(
        "again: told at right@example.org from now on; messages that wait for it: 0; digests: 0\n"
    )
    moved = "note: again is told at another address since, rig…@example.org; if this reader means"
    assert moved in drought("unsubscribe", old)
    drought("end", "again")
    assert "com…" not in drought("list")
    assert "com…" in drought("list", "--all")


def test_the_command_shows_who_would_be_told(drought: Drought, installation: Installation) -> None:
    alert = decide(installation)
    assert drought("who", str(alert)).startswith("nobody: no recipient is in the register")
    enter(installation.warehouse, reader("kazakh", "kk", countries=frozenset({Country.KAZAKHSTAN})))
    assert "wants KZ, it is UZ" in drought("who", str(alert))
