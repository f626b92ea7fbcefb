"""Bulletins as files: written anew until somebody who may issues them, and then never again."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from threading import Thread

import docx
import pypdf
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from pipeline.commands.account import logged_in_account
from pipeline.core.errors import ConflictError, InputError
from pipeline.core.ids import Country
from pipeline.core.months import Month
from pipeline.delivery.bulletin.facts import REGION, Scope
from pipeline.steps.bulletin_issue import Issued, Outgoing, Signatory, issue, signatory_of
from pipeline.steps.bulletin_list import list_bulletins
from pipeline.steps.bulletin_note import write_note
from pipeline.steps.bulletins import write_bulletins
from pipeline.steps.evaluate import evaluate
from pipeline.steps.installation import Installation
from pipeline.warehouse.issuers import Appointment, end_issuer, save_issuer
from pipeline.warehouse.locks import only_bulletins
from tests.integration.conftest import NOW
from tests.integration.little_world import JANUARY, landscape, say_spi_3, settle, told

pytestmark = pytest.mark.postgres

UZ = Country.UZBEKISTAN
FEBRUARY = JANUARY + 1
OUTGOING = Outgoing("12/34", date(2021, 3, 9))
NAMED_BY = "Order No. 7 (invented for this test)"
FORMS = ("docx", "html", "pdf", "txt")


@pytest.fixture
def place(installation: Installation) -> Installation:
    """Two countries, one landscape each; the one in Uzbekistan entered a stage in February."""
    settle(
        installation.warehouse,
        [landscape("A"), landscape("K", Country.KAZAKHSTAN)],
    )
    say_spi_3(installation.warehouse, {"A": [0.2, -1.7], "K": [0.2, 0.3]})
    evaluate(installation)
    return installation


def appoint(place: Installation, *countries: Country) -> None:
    with place.warehouse.begin() as connection:
        for country in countries:
            role = Appointment(
                "nazarov", "B. Nazarov", "Duty office", country, NAMED_BY, NOW - timedelta(days=1)
            )
            save_issuer(connection, role, added_by="the test")


def issued(place: Installation, scope: Scope = UZ, *, accepts_unchecked: bool = True) -> Issued:
    signatory = signatory_of(place, scope, "nazarov")
    return issue(place, FEBRUARY, scope, OUTGOING, signatory, accepts_unchecked=accepts_unchecked)


def folder(place: Installation) -> Path:
    return place.settings.bulletins / "2021-02"


def names(*stems: str) -> set[str]:
    return {f"{stem}.{form}" for stem in stems for form in FORMS}


def contents(place: Installation) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder(place).iterdir()}


def words_of(pdf: bytes) -> str:
    pages = pypdf.PdfReader(BytesIO(pdf)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


class TestWorkingPapers:
    def test_every_country_and_the_region_in_each_language_and_form(
        self, place: Installation
    ) -> None:
        told_of: list[str] = []
        paths = write_bulletins(place, tell=told_of.append)
        expected = names(
            "uz.en", "uz.ru", "uz.uz", "kz.en", "kz.ru", "kz.kk", "region.en", "region.ru"
        )
        assert {path.name for path in paths} == set(contents(place)) == expected
        assert {path.parent for path in paths} == {folder(place)}
        assert told_of == []
        first = contents(place)
        assert "Working paper" in words_of(first["uz.en.pdf"])
        assert "Working paper" in first["uz.en.txt"].decode()
        assert "District A" in words_of(first["uz.ru.pdf"]) + words_of(first["uz.en.pdf"])
        document = docx.Document(BytesIO(first["uz.en.docx"]))
        assert document.core_properties.created == NOW
        # The same facts at the same time by the clock.
        write_bulletins(place, FEBRUARY, [REGION])
        assert contents(place) == first
        assert told(place.warehouse, "SELECT DISTINCT state FROM ops.outcome WHERE step = 'bulletins'") == [
            ("done",)
        ]  # fmt: skip

    def test_only_the_month_and_the_scopes_that_were_asked_for(self, place: Installation) -> None:
        paths = write_bulletins(place, JANUARY, [REGION])
        assert {path.parent.name for path in paths} == {"2021-01"}
        assert {path.name for path in paths} == names("region.en", "region.ru")
        with pytest.raises(InputError, match=r"expected a scope with landscapes .*, got TR"):
            write_bulletins(place, JANUARY, [Country.TURKIYE])

    def test_a_note_stands_in_them_and_the_newest_counts(self, place: Installation) -> None:
        assert write_note(place, FEBRUARY, UZ, "ru", "Снега мало.", "nazarov") is None
        before = write_note(place, FEBRUARY, UZ, "ru", "Снега нет.", "nazarov", "Б. Назаров")
        assert before is not None
        assert (before.body, before.author) == ("Снега мало.", "nazarov")
        write_bulletins(place, FEBRUARY, [UZ])
        found = words_of(contents(place)["uz.ru.pdf"])
        assert "Снега нет." in found
        assert "Снега мало." not in found
        assert "Б. Назаров" in found
        with pytest.raises(InputError, match="--language: expected one that"):
            write_note(place, FEBRUARY, UZ, "de", "Kein Schnee.", "nazarov")
        with pytest.raises(InputError, match=r"a month that has begun .* got 2099-02"):
            write_note(place, Month(2099, 2), UZ, "ru", "Снега мало.", "nazarov")


class TestIssue:
    def test_fixes_the_files_under_number_date_name_and_office(self, place: Installation) -> None:
        appoint(place, UZ)
        write_bulletins(place, FEBRUARY, [REGION])
        others = {name: one for name, one in contents(place).items() if not name.startswith("uz")}
        done = issued(place)
        assert {path.name for path in done.paths} == names("uz.en", "uz.ru", "uz.uz")
        assert done.working_papers == ()
        said = words_of(contents(place)["uz.en.pdf"])
        for word in ("12/34", "B. Nazarov", "Duty office", NAMED_BY):
            assert word in said
        assert "Working paper" not in said
        first = contents(place)
        assert {name: first[name] for name in others} == others
        ((files, by),) = told(place.warehouse, "SELECT files, issued_by FROM mart.bulletin")
        assert by == "B. Nazarov"
        assert files == {path.name: sha256(path.read_bytes()).hexdigest() for path in done.paths}
        # Made again later, with other figures: the others are new, these are not.
        later = replace(place, clock=lambda: NOW + timedelta(days=1))
        write_bulletins(later, FEBRUARY, [UZ, REGION])
        then = contents(place)
        assert {name for name in first if then[name] == first[name]} == set(files)

    def test_a_language_that_nobody_has_checked_stays_a_working_paper(
        self, place: Installation
    ) -> None:
        appoint(place, UZ)
        done = issued(place, accepts_unchecked=False)
        assert {path.name for path in done.paths} == names("uz.en")
        assert set(done.working_papers) == {"ru", "uz"}
        write_bulletins(place, FEBRUARY, [UZ])
        assert set(contents(place)) == names("uz.en", "uz.ru", "uz.uz")
        assert "12/34" in words_of(contents(place)["uz.en.pdf"])
        assert "12/34" not in words_of(contents(place)["uz.ru.pdf"])

    def test_is_once_and_the_tables_keep_it_and_its_notes(self, place: Installation) -> None:
        appoint(place, UZ)
        write_note(place, FEBRUARY, UZ, "en", "No snow.", "nazarov")
        done = issued(place)
        assert issued(place).bulletin == done.bulletin
        with pytest.raises(ConflictError, match=r"got No\. 12/34 of 2021-03-09 by B\. Nazarov"):
            issue(
                place, FEBRUARY, UZ, Outgoing("12/35", OUTGOING.dated),
                signatory_of(place, UZ, "nazarov"),
            )  # fmt: skip
        with pytest.raises(ConflictError, match="expected one that is not issued yet"):
            write_note(place, FEBRUARY, UZ, "ru", "Позже.", "nazarov")
        for statement in (
            "UPDATE alert.bulletin SET office = 'x'",
            "DELETE FROM alert.bulletin",
            "UPDATE alert.bulletin_note SET body = 'x'",
            "DELETE FROM alert.bulletin_note",
            "INSERT INTO alert.bulletin_note (month, scope, language, body, login, author) "
            "VALUES ('2021-02-01', 'UZ', 'en', 'x', 'x', 'x')",
        ):
            with (
                pytest.raises(Exception, match=r"stays|none is changed|issued without it"),
                place.warehouse.begin() as connection,
            ):
                connection.execute(text(statement))

    def test_a_number_is_given_once_in_a_year_and_again_only_for_the_same(
        self, place: Installation
    ) -> None:
        appoint(place, UZ)
        issued(place, accepts_unchecked=False)
        signatory = signatory_of(place, UZ, "nazarov")
        with pytest.raises(ConflictError, match=r"by B\. Nazarov, in en; the first issue stays"):
            issued(place, accepts_unchecked=True)
        with pytest.raises(ConflictError, match=r"has in 2021, got 12/34, that of 2021-02"):
            issue(place, JANUARY, UZ, OUTGOING, signatory)
        with (
            pytest.raises(IntegrityError, match="unique constraint"),
            place.warehouse.begin() as connection,
        ):
            connection.execute(
                text(
                    "INSERT INTO alert.bulletin SELECT (jsonb_populate_record(b, "
                    """'{"month": "2021-01-01"}')).* FROM alert.bulletin AS b"""
                )
            )

    def test_a_note_waits_while_somebody_issues(self, place: Installation) -> None:
        saved: list[object] = []
        writer = Thread(
            target=lambda: saved.append(write_note(place, FEBRUARY, UZ, "en", "No snow.", "x"))
        )
        with only_bulletins(place.warehouse):
            writer.start()
            writer.join(0.5)
            assert writer.is_alive()
        writer.join(30)
        assert saved == [None]

    def test_needs_the_role_and_for_the_region_that_of_every_country(
        self, place: Installation
    ) -> None:
        with pytest.raises(InputError, match="issuing role for UZ, got one that does not"):
            signatory_of(place, UZ, "nazarov")
        appoint(place, UZ)
        with pytest.raises(InputError, match="issuing role for KZ, got one that does not"):
            signatory_of(place, REGION, "nazarov")
        appoint(place, Country.KAZAKHSTAN)
        done = issued(place, REGION)
        assert {path.name for path in done.paths} == names("region.en", "region.ru")
        assert done.bulletin.legal_basis == NAMED_BY

    @pytest.mark.parametrize(
        ("outgoing", "fault"),
        [
            pytest.param(Outgoing(" ", OUTGOING.dated), "--number: expected", id="no number"),
            pytest.param(Outgoing("1\n2", OUTGOING.dated), "--number: expected", id="two lines"),
            pytest.param(
                Outgoing("1", date(2021, 1, 31)), "from 2021-02-01", id="before the month"
            ),
            pytest.param(Outgoing("1", date(2027, 3, 9)), "to today", id="of another year"),
        ],
    )
    def test_a_slip_of_the_pen_is_refused(
        self, installation: Installation, outgoing: Outgoing, fault: str
    ) -> None:
        with pytest.raises(InputError, match=fault):
            issue(installation, FEBRUARY, UZ, outgoing, Signatory("a", "b", "c", "d"))


class TestTheTables:
    def test_refuse_who_has_no_role_and_nothing_is_left_of_the_try(
        self, place: Installation
    ) -> None:
        appoint(place, UZ)
        signatory = signatory_of(place, UZ, "nazarov")
        with place.warehouse.begin() as connection:
            end_issuer(connection, "nazarov", (UZ,), NOW, ended_by="the test")
        with pytest.raises(ProgrammingError, match="does not hold the issuing role"):
            issue(place, FEBRUARY, UZ, OUTGOING, signatory)
        assert [path.name for path in folder(place).iterdir()] == [".issuing-uz"]
        write_bulletins(place, FEBRUARY, [UZ])
        assert set(contents(place)) == names("uz.en", "uz.ru", "uz.uz")
        # What did not leave is no news for a committee.
        assert "did not end well" not in contents(place)["uz.en.txt"].decode()


class TestAfterwards:
    def test_the_files_come_to_their_places_after_a_kill_and_are_watched_there(
        self, place: Installation
    ) -> None:
        appoint(place, UZ)
        # No file can be moved onto a folder: that ends it as a power cut would, amid the moves.
        blocked = folder(place) / "uz.ru.pdf"
        blocked.mkdir(parents=True)
        with pytest.raises(OSError, match=r"uz\.ru\.pdf"):
            issued(place)
        assert told(place.warehouse, "SELECT count(*) FROM mart.bulletin") == [(1,)]
        blocked.rmdir()
        done = issued(place)
        (listed,) = list_bulletins(place)
        assert listed.faults == ()
        assert set(contents(place)) == {path.name for path in done.paths}
        # A file that is not what it was is named and left alone.
        changed, gone = folder(place) / "uz.ru.docx", folder(place) / "uz.en.txt"
        changed.unlink()
        changed.write_bytes(b"edited")
        gone.unlink()
        told_of: list[str] = []
        paths = write_bulletins(place, FEBRUARY, [UZ], tell=told_of.append)
        assert [line.partition(": ")[0] for line in told_of] == [str(gone), str(changed)]
        assert "got none; lay a copy" in told_of[0]
        assert "No. 12/34, got another" in told_of[1]
        assert changed.read_bytes() == b"edited"
        assert {path.name for path in paths} == names("uz.en", "uz.ru", "uz.uz") - {
            changed.name,
            gone.name,
        }

    def test_figures_that_changed_since_show_in_the_list(self, place: Installation) -> None:
        appoint(place, UZ)
        write_bulletins(place, JANUARY, [REGION])
        issued(place)
        february, january = list_bulletins(place)
        assert (february.scope, february.languages, february.changed) == (
            "UZ",
            ("en", "ru", "uz"),
            0,
        )
        assert (january.month, january.issued, january.working_papers) == (
            JANUARY, None, ("en", "ru"),
        )  # fmt: skip
        # The clock of the database is that of this machine: what is written now is later.
        with place.warehouse.begin() as connection:
            connection.execute(
                text(
                    "ALTER TABLE alert.bulletin DISABLE TRIGGER keep_bulletin; "
                    "UPDATE alert.bulletin SET issued_at = clock_timestamp(); "
                    "ALTER TABLE alert.bulletin ENABLE TRIGGER keep_bulletin"
                )
            )
        say_spi_3(place.warehouse, {"A": [0.2, -0.4], "K": [0.2, 0.3]})
        evaluate(place)
        assert list_bulletins(place)[0].changed == 1


def test_the_commands_teach_and_do(place: Installation, warehouse_url: str) -> None:
    def drought(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [Path(sys.executable).with_name("drought"), *arguments],
            env={
                "PATH": os.environ["PATH"],
                "DROUGHT_VAR": str(place.settings.var),
                "DROUGHT_DATABASE_URL": warehouse_url,
                "DROUGHT_TRUST_CLOCK": "true",
                "COLUMNS": "200",
            },
            capture_output=True,
            text=True,
            check=False,
        )

    me = logged_in_account()
    note = ("bulletin", "note", "2021-02", "--scope", "uz", "--language", "en")
    assert drought(*note, "--text", "Little snow.").returncode == 0
    again = drought(*note, "--text", "No snow.", "--by", "B. Nazarov")
    assert again.stdout.startswith(f"was, by {me} (")
    assert "Little snow." in again.stdout
    asked = ("bulletin", "issue", "2021-02", "--scope", "UZ", "--number", "12/34")
    refused = drought(*asked)
    assert refused.returncode == 1
    assert f"error: {me}: expected an account that holds the issuing role for UZ" in refused.stderr
    with place.warehouse.begin() as connection:
        role = Appointment(me, "C. Umarova", "Drought desk", UZ, NAMED_BY, NOW)
        save_issuer(connection, replace(role, since=NOW - timedelta(days=3000)), added_by="x")
    done = drought(*asked, "--accept-unchecked", "--date", "2021-03-09")
    assert done.returncode == 0, done.stderr
    assert "issued by C. Umarova, Drought desk: UZ 2021-02, No. 12/34 of 2021-03-09" in done.stdout
    assert "No snow." in words_of(contents(place)["uz.en.pdf"])
    (folder(place) / "uz.en.pdf").unlink()
    after = drought("bulletin", "list")
    assert after.returncode == 1
    assert "No. 12/34, 2021-03-09" in after.stdout
    assert "files gone or changed: 1" in after.stdout
    assert "uz.en.pdf: expected the file that was issued as No. 12/34, got none" in after.stderr
