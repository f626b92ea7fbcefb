"""The site of a little world: what stands in it, what is public, and what cannot break out of it."""

from __future__ import annotations

import csv
import json
import re
import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from pipeline.core.errors import ConflictError, InputError
from pipeline.core.ids import Country, Origin
from pipeline.delivery.whole import appearing_whole
from pipeline.local.postgres import EmbeddedPostgres
from pipeline.plans.reading import from_mapping
from pipeline.settings import Settings
from pipeline.steps.approve import approve
from pipeline.steps.evaluate import evaluate
from pipeline.steps.golive import golive
from pipeline.steps.installation import Installation
from pipeline.steps.publish import publish
from pipeline.steps.site import publish_site
from pipeline.steps.status import pending_alerts
from pipeline.warehouse.plans import save_plan
from tests.integration.conftest import NOW, TEMPLATE
from tests.integration.gauged_world import database
from tests.integration.issuing_plan import adopt, adopted_plan
from tests.integration.little_world import JANUARY, landscape, say_spi_3, settle
from tests.unit.alerts.cases import APPROVAL

pytestmark = pytest.mark.postgres

FEBRUARY = JANUARY + 1
EVIL_ID, EVIL_NAME = "../../<script>x", '</script><script>alert(1)</script>\nnext & "line"'
FORMULA_ID = "=cmd|' /C calc'!A0"
IDS = (EVIL_ID, FORMULA_ID, "Ташкент область", "Osh", "osh")


def decided(
    place: Installation, *, origin: Origin = Origin.REAL, ids: tuple[str, ...] = ("UZ-A", "UZ-B")
) -> Installation:
    """Months in which the first landscape begins a watch and the others stay quiet."""
    lands = [landscape(name) for name in ids]
    if EVIL_ID in ids:
        at = ids.index(EVIL_ID)
        names = {"en": EVIL_NAME, "ru": EVIL_NAME}
        lands[at] = replace(lands[at], name_en=EVIL_NAME, names=names)
    settle(place.warehouse, lands, origin)
    say_spi_3(place.warehouse, {name: [0.4] for name in ids}, origin=origin)
    golive(place, FEBRUARY)
    spoken = {name: [-1.2 if name == ids[0] else 0.3] for name in ids}
    say_spi_3(place.warehouse, spoken, first=FEBRUARY, origin=origin)
    evaluate(place)
    return place


def authorised(place: Installation, site_url: str | None = None) -> Installation:
    settings = Settings(
        var=place.settings.var,
        authority="The authority of the test",
        authority_oid="2.49.0.1.860.0",
        site_url=site_url,
    )
    return replace(place, settings=settings)


def let_go(place: Installation) -> None:
    answered = replace(APPROVAL, answered_at=NOW)
    approve(place, pending_alerts(place), answered, accepts_unchecked=True)


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def data(content: bytes) -> dict[str, Any]:
    """What a data script says."""
    told: dict[str, Any] = json.loads(content.decode().split("=", 3)[-1].rstrip().rstrip(";"))
    return told


def stage_of(folder: Path, number: int) -> str:
    ranks: str = data((folder / "data/stages.js").read_bytes())["ranks"]["meteorological"][number]
    return ranks


class Links(HTMLParser):
    """What a page links to, and the elements of which a script could come."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.links: list[str] = []
        self.scripts: list[str] = []
        self.handlers: list[str] = []
        self.text = ""
        self.feed(content.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self.links += [told[name] or "" for name in ("href", "src") if name in told]
        self.handlers += [name for name in told if name.startswith("on")]
        if tag == "script":
            self.scripts.append(told.get("src") or "inline")

    def handle_data(self, words: str) -> None:
        self.text += words


def pages(folder: Path) -> Iterator[tuple[Path, Links]]:
    for path in sorted(folder.rglob("*.html")):
        if "bulletins" not in path.relative_to(folder).parts:
            yield path, Links(path.read_bytes())


@pytest.fixture(scope="class")
def place(
    postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """An installation that the tests of a class share: they only look at it."""
    with database(postgres, TEMPLATE) as (_, engine):
        folder = tmp_path_factory.mktemp("site") / "var"
        yield Installation(Settings(var=folder), engine, clock=lambda: NOW)


@pytest.fixture(scope="class")
def built(place: Installation) -> Path:
    """The site for inside."""
    return publish_site(decided(place)).folder


@pytest.fixture(scope="class")
def exercise(place: Installation) -> Installation:
    """The same on simulated data."""
    return decided(place, origin=Origin.SIMULATED)


@pytest.fixture(scope="class")
def invaded(place: Installation) -> Path:
    """The site of landscapes whose ids and names mean harm."""
    return publish_site(decided(place, ids=IDS)).folder


class TestInternal:
    def test_every_link_leads_to_a_file(self, built: Path) -> None:
        count = 0
        for path, page in pages(built):
            for link in page.links:
                place, _, anchor = link.partition("#")
                if place.startswith(("data:", "http:", "https:")):
                    continue
                there = (path.parent / place).resolve() if place else path
                assert there.is_file(), (path, link)
                assert there.is_relative_to(built.resolve())
                if anchor.startswith("alert-"):
                    assert f'id="{anchor}"' in there.read_text("utf-8"), (path, link)
                count += 1
        assert count > 100

    def test_nothing_in_a_page_is_a_script_but_by_file(self, built: Path) -> None:
        for path, page in pages(built):
            assert "inline" not in page.scripts, path
            assert page.handlers == [], path
            assert not [link for link in page.links if link.startswith(("http:", "https:"))]
            # In a page from a folder Firefox takes 'self' for nothing: without `file:` it blocks all.
            policy = path.read_text("utf-8").partition("default-src 'none'; ")[2]
            assert policy.startswith("script-src 'self' file:; style-src 'self' file:;"), path

    def test_a_landscape_says_its_stage_why_and_what_ends_it(self, built: Path) -> None:
        told = " ".join(Links((built / "en/landscape/uz-a.html").read_bytes()).text.split())
        assert "District UZ-A, Uzbekistan, February 2021: the index has crossed" in told
        assert "SPI-3" in told
        assert "-1.20" in told
        assert re.search(
            r"Stage \"Watch\" ends when each of these is reached: SPI-3: 0.0 or more", told
        )
        assert "waits for approval" in told

    def test_the_slider_has_a_character_for_each_month(self, built: Path) -> None:
        found = data((built / "data/stages.js").read_bytes())
        assert found["months"] == ["2021-01", "2021-02"]
        assert found["slugs"] == ["uz-a", "uz-b"]
        assert found["ranks"]["meteorological"] == ["01", "00"]
        year = (built / "data/stages-2021.js").read_text("utf-8")
        assert (
            '"2021"]={"months":["2021-01","2021-02"],"ranks":{"meteorological":["01","00"]' in year
        )

    def test_a_download_holds_indices_gaps_and_stages(self, built: Path) -> None:
        content = (built / "data/uz-a.csv").read_text("utf-8-sig")
        first, second = csv.DictReader(StringIO(content))
        assert "label" not in first
        assert [first["month"], first["spi_3"], first["meteorological_stage"]] == [
            "2021-01-01", "0.4", "none",
        ]  # fmt: skip
        assert [second["spi_3"], second["meteorological_stage"]] == ["-1.2", "watch"]
        assert second["source"] == "era5-land"

    def test_it_is_open_to_its_group_alone(self, built: Path) -> None:
        assert stat.S_IMODE(built.stat().st_mode) == 0o750

    def test_the_same_state_makes_the_same_bytes(self, built: Path, place: Installation) -> None:
        before = files(built)
        publish_site(place)
        assert files(built) == before
        later = replace(place, clock=lambda: NOW + timedelta(minutes=1))
        publish_site(later)
        after = files(built)
        assert after.keys() == before.keys()
        different = [name for name in after if after[name] != before[name]]
        assert different
        for name in different:
            lines = zip(before[name].splitlines(), after[name].splitlines(), strict=True)
            for old, new in lines:
                assert old == new or (b"<time datetime" in old and b"<time datetime" in new)


class TestItsPlace:
    def test_the_old_site_stays_when_the_new_one_cannot_be_built(
        self, installation: Installation
    ) -> None:
        place = authorised(installation)
        adopt(place.warehouse)
        decided(place)
        let_go(place)
        built = publish_site(place, public=True).folder
        before = files(built)
        with place.warehouse.begin() as connection:
            # As nobody should, nor can but the owner: what was told is changed by hand, and must not
            # be shown.
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            connection.execute(
                text("UPDATE alert.message SET body = replace(body, '<severity>Minor', '<severity>Grave') "
                     "WHERE form = 'cap'")
            )  # fmt: skip
        with pytest.raises(InputError, match="OASIS"):
            publish_site(place, public=True)
        assert files(built) == before
        assert [path.name for path in built.parent.glob(".*")] == []

    def test_a_folder_that_holds_something_else_is_refused(
        self, installation: Installation, tmp_path: Path
    ) -> None:
        decided(installation)
        place = tmp_path / "papers"
        place.mkdir()
        (place / "letter.txt").write_text("not a site")
        with pytest.raises(InputError, match="got something else"):
            publish_site(installation, to=place)
        assert [path.name for path in place.iterdir()] == ["letter.txt"]
        new = tmp_path / "stick" / "site"
        assert publish_site(installation, to=new).folder == new
        assert publish_site(installation, to=new).files == len(files(new))

    def test_a_link_stays_one_and_the_folder_behind_it_is_replaced(
        self, installation: Installation, tmp_path: Path
    ) -> None:
        decided(installation)
        link = tmp_path / "www"
        link.symlink_to(tmp_path / "disk", target_is_directory=True)
        for _ in range(2):
            publish_site(installation, to=link)
            assert sorted(path.name for path in tmp_path.iterdir() if path.name != "var") == [
                *("disk", "www"),
            ]
            assert link.is_symlink()
            assert (link / "en/index.html").is_file()

    def test_two_runs_do_not_write_at_once(
        self, installation: Installation, tmp_path: Path
    ) -> None:
        decided(installation)
        with (
            appearing_whole(tmp_path / "site", lambda place: None),
            pytest.raises(ConflictError, match="something else is being written"),
        ):
            publish_site(installation, to=tmp_path / "site")


class TestPublic:
    def test_a_template_gives_a_page_that_says_why_in_the_place_of_an_older_site(
        self, installation: Installation
    ) -> None:
        place = authorised(decided(installation))
        let_go(place)
        older = place.settings.public_site / "en"
        older.mkdir(parents=True)
        (older / "alerts.html").write_text("an older site")
        built = publish_site(place, public=True).folder
        assert sorted(path.name for path in built.rglob("*.html")) == ["index.html", "index.html"]
        told = Links((built / "en/index.html").read_bytes()).text
        assert "There is nothing that may be public yet." in told
        assert re.search(
            r"Uzbekistan\.\s+No plan is in force whose thresholds are all adopted", told
        )
        assert not list(built.glob("data/*"))
        for path in (built, *built.rglob("*")):
            mode = stat.S_IMODE(path.stat().st_mode)
            assert mode == (0o755 if path.is_dir() else 0o644), path

    @pytest.fixture
    def adopted(self, installation: Installation) -> Installation:
        """Uzbekistan's plan is adopted, Kazakhstan's is a template; one alert waits."""
        place = authorised(installation, site_url="https://drought.example.org")
        adopt(place.warehouse)
        return decided(place)

    def test_a_stage_is_public_only_when_an_approved_alert_has_told_it(
        self, adopted: Installation
    ) -> None:
        built = publish_site(adopted, public=True).folder
        assert stage_of(built, 0)[-1] == "0"
        page = Links((built / "en/landscape/uz-a.html").read_bytes()).text
        assert "no alert in force" in page
        assert "ends when" not in page
        assert "begins when" not in page
        assert b"none" in (built / "data/uz-a.csv").read_bytes().splitlines()[-1]
        let_go(adopted)
        publish_site(adopted, public=True)
        assert stage_of(built, 0)[-1] == "1"
        assert b"watch" in (built / "data/uz-a.csv").read_bytes().splitlines()[-1]

    def test_what_escalates_later_is_not_public_before_its_approval(
        self, adopted: Installation
    ) -> None:
        let_go(adopted)
        say_spi_3(adopted.warehouse, {"UZ-A": [-1.7], "UZ-B": [0.2]}, first=FEBRUARY + 1)
        evaluate(adopted)
        assert stage_of(publish_site(adopted).folder, 0) == "012"
        built = publish_site(adopted, public=True).folder
        assert stage_of(built, 0) == "11"
        assert b"warning" not in (built / "data/uz-a.csv").read_bytes()

    def test_it_names_offices_and_no_persons_and_nothing_of_the_inside(
        self, adopted: Installation
    ) -> None:
        let_go(adopted)
        built = publish_site(adopted, public=True).folder
        everything = b"".join(files(built).values()).decode("utf-8", "replace")
        assert APPROVAL.office in everything
        assert APPROVAL.name not in everything
        assert "waits for approval" not in everything
        assert "Internal working page" not in everything
        assert "How fresh the data are" not in everything
        assert "noindex" not in (built / "en/index.html").read_text("utf-8")

    def test_its_messages_and_feeds_go_with_it(self, adopted: Installation) -> None:
        let_go(adopted)
        built = publish_site(adopted, public=True).folder
        (message,) = built.glob("cap/*.xml")
        assert b"<status>Actual</status>" in message.read_bytes()
        assert b"<item>" in (built / "feed.xml").read_bytes()
        assert f"../../cap/{message.name}" in (built / "en/landscape/uz-a.html").read_text("utf-8")
        first = (built / "en/index.html").read_text("utf-8")
        assert 'href="../feed.xml"' in first
        assert "Newest data: February 2021; made on" in first

    def test_languages_nobody_checked_stay_inside_unless_accepted(
        self, adopted: Installation
    ) -> None:
        let_go(adopted)
        built = publish_site(adopted, public=True).folder
        assert not (built / "ru").exists()
        publish_site(adopted, public=True, accepts_unchecked=True)
        marked = (built / "ru/landscape/uz-a.html").read_text("utf-8")
        assert "не проверен носителем языка" in marked

    def test_a_plan_whose_own_words_nobody_checked_stays_inside_unless_accepted(
        self, adopted: Installation
    ) -> None:
        plan = adopted_plan({}, Country.UZBEKISTAN) | {"version": "2"}
        plan["title"] = {"en": "Plan of the test", "ru": "План", "unchecked": ["en"]}
        with adopted.warehouse.begin() as connection:
            save_plan(connection, from_mapping(plan, "the test"), is_shipped=False)
        built = publish_site(adopted, public=True).folder
        told = Links((built / "en/index.html").read_bytes()).text
        assert re.search(r"Uzbekistan\.\s+The plan has words that no speaker has checked", told)
        assert not list(built.glob("data/*"))
        publish_site(adopted, public=True, accepts_unchecked=True)
        told = Links((built / "en/landscape/uz-a.html").read_bytes()).text
        assert "No speaker has checked all the wording" in told

    def test_a_country_without_an_adopted_plan_is_named_and_not_shown(
        self, adopted: Installation
    ) -> None:
        other = landscape("KZ-C", Country.KAZAKHSTAN)
        settle(adopted.warehouse, [other])
        say_spi_3(adopted.warehouse, {"KZ-C": [0.1, -1.3]})
        evaluate(adopted)
        built = publish_site(adopted, public=True).folder
        told = Links((built / "en/index.html").read_bytes()).text
        assert re.search(r"Kazakhstan\.\s+No plan is in force", told)
        assert "kz-c" not in "".join(files(built))
        assert b"KZ-C" not in b"".join(files(built).values())

    def test_without_an_authority_nothing_more_is_public_and_no_message_is_lost(
        self, adopted: Installation
    ) -> None:
        let_go(adopted)
        before = files(publish_site(adopted, public=True).folder)
        settings = adopted.settings.model_copy(update={"authority": None, "authority_oid": None})
        built = publish_site(replace(adopted, settings=settings), public=True).folder
        after = files(built)
        page = Links(after["en/index.html"]).text
        assert "No alerting authority is configured" in page
        assert not [name for name in after if "landscape" in name]
        services = [name for name in before if name.endswith(".xml")]
        assert len(services) == 3
        assert {name: after[name] for name in services} == {name: before[name] for name in services}

    def test_an_issued_bulletin_stays_one_that_nobody_writes_to(
        self, adopted: Installation
    ) -> None:
        month = adopted.settings.bulletins / "2011-02"
        month.mkdir(parents=True)
        issued, working = month / "uz.en.txt", month / "uz.ru.txt"
        for path, mode in ((issued, 0o444), (working, 0o600)):
            path.write_text("words")
            path.chmod(mode)
        built = publish_site(adopted).folder
        rights = {path.name: stat.S_IMODE(path.stat().st_mode) for path in month.iterdir()}
        assert rights == {"uz.en.txt": 0o444, "uz.ru.txt": 0o644}
        shown = {path.name: stat.S_IMODE(path.stat().st_mode) for path in built.rglob("uz.*.txt")}
        assert shown == rights


class TestSimulated:
    def test_every_page_and_file_says_so(self, exercise: Installation) -> None:
        built = publish_site(exercise).folder
        banners = {"en": "EXERCISE - SIMULATED DATA", "ru": "УЧЕНИЕ"}
        for path, page in pages(built):
            language = path.relative_to(built).parts[0]
            assert banners.get(language, "") in page.text, path
        for path in built.glob("data/*.csv"):
            head, *rows = path.read_text("utf-8-sig").splitlines()
            assert head.startswith("label,")
            assert all(row.startswith("EXERCISE - SIMULATED DATA") for row in rows)
        readme = (built / "data/README.txt").read_text("utf-8").splitlines()
        assert readme[0] == readme[-1] == "EXERCISE - SIMULATED DATA - no real drought"

    def test_it_is_never_public(self, exercise: Installation) -> None:
        with pytest.raises(InputError, match="an exercise is never public"):
            publish_site(authorised(exercise), public=True, to=exercise.settings.var / "elsewhere")
        assert not (exercise.settings.var / "elsewhere").exists()

    def test_publish_makes_bulletins_and_the_internal_site_alone(
        self, exercise: Installation
    ) -> None:
        with_address = authorised(exercise, site_url="https://drought.example.org")
        (site,) = publish(with_address)
        assert not site.is_public
        copied = {path.name for path in site.folder.glob("bulletins/2021-02/*")}
        assert {"uz.en.html", "uz.ru.pdf", "region.en.docx"} <= copied
        page = (site.folder / "en/bulletins.html").read_text("utf-8")
        assert "working paper, not issued" in page
        assert 'href="../bulletins/2021-02/uz.en.html"' in page


class TestInjection:
    def test_every_file_stays_inside(self, invaded: Path) -> None:
        names = {path.relative_to(invaded).parts[0] for path in invaded.rglob("*")}
        assert names == {"index.html", "en", "ru", "uz", "data", "assets"}
        assert [path.name for path in invaded.parent.iterdir()] == ["site"]
        assert len(list(invaded.glob("en/landscape/*.html"))) == len(IDS)
        for path in invaded.rglob("*"):
            assert re.fullmatch(r"[A-Za-z0-9._-]+", path.name), path

    def test_no_name_becomes_markup_or_a_script(self, invaded: Path) -> None:
        for path, page in pages(invaded):
            assert "inline" not in page.scripts, path
            assert "<script>alert" not in path.read_text("utf-8"), path
        for path in invaded.glob("data/*.js"):
            assert not {"<", ">", "&"} & set(path.read_text("utf-8")), path
        told = Links((invaded / "en/index.html").read_bytes()).text
        assert '</script><script>alert(1)</script> next & "line"' in told

    def test_no_id_becomes_a_formula(self, invaded: Path) -> None:
        first = [path.read_text("utf-8-sig").splitlines()[1] for path in invaded.glob("data/*.csv")]
        assert len(first) == len(IDS)
        assert any(line.startswith("'=cmd|") for line in first)
        assert not any(line.startswith(("=", '"=')) for line in first)
