"""From a decision to the feed, by a plan that is adopted: what services are told, and what not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
from lxml import etree
from sqlalchemy import Engine, text

from pipeline.alerts.cap_info import NAMESPACE
from pipeline.core.errors import InputError
from pipeline.core.ids import Release
from pipeline.settings import Settings
from pipeline.steps.approve import approve, reject
from pipeline.steps.deliver import deliver
from pipeline.steps.evaluate import evaluate
from pipeline.steps.feed import feed_files, public_messages
from pipeline.steps.golive import golive
from pipeline.steps.installation import Installation
from pipeline.steps.status import pending_alerts
from tests.integration.conftest import NOW
from tests.integration.issuing_plan import adopt
from tests.integration.little_world import JANUARY, landscape, say_spi_3, settle, told
from tests.unit.alerts.cases import APPROVAL

pytestmark = pytest.mark.postgres

FEBRUARY = JANUARY + 1
SITE = "https://drought.example.org"


def settled(
    installation: Installation,
    *values: float,
    issuing: Mapping[str, object] | None = None,
    adopted: bool = True,
) -> Installation:
    """An installation of Uzbekistan's authority that watches one landscape."""
    settings = Settings(
        var=installation.settings.var,
        authority="The authority of the test",
        authority_oid="2.49.0.1.860.0",
    )
    if adopted:
        adopt(installation.warehouse, issuing)
    settle(installation.warehouse, [landscape("A")])
    say_spi_3(installation.warehouse, {"A": list(values)})
    return replace(installation, settings=settings)


@pytest.fixture
def desk(installation: Installation) -> Installation:
    """It is in no stage yet."""
    desk = settled(installation, 0.4)
    golive(desk, FEBRUARY)
    return desk


def hear(desk: Installation, *values: float, release: Release = Release.FINAL) -> list[int]:
    """Say SPI-3 from February on, decide, and return the alerts that wait."""
    say_spi_3(desk.warehouse, {"A": list(values)}, first=FEBRUARY, release=release)
    evaluate(desk)
    return pending_alerts(desk)


def let_go(desk: Installation, *alerts: int, days: int = 0) -> None:
    answered = replace(APPROVAL, answered_at=NOW + timedelta(days=days))
    approve(desk, alerts, answered, accepts_unchecked=True)


def kinds(desk: Installation) -> list[tuple[int, str, int]]:
    """Alert, msgType and number of references of every public message."""
    with desk.warehouse.connect() as connection:
        found = public_messages(connection)
    return [(one.alert_id, str(one.message.kind), len(one.message.references)) for one in found]


def test_a_stage_that_never_stood_is_taken_back(desk: Installation) -> None:
    began = hear(desk, -1.2, release=Release.PRELIMINARY)
    let_go(desk, *began)
    corrected = hear(desk, 0.3)
    assert told(desk.warehouse, "SELECT change FROM mart.alert ORDER BY alert_id DESC LIMIT 1") == [
        ("corrected",)
    ]
    let_go(desk, *corrected, days=1)
    assert kinds(desk) == [(began[0], "Alert", 0), (corrected[0], "Cancel", 1)]


def test_a_drought_that_ended_is_updated_to_all_clear(desk: Installation) -> None:
    let_go(desk, *hear(desk, -1.2))
    let_go(desk, *hear(desk, -1.2, 0.3), days=30)
    assert [kind for _, kind, _ in kinds(desk)] == ["Alert", "Update"]
    with desk.warehouse.connect() as connection:
        *_, last = public_messages(connection)
    clear = etree.fromstring(last.body).findtext(f"{{{NAMESPACE}}}info/{{{NAMESPACE}}}responseType")
    assert clear == "AllClear"


def test_nothing_waiting_or_refused_is_public(desk: Installation) -> None:
    waiting = hear(desk, -1.2)
    assert kinds(desk) == []
    reject(desk, waiting, replace(APPROVAL, answered_at=NOW))
    assert kinds(desk) == []


def test_an_older_decision_let_go_late_stays_out_of_the_chain(desk: Installation) -> None:
    began, escalated = hear(desk, -1.2, -1.6)
    let_go(desk, escalated)
    let_go(desk, began, days=1)
    assert kinds(desk) == [(escalated, "Alert", 0)]
    states = told(
        desk.warehouse,
        "SELECT d.state, m.body IS NULL FROM alert.delivery AS d JOIN alert.message AS m "
        "USING (message_id) WHERE m.form = 'cap' AND m.alert_id = :id",
        id=began,
    )
    assert states == [("cancelled", True)]


def test_an_authority_set_later_makes_no_draft_public(desk: Installation) -> None:
    let_go(replace(desk, settings=Settings(var=desk.settings.var)), *hear(desk, -1.2))
    assert kinds(desk) == []
    later = hear(desk, -1.2, -1.6)
    let_go(desk, *later, days=30)
    assert kinds(desk) == [(later[0], "Alert", 0)]


def change(desk: Installation, old: str, new: str) -> None:
    """Change the words of a message by hand, as nobody should, nor can but the owner."""
    with desk.warehouse.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(
            text("UPDATE alert.message SET body = replace(body, :old, :new) WHERE form = 'cap'"),
            {"old": old, "new": new},
        )


def test_nor_does_it_leave(desk: Installation) -> None:
    let_go(desk, *hear(desk, -1.2))
    change(desk, "<severity>Minor", "<severity>Grave")
    (failure,) = deliver(desk).failures
    assert "the OASIS schema refuses it" in failure
    assert list(desk.settings.outgoing.glob("*/*.cap.xml")) == []
    states = told(desk.warehouse, "SELECT DISTINCT state FROM mart.delivery WHERE form = 'cap'")
    assert states == [("failed",)]
    change(desk, "<severity>Grave", "<severity>Minor")
    later = replace(desk, clock=lambda: NOW + timedelta(days=1))
    assert deliver(later).failures == ()
    assert len(list(desk.settings.outgoing.glob("*/*.cap.xml"))) == 1


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        pytest.param("<severity>Minor", "<severity>Grave", "schema refuses", id="no such severity"),
        pytest.param("<identifier>urn", "<identifier>arn", "somebody changed it", id="a new name"),
        pytest.param(
            "<scope>Public", "<scope>Private", "not one that may leave", id="a private one"
        ),
    ],
)
def test_a_message_changed_in_the_warehouse_is_shown_to_nobody(
    desk: Installation, old: str, new: str, complaint: str
) -> None:
    let_go(desk, *hear(desk, -1.2))
    change(desk, old, new)
    with (
        desk.warehouse.connect() as connection,
        pytest.raises(InputError, match=rf"alert \d+: CAP message: .*{complaint}"),
    ):
        public_messages(connection)


def test_a_repeat_gives_the_same_files(desk: Installation) -> None:
    let_go(desk, *hear(desk, -1.2))

    def files() -> dict[str, bytes]:
        with desk.warehouse.connect() as connection:
            return feed_files(public_messages(connection), site_url=SITE, now=NOW)

    assert files() == files()
    ((identifier,),) = told(
        desk.warehouse, "SELECT cap_identifier FROM mart.alert WHERE approval = 'approved'"
    )
    assert str(identifier).startswith("urn:oid:2.49.0.1.860.0.")
    assert identifier.encode() in files()["feed.xml"]


NAMES = {"A": "<script>x</script>", "B": "]]>", "C": "a\r\nBcc: b@c", "D": "\x1b[2J\ufffe"}


def test_whatever_a_landscape_is_called_its_message_leaves_valid(
    installation: Installation, warehouse: Engine
) -> None:
    adopt(warehouse)
    called = {
        one: {"name_en": name, "names": {"en": name, "ru": name}} for one, name in NAMES.items()
    }
    settle(warehouse, [replace(landscape(one), **names) for one, names in called.items()])
    say_spi_3(warehouse, {one: [-1.2] for one in NAMES})
    authority = Settings(var=installation.settings.var, authority="The authority")
    desk = replace(installation, settings=authority)
    golive(desk, FEBRUARY)
    let_go(desk, *pending_alerts(desk))
    with warehouse.connect() as connection:
        found = public_messages(connection)
    files = feed_files(found, site_url=SITE, now=NOW)
    assert len(files) == len(found) + 2 == len(NAMES) + 2
    assert b"<script" not in files["feed.xml"]
    assert all(b"\x1b" not in content for content in files.values())
    assert {len(one.message.text_in("en").headline.splitlines()) for one in found} == {1}


def test_a_template_on_real_data_makes_nothing_public(installation: Installation) -> None:
    """By the plan that is shipped, in the name of an authority, let go by who may."""
    desk = settled(installation, -1.2, adopted=False)
    golive(desk, FEBRUARY)
    let_go(desk, *pending_alerts(desk))
    rows = told(desk.warehouse, "SELECT body FROM alert.message WHERE form = 'cap'")
    assert ["<status>Draft</status>" in str(body) for (body,) in rows] == [True]
    with desk.warehouse.connect() as connection:
        files = feed_files(public_messages(connection), site_url=SITE, now=NOW)
    assert sorted(files) == ["archive.xml", "feed.xml"]
    assert b"<item>" not in b"".join(files.values())


def test_what_is_over_is_not_begun_by_a_late_approval(desk: Installation) -> None:
    began, ended = hear(desk, -1.2, 0.3)
    let_go(desk, ended)
    assert kinds(desk) == []
    let_go(desk, began, days=1)
    assert kinds(desk) == []


def test_what_stood_when_telling_began_does_not_take_the_place_of_what_followed(
    installation: Installation,
) -> None:
    """The escalation of February was decided before going live, which tells it all the same."""
    desk = settled(installation, -1.2, -1.6)
    evaluate(desk)
    golive(desk, FEBRUARY)
    escalated, in_force = pending_alerts(desk)
    let_go(desk, escalated, in_force)
    assert sorted(kinds(desk)) == [(escalated, "Update", 1), (in_force, "Alert", 0)]


def test_one_that_a_person_lets_go_while_another_leaves_by_order_is_named(
    installation: Installation,
) -> None:
    """The evaluation sees the warehouse as it was when it began; its messages must not.

    A warning in March waits. A final value then shows that February was in watch already, of which
    nobody is asked; while that is decided, somebody lets the warning go.
    """
    order = {"stages": ["watch"], "order": "Order No. 2 (invented for this test)"}
    desk = settled(installation, 0.4, issuing={"automatic": order})
    golive(desk, FEBRUARY)
    waiting = hear(desk, 0.4, -1.6, release=Release.PRELIMINARY)
    say_spi_3(desk.warehouse, {"A": [-1.2, -1.6]}, first=FEBRUARY)

    def answer(*_: object) -> None:
        if waiting:
            let_go(desk, waiting.pop())

    evaluate(desk, advance=answer)
    assert [(kind, named) for _, kind, named in kinds(desk)] == [("Alert", 0), ("Update", 1)]
