"""Nothing leaves until somebody who holds the issuing role has let it, and the tables see to it."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError, ProgrammingError, SQLAlchemyError

from pipeline.alerts.facts import Approval, Door
from pipeline.commands.account import logged_in_account
from pipeline.core.errors import ConflictError, InputError
from pipeline.core.ids import Country
from pipeline.settings import Settings
from pipeline.steps.approve import approve, reject
from pipeline.steps.deliver import deliver
from pipeline.steps.escalate import escalate
from pipeline.steps.evaluate import evaluate
from pipeline.steps.golive import golive
from pipeline.steps.installation import Installation
from pipeline.steps.issuers import Given, approval_of
from pipeline.steps.status import pending_alerts, status
from pipeline.warehouse.issuers import Appointment, end_issuer, read_issuers, save_issuer
from tests.integration.conftest import NOW
from tests.integration.issuing_plan import ORDER, adopt
from tests.integration.little_world import JANUARY, landscape, say_spi_3, settle, told
from tests.integration.postbox import HOST, Postbox, free_port, listening
from tests.integration.readers import COMMITTEE, register

pytestmark = pytest.mark.postgres

NAZAROV = Approval("B. Nazarov", "Duty office", NOW, login="nazarov")
NAMED_BY = "Order No. 7 (invented for this test)"
DAY = timedelta(days=1)


def appointed(
    warehouse: Engine,
    *countries: Country,
    since: datetime = NOW - 30 * DAY,
    approval: Approval = NAZAROV,
) -> None:
    with warehouse.begin() as connection:
        for country in countries:
            role = Appointment(
                str(approval.login), approval.name, approval.office, country, NAMED_BY, since
            )
            save_issuer(connection, role, added_by="the test")


def raise_alerts(place: Installation, *names: str, **issuing: object) -> None:
    """Go live with these landscapes in the stage watch: one alert of each waits."""
    adopt(place.warehouse, issuing)
    settle(place.warehouse, [landscape(name) for name in names])
    say_spi_3(place.warehouse, {name: [-1.2] for name in names})
    golive(place, JANUARY + 1)


def answers(place: Installation) -> list[tuple[object, ...]]:
    return told(
        place.warehouse,
        "SELECT state, name, office, login, door, legal_basis FROM alert.approval "
        "WHERE state <> 'not_needed' ORDER BY alert_id",
    )


class TestTheRegister:
    def test_who_is_not_in_it_cannot_answer(self, installation: Installation) -> None:
        raise_alerts(installation, "A")
        for answer in (approve, reject):
            with pytest.raises(
                InputError, match=r"nazarov: expected .* issuing role for UZ"
            ) as told_:
                answer(installation, pending_alerts(installation), NAZAROV)
            assert "`drought issuers add`" in str(told_.value)
        assert answers(installation) == [("pending", None, None, None, None, None)]
        assert (
            told(installation.warehouse, "SELECT 1 FROM ops.outcome WHERE step = 'approve'") == []
        )

    def test_who_is_in_it_for_another_country_cannot_either(
        self, installation: Installation
    ) -> None:
        raise_alerts(installation, "A")
        appointed(installation.warehouse, Country.TAJIKISTAN)
        with pytest.raises(InputError, match="issuing role for UZ"):
            approve(installation, pending_alerts(installation), NAZAROV)

    @pytest.mark.parametrize(
        ("since", "until", "may"),
        [
            pytest.param(NOW, None, True, id="from the very moment on"),
            pytest.param(NOW + timedelta(seconds=1), None, False, id="not before it begins"),
            pytest.param(NOW - DAY, NOW, False, id="not from its end on"),
            pytest.param(NOW - DAY, NOW + DAY, True, id="until its end"),
        ],
    )
    def test_the_role_is_held_for_a_time(
        self, installation: Installation, since: datetime, until: datetime | None, may: bool
    ) -> None:
        raise_alerts(installation, "A")
        appointed(installation.warehouse, Country.UZBEKISTAN, since=since)
        if until is not None:
            with installation.warehouse.begin() as connection:
                end_issuer(connection, "nazarov", (), until, ended_by="the test")
        if may:
            approve(installation, pending_alerts(installation), NAZAROV)
            assert pending_alerts(installation) == []
        else:
            with pytest.raises(InputError, match="issuing role for UZ"):
                approve(installation, pending_alerts(installation), NAZAROV)

    @pytest.mark.parametrize(
        ("signed", "option"),
        [
            pytest.param(replace(NAZAROV, name="A. Other"), "--by", id="another name"),
            pytest.param(replace(NAZAROV, office="The ministry"), "--office", id="another office"),
        ],
    )
    def test_nobody_signs_as_somebody_else(
        self, installation: Installation, signed: Approval, option: str
    ) -> None:
        raise_alerts(installation, "A")
        appointed(installation.warehouse, Country.UZBEKISTAN)
        with pytest.raises(InputError, match=f"^{option}: expected .* as the register says"):
            approve(installation, pending_alerts(installation), signed)

    def test_it_says_name_office_and_order(self, installation: Installation) -> None:
        raise_alerts(installation, "A")
        appointed(installation.warehouse, Country.UZBEKISTAN, Country.TAJIKISTAN)
        waiting = pending_alerts(installation)
        found = approval_of(
            installation, waiting, "nazarov", Given(), answered_at=NOW, door=Door.COMMAND_LINE
        )
        assert (found.name, found.office, found.legal_basis) == (
            "B. Nazarov",
            "Duty office",
            NAMED_BY,
        )
        approve(installation, waiting, found)
        assert answers(installation) == [
            ("approved", "B. Nazarov", "Duty office", "nazarov", "command line", NAMED_BY)
        ]

    def test_in_two_offices_each_answers_for_its_country(self, installation: Installation) -> None:
        adopt(installation.warehouse)
        adopt(installation.warehouse, country=Country.TAJIKISTAN)
        settle(installation.warehouse, [landscape("A"), landscape("B", Country.TAJIKISTAN)])
        say_spi_3(installation.warehouse, {"A": [-1.2], "B": [-1.2]})
        golive(installation, JANUARY + 1)
        appointed(installation.warehouse, Country.UZBEKISTAN)
        elsewhere = replace(NAZAROV, office="Another office")
        appointed(installation.warehouse, Country.TAJIKISTAN, approval=elsewhere)
        with pytest.raises(InputError, match=r"answered in one office, got Another office \(TJ\)"):
            approval_of(
                installation,
                pending_alerts(installation),
                "nazarov",
                Given(),
                answered_at=NOW,
                door=Door.COMMAND_LINE,
            )

    def test_an_account_holds_a_role_once(self, installation: Installation) -> None:
        appointed(installation.warehouse, Country.UZBEKISTAN)
        with pytest.raises(ConflictError, match="`drought issuers end` ends that role first"):
            appointed(installation.warehouse, Country.UZBEKISTAN)
        with installation.warehouse.begin() as connection:
            assert end_issuer(connection, "nazarov", (), NOW, ended_by="x") == ["UZ"]
        appointed(installation.warehouse, Country.UZBEKISTAN)
        with installation.warehouse.connect() as connection:
            assert [one.ended_at for one in read_issuers(connection)] == [NOW, None]
            assert [one.ended_at for one in read_issuers(connection, NOW)] == [None]

    def test_the_status_names_countries_for_which_nobody_may_issue(
        self, installation: Installation
    ) -> None:
        raise_alerts(installation, "A")
        assert status(installation).without_issuer == []
        with installation.warehouse.begin() as connection:
            end_issuer(connection, "karimova", (), NOW, ended_by="x")
        assert status(installation).without_issuer == ["UZ"]

    def test_who_holds_no_role_cannot_lose_one(self, installation: Installation) -> None:
        with (
            pytest.raises(InputError, match="nazarov: expected an account that holds"),
            installation.warehouse.begin() as connection,
        ):
            end_issuer(connection, "nazarov", (Country.UZBEKISTAN,), NOW, ended_by="x")

    @pytest.mark.parametrize(
        "statement",
        [
            pytest.param("DELETE FROM alert.issuer", id="struck off"),
            pytest.param("UPDATE alert.issuer SET name = 'C. Other'", id="renamed"),
            pytest.param("UPDATE alert.issuer SET since = since - interval '1 year'", id="earlier"),
            pytest.param(
                "UPDATE alert.issuer SET ended_at = now(), ended_by = 'x'; "
                "UPDATE alert.issuer SET ended_at = NULL, ended_by = NULL",
                id="taken up again",
            ),
        ],
    )
    def test_nobody_is_struck_off_or_made_another(
        self, installation: Installation, statement: str
    ) -> None:
        appointed(installation.warehouse, Country.UZBEKISTAN)
        with (
            pytest.raises(IntegrityError, match="a role is ended, never changed or struck off"),
            installation.warehouse.begin() as connection,
        ):
            connection.execute(text(statement))


class TestTheTablesThemselves:
    """As one who writes into them beside the pipeline."""

    @pytest.mark.parametrize("state", ["approved", "refused"])
    @pytest.mark.parametrize(
        "changes",
        [
            pytest.param({}, id="an account without the role"),
            pytest.param({"login": None}, id="no account"),
            pytest.param({"login": "karimova"}, id="the account of another name and office"),
            pytest.param({"door": None}, id="through no door"),
            pytest.param(
                {"door": "plan", "legal_basis": "An order"}, id="by an order no plan cites"
            ),
        ],
    )
    def test_take_no_answer_from(
        self, installation: Installation, state: str, changes: dict[str, object]
    ) -> None:
        raise_alerts(installation, "A")  # A. Karimova, Drought desk, may answer
        answer: dict[str, object] = {
            "state": state,
            "name": "B. Nazarov",
            "office": "Duty office",
            "login": "nazarov",
            "door": "command line",
            "answered_at": NOW,
            **changes,
        }
        said = ", ".join(f"{column} = :{column}" for column in answer)
        with (
            pytest.raises(ProgrammingError, match="does not hold the issuing role"),
            installation.warehouse.begin() as connection,
        ):
            connection.execute(
                text(f"UPDATE alert.approval SET {said} WHERE state = 'pending'"),  # noqa: S608
                answer,
            )

    def test_keep_the_first_answer(self, installation: Installation) -> None:
        raise_alerts(installation, "A")
        appointed(installation.warehouse, Country.UZBEKISTAN)
        reject(installation, pending_alerts(installation), NAZAROV)
        for change in ("state = 'pending', name = NULL, office = NULL, answered_at = NULL",
                       "state = 'approved'", "note = 'other'"):  # fmt: skip
            with (
                pytest.raises(IntegrityError, match="the first answer stays, and it is refused"),
                installation.warehouse.begin() as connection,
            ):
                connection.execute(
                    text(f"UPDATE alert.approval SET {change} WHERE state = 'refused'")  # noqa: S608
                )

    @pytest.mark.parametrize("answer", [approve, reject])
    def test_let_nobody_take_an_answer_away(
        self, installation: Installation, answer: Callable[..., object]
    ) -> None:
        raise_alerts(installation, "A")
        appointed(installation.warehouse, Country.UZBEKISTAN)
        answer(installation, pending_alerts(installation), NAZAROV)
        with (
            pytest.raises(IntegrityError, match="the first answer stays"),
            installation.warehouse.begin() as connection,
        ):
            connection.execute(text("DELETE FROM alert.approval WHERE state <> 'not_needed'"))

    @pytest.mark.parametrize(
        "statement",
        [
            pytest.param("UPDATE alert.transition SET to_stage = 'watch'", id="change a decision"),
            pytest.param("DELETE FROM alert.transition", id="strike one out"),
            pytest.param("DELETE FROM alert.approval", id="strike a question out"),
        ],
    )
    def test_let_the_pipeline_not(self, installation: Installation, statement: str) -> None:
        raise_alerts(installation, "A")
        with installation.warehouse.connect() as connection:
            connection.execute(text("SET LOCAL ROLE drought_pipeline"))
            with pytest.raises(ProgrammingError, match="permission denied"):
                connection.execute(text(statement))

    def test_a_delivery_queued_by_hand_stays_until_the_alert_is_approved(
        self, installation: Installation
    ) -> None:
        raise_alerts(installation, "A")
        by_hand = text("UPDATE alert.message SET body = 'by hand' WHERE form = 'letter'")
        with (
            pytest.raises(SQLAlchemyError, match="gets its last words when it is approved"),
            installation.warehouse.begin() as connection,
        ):
            connection.execute(by_hand)
        with installation.warehouse.begin() as connection:
            connection.execute(text("UPDATE alert.delivery SET state = 'queued'"))
        assert deliver(installation).sent == 0
        appointed(installation.warehouse, Country.UZBEKISTAN)
        approve(installation, pending_alerts(installation), NAZAROV)
        assert deliver(installation).sent > 0

    def test_take_checksums_and_nothing_else(self, installation: Installation) -> None:
        raise_alerts(installation, "A")
        with (
            pytest.raises(SQLAlchemyError, match="page_checksum"),
            installation.warehouse.begin() as c,
        ):
            c.execute(text("UPDATE alert.approval SET page_checksum = 'page 1'"))


class TestByCommand:
    def drought(
        self, installation: Installation, url: str, *arguments: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [Path(sys.executable).with_name("drought"), *arguments],
            env={
                "PATH": os.environ["PATH"],
                "DROUGHT_VAR": str(installation.settings.var),
                "DROUGHT_DATABASE_URL": url,
                "DROUGHT_TRUST_CLOCK": "true",
                "COLUMNS": "200",
            },
            capture_output=True,
            text=True,
            check=False,
        )

    def test_the_account_that_is_logged_in_answers(
        self, installation: Installation, warehouse_url: str, tmp_path: Path
    ) -> None:
        raise_alerts(installation, "A", "B")
        one, other = map(str, pending_alerts(installation))

        def drought(*arguments: str) -> subprocess.CompletedProcess[str]:
            return self.drought(installation, warehouse_url, *arguments)

        refused = drought("approve", one)
        assert refused.returncode == 1
        me = logged_in_account()
        assert f"error: {me}: expected an account that holds the issuing role for UZ" in " ".join(
            refused.stderr.split()
        )
        entered = drought(
            *("issuers", "add", me, "--name", "C. Umarova", "--office", "Drought desk"),
            *("--country", "UZ", "--country", "TJ", "--legal-basis", NAMED_BY),
        )
        assert entered.stdout == f"{me}: C. Umarova, Drought desk, may issue for UZ, TJ\n"
        page = tmp_path / "page.pdf"
        page.write_bytes(b"the signed page")
        done = drought("approve", one, "--page", str(page), "--protocol", "12")
        assert done.returncode == 0, done.stderr
        assert "approved by C. Umarova, Drought desk: 1 alerts" in done.stdout
        assert told(
            installation.warehouse,
            "SELECT approved_by, office, legal_basis, protocol, page_checksum, door FROM mart.alert "
            "WHERE approval = 'approved'",
        ) == [
            (
                "C. Umarova",
                "Drought desk",
                NAMED_BY,
                "12",
                hashlib.sha256(b"the signed page").hexdigest(),
                "command line",
            )
        ]
        assert "nobody may issue" not in drought("status").stdout
        wrong = drought("reject", other, "--by", "A. Karimova", "--office", "Drought desk")
        assert wrong.returncode == 1
        assert "--by: expected 'C. Umarova', as the register says" in wrong.stderr
        right = drought("reject", other, "--by", "C. Umarova", "--office", "Drought desk")
        assert right.stdout == "refused by C. Umarova, Drought desk: 1 alerts\n"
        assert "C. Umarova" in drought("issuers", "list").stdout
        ended = drought("issuers", "end", me, "--country", "UZ")
        assert ended.stdout == f"{me}: may no longer issue for UZ\n"
        held = drought("issuers", "list").stdout
        assert [line for line in held.splitlines() if "Umarova" in line and "UZ" in line] == []
        assert "UZ" in drought("issuers", "list", "--all").stdout

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            pytest.param(["--page-checksum", "abc"], "64 hexadecimal digits", id="no checksum"),
            pytest.param(["--protocol-date", "2026-11-08"], "needs --protocol", id="a lone date"),
        ],
    )
    def test_what_cannot_be_meant_is_wrong_usage(
        self, installation: Installation, warehouse_url: str, arguments: list[str], said: str
    ) -> None:
        done = self.drought(installation, warehouse_url, "approve", "1", *arguments)
        assert done.returncode == 2
        assert said in " ".join(done.stderr.replace("│", " ").split())


class TestARefusal:
    def months(self, place: Installation, *values: float) -> list[tuple[object, ...]]:
        """Say SPI-3 of the months from February on, one after the other; what was decided of each."""
        for number, value in enumerate(values):
            say_spi_3(place.warehouse, {"A": [value]}, first=JANUARY + 1 + number)
            evaluate(place)
        return told(
            place.warehouse,
            "SELECT change, to_stage, approval FROM mart.alert ORDER BY alert_id",
        )

    def test_does_not_come_back_by_the_end_of_the_drought(self, installation: Installation) -> None:
        settle(installation.warehouse, [landscape("A")])
        adopt(installation.warehouse)
        appointed(installation.warehouse, Country.UZBEKISTAN)
        say_spi_3(installation.warehouse, {"A": [0.5]})
        golive(installation, JANUARY + 1)
        assert self.months(installation, -1.2) == [("began", "watch", "pending")]
        reject(installation, pending_alerts(installation), NAZAROV)
        assert self.months(installation, -1.2, -1.1, 0.4) == [
            ("began", "watch", "refused"),
            ("ended", "none", "not_needed"),
        ]

    def test_comes_back_when_it_grows_graver_and_then_its_end_is_told(
        self, installation: Installation
    ) -> None:
        settle(installation.warehouse, [landscape("A")])
        adopt(installation.warehouse)
        appointed(installation.warehouse, Country.UZBEKISTAN)
        say_spi_3(installation.warehouse, {"A": [0.5]})
        golive(installation, JANUARY + 1)
        self.months(installation, -1.2)
        reject(installation, pending_alerts(installation), NAZAROV)
        assert self.months(installation, -1.2, -1.7)[1:] == [("escalated", "warning", "pending")]
        approve(installation, pending_alerts(installation), NAZAROV)
        assert self.months(installation, -1.2, -1.7, 0.4)[2:] == [("ended", "none", "pending")]

    def test_what_is_told_now_counts_for_what_follows_in_the_same_evaluation(
        self, installation: Installation
    ) -> None:
        settle(installation.warehouse, [landscape("A")])
        adopt(installation.warehouse)
        say_spi_3(installation.warehouse, {"A": [0.5]})
        golive(installation, JANUARY + 1)
        say_spi_3(installation.warehouse, {"A": [-1.2, 0.4]}, first=JANUARY + 1)
        assert evaluate(installation).told == 2


@dataclass
class Office:
    """An installation with an operator, whose clock can be set."""

    place: Installation
    postbox: Postbox

    def on_day(self, number: float) -> Installation:
        """The installation so many days after its alerts were asked about."""
        return replace(self.place, clock=lambda: NOW + timedelta(days=number))


class TestWithoutAnAnswer:
    OPERATOR = "operator@example.org"

    @pytest.fixture
    def office(self, installation: Installation) -> Iterator[Office]:
        with listening(Postbox(free_port())) as postbox:
            settings = Settings(
                var=installation.settings.var,
                smtp_host=HOST,
                smtp_port=postbox.port,
                mail_operator=[self.OPERATOR],
            )
            register(installation.warehouse, COMMITTEE)
            yield Office(replace(installation, settings=settings), postbox)

    def ask(self, office: Office, **issuing: object) -> None:
        raise_alerts(office.place, "A", "B", **issuing)
        appointed(office.place.warehouse, Country.UZBEKISTAN)
        with office.place.warehouse.begin() as connection:
            connection.execute(text("UPDATE alert.approval SET requested_at = :at"), {"at": NOW})

    def test_the_operator_is_told_once_and_the_committee_is_not(self, office: Office) -> None:
        ministry = {"en": "Ministry of the test", "ru": "Министерство испытания"}
        self.ask(office, answer_within_days=5, escalate_to=ministry)
        one, other = pending_alerts(office.place)
        approve(office.place, [other], NAZAROV)
        assert escalate(office.on_day(5)).overdue == ()
        assert escalate(office.on_day(5.1)).overdue == (one,)
        assert escalate(office.on_day(6)).overdue == ()
        assert office.postbox.letters == []  # decided, not delivered
        deliver(office.on_day(6))
        deliver(office.on_day(6))
        ((recipient, mail),) = [
            (who, mail) for who, mail in office.postbox.letters if who != COMMITTEE.address
        ]
        assert recipient == self.OPERATOR
        assert mail["Subject"] == "Drought alerts: 1 unanswered"
        plain = mail.get_body(("plain",))
        assert plain is not None
        body = plain.get_content()
        assert "has told: Ministry of the test" in body
        assert f"- alert {one}: District A 2021-01 meteorological: watch; unanswered since" in body
        assert [who for who, letter in office.postbox.letters if "unanswered" in str(letter)] == [
            self.OPERATOR
        ]
        assert told(
            office.place.warehouse,
            "SELECT state, row_count, message FROM ops.outcome WHERE step = 'escalate'",
        ) == [("done", 1, f"unanswered: {one}")]
        assert [row["is_escalated"] for row in status(office.on_day(6)).pending] == [True]
        approve(office.on_day(7), [one], NAZAROV)  # it can still be answered

    def test_a_mail_server_that_is_away_loses_no_notice(self, office: Office) -> None:
        self.ask(office, answer_within_days=5)
        office.postbox.refuses = {self.OPERATOR}
        escalate(office.on_day(6))
        done = deliver(office.on_day(6))
        assert [one for one in done.failures if "notice to operator@example.org" in one]
        office.postbox.refuses = set()
        assert deliver(office.on_day(6.5)).sent == 1

    def test_a_mail_server_that_does_not_answer_is_asked_for_no_further_notice(
        self, office: Office
    ) -> None:
        settings = office.place.settings.model_copy(
            update={"smtp_port": free_port(), "mail_operator": [self.OPERATOR, "duty@example.org"]}
        )
        self.ask(office, answer_within_days=5)
        away = replace(office.on_day(6), settings=settings)
        escalate(away)
        assert len(deliver(away).failures) == 1
        assert told(office.place.warehouse, "SELECT attempts FROM alert.notice ORDER BY 1") == [
            (0,),
            (1,),
        ]

    def test_it_expires_and_its_messages_never_leave(self, office: Office) -> None:
        self.ask(office, expires_after_days=30)
        one, other = pending_alerts(office.place)
        approve(office.on_day(30), [other], NAZAROV)
        late = replace(NAZAROV, answered_at=NOW + timedelta(days=30.1))
        for answer in (approve, reject):
            with pytest.raises(ConflictError, match="too late: expected an answer within 30 days"):
                answer(office.on_day(30.1), [one], late)
        assert escalate(office.on_day(30.1)).expired == (one,)
        assert escalate(office.on_day(31)).expired == ()
        with pytest.raises(ConflictError, match="expected it to be pending, got expired"):
            approve(office.on_day(31), [one], NAZAROV)
        assert told(
            office.place.warehouse,
            f"SELECT DISTINCT state FROM mart.delivery WHERE alert_id = {one}",  # noqa: S608
        ) == [("cancelled",)]
        assert [row["alert_id"] for row in status(office.on_day(31)).expired] == [one]
        say_spi_3(office.place.warehouse, {"A": [0.4], "B": [0.4]}, first=JANUARY + 1)
        evaluate(office.on_day(31))  # nobody was told of A's drought
        assert told(
            office.place.warehouse,
            "SELECT landscape_id, approval FROM mart.alert WHERE change = 'ended' ORDER BY 1",
        ) == [("A", "not_needed"), ("B", "pending")]

    def test_without_days_in_the_plan_an_alert_waits_for_ever(self, office: Office) -> None:
        self.ask(office)
        found = escalate(office.on_day(3650))
        assert (found.overdue, found.expired) == ((), ())
        assert len(pending_alerts(office.place)) == 2
        assert told(office.place.warehouse, "SELECT * FROM alert.notice") == []


class TestByOrderOfThePlan:
    def live(self, place: Installation, *values: float, **issuing: object) -> None:
        adopt(place.warehouse, issuing)
        settle(place.warehouse, [landscape("A")])
        say_spi_3(place.warehouse, {"A": [0.5]})
        golive(place, JANUARY + 1)
        say_spi_3(place.warehouse, {"A": list(values)}, first=JANUARY + 1)
        evaluate(place)

    def test_a_stage_it_lists_leaves_without_a_person_and_another_waits(
        self, installation: Installation
    ) -> None:
        self.live(installation, -1.2, -1.7, automatic={"stages": ["watch"], "order": ORDER})
        desk = "Drought desk of the test"
        assert answers(installation) == [
            ("approved", desk, desk, None, "plan", ORDER),
            ("pending", None, None, None, None, None),
        ]
        ((body,),) = told(
            installation.warehouse,
            "SELECT body FROM alert.message JOIN alert.transition USING (alert_id) "
            "WHERE to_stage = 'watch' AND form = 'letter' AND language = 'en'",
        )
        said = " ".join(str(body).split())
        assert f"Sent without a person's approval, as {ORDER} allows." in said
        assert "Approved for sending" not in said
        assert told(
            installation.warehouse,
            "SELECT language, d.state FROM mart.delivery AS d JOIN mart.alert USING (alert_id) "
            "WHERE to_stage = 'watch' ORDER BY 1",
        ) == [("en", "queued"), ("mul", "queued"), ("ru", "cancelled")]

    def test_what_says_of_a_stage_it_does_not_list_waits_too(
        self, installation: Installation
    ) -> None:
        """A correction from warning to watch tells of a warning that nobody has let leave."""
        self.live(installation, -1.7, automatic={"stages": ["watch"], "order": ORDER})
        say_spi_3(installation.warehouse, {"A": [-1.2]}, first=JANUARY + 1)
        evaluate(installation)
        assert told(
            installation.warehouse,
            "SELECT change, from_stage, to_stage, approval FROM mart.alert ORDER BY alert_id",
        ) == [
            ("began", "none", "warning", "pending"),
            ("corrected", "warning", "watch", "pending"),
        ]
        with (
            pytest.raises(ProgrammingError, match="does not hold the issuing role"),
            installation.warehouse.begin() as connection,
        ):
            connection.execute(
                text(
                    "UPDATE alert.approval SET state = 'approved', name = 'x', office = 'x', "
                    "answered_at = now(), door = 'plan', legal_basis = :order FROM alert.transition "
                    "AS t WHERE t.alert_id = approval.alert_id AND t.to_stage = 'watch'"
                ),
                {"order": ORDER},
            )

    def test_without_such_an_order_all_wait(self, installation: Installation) -> None:
        self.live(installation, -1.2, -1.7)
        assert {row[0] for row in answers(installation)} == {"pending"}

    def test_the_tables_take_it_only_as_the_plan_says(self, installation: Installation) -> None:
        self.live(installation, -1.7, automatic={"stages": ["watch"], "order": ORDER})
        for order in (ORDER, "Another order"):
            with (
                pytest.raises(ProgrammingError, match=r"plan .* does not hold the issuing role"),
                installation.warehouse.begin() as connection,
            ):
                connection.execute(
                    text(
                        "UPDATE alert.approval SET state = 'approved', name = 'x', office = 'x', "
                        "answered_at = now(), door = 'plan', legal_basis = :order "
                        "WHERE state = 'pending'"
                    ),
                    {"order": order},
                )
