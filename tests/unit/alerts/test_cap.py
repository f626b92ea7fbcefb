from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from shapely.geometry import MultiPolygon, box

from pipeline.alerts.cap import cap_message, cap_status, validate
from pipeline.alerts.cap_info import NAMESPACE
from pipeline.alerts.cap_reading import read_message
from pipeline.alerts.facts import AlertFacts, Change
from pipeline.alerts.local_time import UTC_OFFSET_HOURS
from pipeline.alerts.sending import MessageKind, Reference, Sending
from pipeline.core.errors import InputError
from pipeline.core.ids import Country, DroughtType
from tests.unit.alerts import cases, water

SENDING = Sending(
    identifier="cacilm-drought.test.UZ.2021-06.17",
    sender="drought@example.org",
    sent=datetime(2021, 7, 8, 5, 0, 3, 7, tzinfo=UTC),
    addresses=("drought committee", "forecaster"),
)
EARLIER = Reference(
    "drought@example.org",
    "cacilm-drought.test.UZ.2021-05.9",
    "2021-06-08T10:00:00+05:00",
    SENDING.sent + timedelta(days=10),
)
UPDATE = replace(SENDING, kind=MessageKind.UPDATE, references=(EARLIER,))


def message(facts: AlertFacts, sending: Sending = SENDING) -> etree._Element:
    return etree.fromstring(cap_message(facts, cases.APPROVAL, sending))


def text(parent: etree._Element, name: str) -> str | None:
    return parent.findtext(f"{{{NAMESPACE}}}{name}")


def infos(alert: etree._Element) -> list[etree._Element]:
    return alert.findall(f"{{{NAMESPACE}}}info")


def pairs(info: etree._Element, name: str) -> list[tuple[str | None, str | None]]:
    found = info.iter(f"{{{NAMESPACE}}}{name}")
    return [(text(pair, "valueName"), text(pair, "value")) for pair in found]


def names(parent: etree._Element) -> list[str]:
    return [etree.QName(child).localname for child in parent]


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param(cases.began, id="a beginning"),
        pytest.param(cases.escalated, id="a rise"),
        pytest.param(cases.ended, id="an end"),
        pytest.param(cases.corrected, id="a correction"),
        pytest.param(cases.turkish, id="percent of normal"),
        pytest.param(cases.unconfirmed, id="a silence"),
        pytest.param(cases.adopted, id="an adopted plan"),
    ],
)
def test_the_message_is_valid_and_says_all_twice(facts: Callable[[], AlertFacts]) -> None:
    alert = message(facts(), replace(UPDATE, authority="XX"))
    assert [text(info, "language") for info in infos(alert)] == ["en", "ru"]


@pytest.mark.parametrize(
    ("facts", "authority", "status", "scope"),
    [
        pytest.param(
            cases.began, "XX", "Exercise", "Private", id="what is simulated is an exercise"
        ),
        pytest.param(cases.escalated, "XX", "Draft", "Private", id="generic numbers stay a draft"),
        pytest.param(cases.turkish, "XX", "Draft", "Private", id="an agency's table too"),
        pytest.param(cases.adopted, None, "Draft", "Private", id="no authority, no public message"),
        pytest.param(
            cases.adopted, "XX", "Actual", "Public", id="an adopted plan and an authority"
        ),
    ],
)
def test_status_and_scope(
    facts: Callable[[], AlertFacts], authority: str | None, status: str, scope: str
) -> None:
    alert = message(facts(), replace(SENDING, authority=authority))
    assert (text(alert, "status"), text(alert, "scope")) == (status, scope)
    private = scope == "Private"
    assert text(alert, "addresses") == ('"drought committee" forecaster' if private else None)
    assert (text(alert, "note") is not None) is private


def test_simulation_wins_over_adoption() -> None:
    facts = cases.adopted()
    record = facts.evidence.model_copy(update={"inputs": cases.SIMULATED})
    assert cap_status(replace(facts, evidence=record), "XX") == "Exercise"


def test_an_exercise_says_so_wherever_a_person_may_look() -> None:
    alert = message(cases.began())
    banners = ["no real drought", "настоящей засухи нет"]
    assert banners[0] in (text(alert, "note") or "")
    for info, banner, mark in zip(infos(alert), banners, ["EXERCISE", "УЧЕНИЕ"], strict=True):
        description = (text(info, "description") or "").splitlines()
        assert banner in description[0]
        assert banner in description[-1]
        assert (text(info, "headline") or "").startswith(f"[{mark}]")


def test_elements_stand_in_the_order_of_the_standard() -> None:
    alert = message(cases.escalated(), UPDATE)
    assert names(alert) == [
        "identifier",
        "sender",
        "sent",
        "status",
        "msgType",
        "scope",
        "addresses",
        "note",
        "references",
        "incidents",
        "info",
        "info",
    ]
    order = list(dict.fromkeys(names(infos(alert)[0])))
    assert order == [
        "language",
        "category",
        "event",
        "responseType",
        "urgency",
        "severity",
        "certainty",
        "eventCode",
        "effective",
        "onset",
        "expires",
        "senderName",
        "headline",
        "description",
        "instruction",
        "parameter",
        "area",
    ]


def test_codes_times_and_areas_are_the_same_in_every_language() -> None:
    spoken = {"language", "event", "headline", "description", "instruction", "areaDesc"}

    def codes(info: etree._Element) -> list[tuple[str, str | None]]:
        leaves = [leaf for leaf in info.iter() if len(leaf) == 0]
        named = [(etree.QName(leaf).localname, leaf.text) for leaf in leaves]
        return [pair for pair in named if pair[0] not in spoken]

    english, russian = infos(message(cases.escalated()))
    assert codes(english) == codes(russian)
    assert text(english, "event") == "Agricultural drought"
    assert text(russian, "event") == "Сельскохозяйственная засуха"


def test_the_event_is_drought_by_its_code() -> None:
    for info in infos(message(cases.escalated())):
        assert text(info, "category") == "Met"
        assert pairs(info, "eventCode") == [("OET:v1.2", "OET-063")]


def test_a_language_that_may_not_leave_stays_out() -> None:
    alert = message(cases.escalated(), replace(SENDING, languages=("en",)))
    assert [text(info, "language") for info in infos(alert)] == ["en"]


@pytest.mark.parametrize(
    ("country", "sent", "expires"),
    [
        pytest.param(
            Country.UZBEKISTAN,
            "2021-07-08T10:00:03+05:00",
            "2022-08-24T10:00:03+05:00",
            id="Uzbekistan is five hours ahead",
        ),
        pytest.param(
            Country.KYRGYZSTAN,
            "2021-07-08T11:00:03+06:00",
            "2022-08-24T11:00:03+06:00",
            id="Kyrgyzstan is six",
        ),
        pytest.param(
            Country.TURKIYE,
            "2021-07-08T08:00:03+03:00",
            "2022-08-24T08:00:03+03:00",
            id="Türkiye is three",
        ),
    ],
)
def test_times_are_local_and_say_their_offset(country: Country, sent: str, expires: str) -> None:
    alert = message(replace(cases.began(), country=country))
    assert text(alert, "sent") == sent
    for info in infos(alert):
        assert [text(info, n) for n in ("effective", "onset", "expires")] == [sent, sent, expires]


def test_every_country_has_a_local_time() -> None:
    assert set(UTC_OFFSET_HOURS) == set(Country)


def test_a_first_message_is_an_alert_and_refers_to_nothing() -> None:
    alert = message(cases.escalated())
    assert text(alert, "msgType") == "Alert"
    assert text(alert, "references") is None


def test_a_later_message_names_all_it_replaces_as_they_name_themselves() -> None:
    first = read_message(cap_message(cases.began(), cases.APPROVAL, SENDING)).reference
    alert = message(cases.began(), replace(UPDATE, references=(EARLIER, first)))
    assert text(alert, "msgType") == "Update"
    assert text(alert, "references") == (
        "drought@example.org,cacilm-drought.test.UZ.2021-05.9,2021-06-08T10:00:00+05:00 "
        "drought@example.org,cacilm-drought.test.UZ.2021-06.17,2021-07-08T10:00:03+05:00"
    )


def test_a_stage_is_said_as_the_plan_maps_it() -> None:
    codes = ["responseType", "urgency", "severity", "certainty"]
    for info in infos(message(cases.turkish())):
        assert [text(info, code) for code in codes] == ["Prepare", "Expected", "Severe", "Observed"]


def test_a_drought_that_ended_is_all_clear() -> None:
    alert = message(cases.ended(), UPDATE)
    assert text(alert, "msgType") == "Update"
    codes = ["responseType", "urgency", "severity", "certainty", "instruction"]
    for info in infos(alert):
        told = [text(info, code) for code in codes]
        assert told == ["AllClear", "Past", "Minor", "Observed", None]


def test_what_is_taken_back_was_never_likely() -> None:
    alert = message(cases.ended(), replace(UPDATE, kind=MessageKind.CANCEL))
    assert text(alert, "msgType") == "Cancel"
    for info in infos(alert):
        told = [text(info, c) for c in ("responseType", "urgency", "severity", "certainty")]
        assert told == ["None", "Past", "Minor", "Unlikely"]


def test_parameters_let_a_machine_check_the_decision() -> None:
    (english, _) = infos(message(cases.escalated()))
    found = dict(pairs(english, "parameter"))
    assert found["plan_id"] == "kz-generic"
    assert found["chain_id"] == "KZ-MAN-2021-05-a"
    assert found["value:spei_6"] == "-1.71"
    assert found["threshold:warning:spei_6"] == (
        "enter_at -1.5 for 1, exit_at 0 for 1; generic (McKee et al. 1993; WMO-No. 1090)"
    )
    assert found["calibration"] == "1991-2020"
    assert found["release"] == "final"


def test_the_area_names_the_landscape() -> None:
    two_parts = MultiPolygon([box(60, 40, 61, 41), box(62, 40, 63, 41)])
    (english, _) = infos(message(replace(cases.began(), geometry=two_parts)))
    area = english.find(f"{{{NAMESPACE}}}area")
    assert area is not None
    assert names(area) == ["areaDesc", "polygon", "polygon", "geocode", "geocode"]
    assert text(area, "areaDesc") == "Jizzakh, Uzbekistan"
    assert pairs(area, "geocode") == [("landscape_id", "UZ-JI"), ("ISO3166-1", "UZ")]


def test_the_same_alert_gives_the_same_bytes() -> None:
    first = cap_message(cases.turkish(), cases.APPROVAL, SENDING)
    assert cap_message(cases.turkish(), cases.APPROVAL, SENDING) == first


@given(
    st.sampled_from(Change),
    st.lists(st.sampled_from([-2.4, -1.6, -1.1, -0.4, 0.3]), min_size=2, max_size=6),
    st.sampled_from(DroughtType),
    st.sampled_from([cases.REAL, cases.SIMULATED]),
)
def test_no_alert_by_a_template_is_ever_actual(
    change: Change, values: list[float], kind: DroughtType, inputs: cases.Inputs
) -> None:
    facts = cases.alert(Country.KYRGYZSTAN, kind, change, values, inputs=inputs)
    alert = message(facts, replace(SENDING, authority="XX"))
    assert text(alert, "status") == ("Exercise" if facts.is_simulated else "Draft")
    assert text(alert, "scope") == "Private"


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        pytest.param({"identifier": "a b"}, "CAP identifier", id="a space in the identifier"),
        pytest.param({"sender": "a,b"}, "CAP sender", id="a comma in the sender"),
        pytest.param({"sent": datetime(2021, 7, 8)}, "offset", id="a time without offset"),  # noqa: DTZ001 - the fault
        pytest.param({"languages": ()}, "at least one", id="no language"),
        pytest.param({"kind": MessageKind.UPDATE}, "references", id="an update of nothing"),
        pytest.param({"references": (EARLIER,)}, "references", id="a first one after another"),
    ],
)
def test_a_faulty_sending_is_refused(change: dict[str, object], complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        replace(SENDING, **change)


def test_a_private_message_needs_addresses() -> None:
    with pytest.raises(InputError, match="expected addresses for a private message"):
        message(cases.began(), replace(SENDING, addresses=()))


HOSTILE = "<script>alert('1')</script> ]]> &amp; \x1b[31m \u2028\ufffe\r\nBcc: x@example.org"


@pytest.mark.parametrize("where", ["landscape_names", "landscape_id", "chain_id", "office"])
def test_hostile_names_are_only_text(where: str) -> None:
    facts, approval = cases.escalated(), cases.APPROVAL
    if where == "office":
        approval = replace(approval, office=HOSTILE)
    else:
        named = {"en": HOSTILE, "ru": HOSTILE} if where == "landscape_names" else HOSTILE
        changed: dict[str, Any] = {where: named}
        facts = replace(facts, **changed)
    content = cap_message(facts, approval, SENDING)
    alert = etree.fromstring(content)
    assert {etree.QName(one).localname for one in alert.iter()} == {
        etree.QName(one).localname for one in message(cases.escalated()).iter()
    }
    assert b"\x1b" not in content
    for info in infos(alert):
        for name in ("headline", "senderName"):
            assert len((text(info, name) or "").splitlines()) == 1


def test_an_ampersand_in_a_name_is_escaped() -> None:
    facts = replace(cases.began(), landscape_names={"en": "Oak & Ash <1>"})
    assert "Oak & Ash <1>, Uzbekistan" in (text(infos(message(facts))[0], "headline") or "")


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        pytest.param((b"<scope>Private", b"<scope>Secret"), "scope", id="an unknown scope"),
        pytest.param((b"+05:00</sent>", b"Z</sent>"), "sent", id="a time in Z"),
        pytest.param((b"<msgType>Alert</msgType>", b""), "msgType", id="an element missing"),
        pytest.param((b"</alert>", b""), "expected XML", id="no XML"),
        pytest.param(
            (b"<alert", b'<!DOCTYPE alert SYSTEM "file:///etc/hostname"><alert'),
            "document type",
            id="a document type",
        ),
        pytest.param(
            (b"<msgType>Alert", b"<msgType>Update"), "references", id="an update of nothing"
        ),
        pytest.param(
            (b"<status>Exercise", b"<status>Actual"), "Public for Actual", id="a private Actual"
        ),
        pytest.param(
            (b"<scope>Private", b"<scope>Public"), "Public for Actual", id="a public exercise"
        ),
        pytest.param(
            (b'<addresses>"drought committee" forecaster</addresses>', b""),
            "addresses",
            id="private to nobody",
        ),
        pytest.param(
            (b"<expires>2022", b"<expires>2020"), "onset < expires", id="over before it was sent"
        ),
        pytest.param(
            (b"<onset>2021-07-08", b"<onset>2021-07-07"), "effective <= onset", id="an old onset"
        ),
        pytest.param(
            (b"<language>ru<", b"<language>en<"), "one for each language", id="a language twice"
        ),
        pytest.param(
            (b"<severity>Minor", b"<severity>Severe"), "in every language", id="two severities"
        ),
        pytest.param((b"<onset>2021-07-08T10:00:03+05:00</onset>", b""), "onset", id="no onset"),
        pytest.param((b"39.5000,66.5000</polygon>", b"0,0</polygon>"), "polygon", id="open"),
        pytest.param(
            (b"39.5000,66.5000 ", b"x 39.5000,66.5000 "), "latitude,longitude", id="no coordinates"
        ),
        pytest.param((b"<identifier>", b"<identifier>a "), "no spaces", id="two words as a name"),
        pytest.param((b"<sender>", b"<sender>a,"), "commas", id="a comma in the sender"),
        pytest.param(
            (b"<incidents>", b"<references>earlier</references><incidents>"),
            "sender,identifier,sent",
            id="a reference without sender and time",
        ),
    ],
)
def test_the_complaint_of_the_schema_is_quoted(spoil: tuple[bytes, bytes], complaint: str) -> None:
    good = cap_message(cases.began(), cases.APPROVAL, SENDING)
    validate(good)
    with pytest.raises(InputError, match=complaint):
        validate(good.replace(*spoil, 1))


def test_the_offset_of_the_sender_does_not_matter() -> None:
    moscow = SENDING.sent.astimezone(timezone(timedelta(hours=3)))
    there = cap_message(cases.began(), cases.APPROVAL, replace(SENDING, sent=moscow))
    assert there == cap_message(cases.began(), cases.APPROVAL, SENDING)


@pytest.mark.parametrize("is_open", [True, False], ids=["open", "not open"])
def test_an_alert_on_an_indicator_of_the_agency_is_valid_cap(is_open: bool) -> None:
    content = cap_message(water.alert([97.0, 82.345], is_open=is_open), cases.APPROVAL, SENDING)
    validate(content)
    assert (b"82.3" in content) is is_open
