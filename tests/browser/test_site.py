"""The site as an officer uses it: found, read, switched, taken back a year, printed, heard.

Every tab of these tests must stay on the site and never complain (see `opened`): no request
elsewhere, no error, nothing refused by the page's own policy.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect
from pypdf import PdfReader

from pipeline.delivery.site.building import PATH_BYTES
from tests.browser.conftest import DESK, PHONE, SMALL, Opened, Tab

pytestmark = pytest.mark.postgres

MAP, LANDSCAPE = "en/index.html", "en/landscape/uz-qr.html"
PAGES = [MAP, LANDSCAPE, "en/alerts.html", "en/bulletins.html", "en/data.html"]
KAZAKH = 16
SHOWN = 14 + KAZAKH + 4
"""Landscapes of the little world: see `world.SHOWN`."""
PUBLIC = 14
"""Those of the country that adopted its plan."""
EXERCISE = "EXERCISE - SIMULATED DATA - no real drought"


def row(page: Page, name: str) -> Locator:
    """What the list says of a landscape."""
    return page.locator("#list li", has=page.get_by_role("link", name=name, exact=True))


def complained(tab: Tab, times: int) -> None:
    """Wait until the browser has complained so often, and forget it."""
    for _ in range(100):
        if len(tab.complaints) >= times:
            break
        tab.page.wait_for_timeout(50)
    assert len(tab.complaints) == times
    tab.complaints.clear()


def names(page: Page) -> Locator:
    """The landscapes that the list shows, in order."""
    return page.locator("#list li:visible a")


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        pytest.param("karakalpak", "Republic of Karakalpakstan", id="part of its English name"),
        pytest.param("каракалпак", "Republic of Karakalpakstan", id="its Russian name"),
        pytest.param("qoraqalpogiston", "Republic of Karakalpakstan", id="Uzbek without the mark"),
        pytest.param("SANLIURFA", "Şanlıurfa", id="Turkish on an English keyboard"),
        pytest.param("актобе", "Aktobe Region", id="Kazakh on a Russian keyboard"),
        pytest.param("сугд", "Sughd Region", id="Tajik on a Russian keyboard"),
    ],
)
def test_a_landscape_is_found_by_any_name(opened: Opened, typed: str, found: str) -> None:
    page = opened(PHONE).open(MAP)
    page.get_by_label("Find a landscape").fill(typed)
    expect(names(page)).to_have_text([found])
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name=found, exact=True)).to_be_focused()


def test_its_page_says_why_it_is_in_its_stage(opened: Opened) -> None:
    """In words, above the first fold of details: the index, the value, the plan's threshold."""
    page = opened(PHONE).open(MAP)
    told = '2 "Warning" meteorological drought, since October 2026'
    expect(row(page, "Republic of Karakalpakstan")).to_contain_text(told)
    page.get_by_role("link", name="Republic of Karakalpakstan", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Republic of Karakalpakstan")
    why = page.locator("article").first.inner_text()
    assert "the index has crossed the plan's threshold of a graver stage" in why
    assert "SPI-3" in why
    assert "-1.62" in why
    assert "at or below -1.5: stage" in why
    assert "not adopted by national law" in why


def test_the_gravest_come_first_and_what_is_not_known_last(opened: Opened) -> None:
    page = opened().open(MAP)
    listed = names(page).all_inner_texts()
    assert len(listed) == SHOWN
    assert listed[:2] == ["Republic of Karakalpakstan", "Aktobe Region"]


def test_languages_keep_the_page_and_the_month(opened: Opened) -> None:
    page = opened(PHONE).open(MAP)
    page.get_by_role("button", name="Twelve months back").click()
    expect(page.locator("#shown")).to_have_text("October 2025")
    page.locator(".languages summary").click()
    page.get_by_role("link", name="Русский").click()
    expect(page.locator("html")).to_have_attribute("lang", "ru")
    expect(page.locator("#shown")).to_have_text("октябрь 2025 г.")
    page.get_by_role("link", name="Республика Каракалпакстан", exact=True).click()
    page.locator(".languages summary").click()
    page.get_by_role("link", name="Oʻzbekcha").click()
    expect(page.locator("html")).to_have_attribute("lang", "uz")
    expect(page.get_by_role("heading", level=1)).to_have_text("Qoraqalpogʻiston Respublikasi")
    page.locator(".back a").click()
    expect(page.locator("#shown")).to_have_text("2025-yil oktabr")


@pytest.mark.parametrize(
    ("language", "name", "stage", "tongue"),
    [
        pytest.param("uz", "Актюбинская область", "Наблюдение", "ru", id="Russian in Uzbek pages"),
        pytest.param("tr", "Aktobe Region", "Watch", "en", id="English in Turkish pages"),
    ],
)
def test_what_a_plan_does_not_speak_is_said_in_a_language_that_is_read(
    opened: Opened, language: str, name: str, stage: str, tongue: str
) -> None:
    page = opened(SMALL).open(f"{language}/index.html")
    found = page.locator("#list li", has=page.get_by_role("link", name=name, exact=True))
    for legend in ("any", "meteorological"):
        # The first as the page is written, the second as its script writes it.
        page.locator("#type").select_option(value=legend)
        expect(page.locator(f".legend[data-type={legend}] [lang={tongue}]").first).to_be_visible()
        expect(found.locator("a")).to_have_attribute("lang", tongue)
        expect(found.locator("strong").first).to_contain_text(stage)
        expect(found.locator("strong").first).to_have_attribute("lang", tongue)


def test_twelve_months_back_another_stage_stood(opened: Opened) -> None:
    page = opened().open(MAP)
    shape = page.locator("#map path[class~=s3]")
    expect(shape).to_have_count(0)
    page.get_by_label("Month", exact=True).focus()
    page.keyboard.press("PageDown")
    expect(page.locator("#month-name")).to_have_text("October 2025")
    expect(row(page, "Republic of Karakalpakstan")).to_contain_text("3 ")
    expect(row(page, "Republic of Karakalpakstan")).to_contain_text("Severe")
    expect(shape).to_have_count(1)
    expect(page.get_by_label("Month", exact=True)).to_have_attribute(
        "aria-valuetext", "October 2025"
    )
    page.keyboard.press("ArrowRight")
    expect(page.locator("#month-name")).to_have_text("November 2025")
    for _ in range(11):
        page.get_by_role("button", name="One month on").click()
    expect(page.locator("#month-name")).to_have_text("October 2026")
    expect(page.get_by_role("button", name="One month on")).to_be_disabled()
    expect(row(page, "Republic of Karakalpakstan")).to_contain_text("Warning")
    expect(row(page, "Republic of Karakalpakstan")).to_contain_text("since")


def test_a_month_that_cannot_be_read_is_said(opened: Opened) -> None:
    tab = opened()
    page = tab.open(MAP)
    page.route("**/data/stages.js", lambda route: route.abort())
    page.get_by_role("button", name="One month back").click()
    expect(page.locator("#month-name")).to_contain_text("2026-09")
    expect(row(page, "Republic of Karakalpakstan")).to_contain_text("Warning")
    complained(tab, 2)


def test_one_drought_type_and_one_country(opened: Opened) -> None:
    page = opened().open(MAP)
    page.get_by_label("Country").select_option(label="Kazakhstan")
    expect(page.locator("#list li:visible")).to_have_count(KAZAKH)
    expect(names(page).first).to_have_text("Aktobe Region")
    page.get_by_label("Drought type").select_option(value="agricultural")
    expect(page.locator("#map path[class~=s1]")).to_have_count(0)
    expect(row(page, "Aktobe Region")).to_contain_text("no stage")
    page.reload()
    expect(page.get_by_label("Drought type")).to_have_value("agricultural")
    expect(page.get_by_label("Country")).to_have_value("kz")


def test_the_values_can_be_taken_along(opened: Opened, tmp_path: Path) -> None:
    page = opened(PHONE).open(LANDSCAPE)
    with page.expect_download() as downloading:
        page.locator("a[href$='.csv']").click()
    downloading.value.save_as(tmp_path / "values.csv")
    with (tmp_path / "values.csv").open(encoding="utf-8-sig", newline="") as file:
        newest = list(csv.DictReader(file))[-1]
    assert newest["month"].startswith("2026-10")
    assert float(newest["spi_3"]) == -1.62


def focused(page: Page) -> str:
    """What has the focus."""
    return str(
        page.evaluate(
            "(document.activeElement.id || document.activeElement.getAttribute('aria-label')"
            " || document.activeElement.textContent).trim()"
        )
    )


def test_everything_is_reached_by_keyboard(opened: Opened) -> None:
    page = opened().open(MAP)
    page.keyboard.press("Tab")
    assert focused(page) == "To the content"
    reached = []
    while not reached or (reached[-1] != "Republic of Karakalpakstan" and len(reached) < 30):
        page.keyboard.press("Tab")
        reached.append(focused(page))
    wanted = ["Language: English", "Alerts", "move", "month", "find", "type", "country"]
    assert [one for one in reached if one in wanted] == wanted
    assert len(reached) < 20, "the drawing of the map takes no stops"
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Republic of Karakalpakstan")


def test_the_map_moves_by_keyboard(opened: Opened) -> None:
    page = opened().open(MAP)
    page.get_by_role("button", name="Zoom and move the map").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".moving path:focus")).to_have_attribute(
        "aria-label",
        'Republic of Karakalpakstan: 2 "Warning" meteorological drought, since October 2026',
    )
    page.keyboard.press("ArrowUp")
    north = page.locator(".moving path:focus").get_attribute("aria-label")
    assert north is not None
    assert north.startswith(("Aktobe Region", "Mangystau Region"))
    page.keyboard.press("Enter")
    card = page.locator(".leaflet-popup-content")
    expect(card).to_contain_text(north.split(":")[0])
    expect(card.get_by_role("link").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(card).to_have_count(0)
    expect(page.locator(".moving path:focus")).to_have_attribute("aria-label", north)


def test_the_moving_map_lies_on_the_drawing(opened: Opened) -> None:
    """Its outlines are the drawing's own, brought back to degrees and drawn anew."""
    page = opened().open(MAP)
    shapes = [0, SHOWN // 2, SHOWN - 1]
    button = page.get_by_role("button", name="Zoom and move the map")
    button.scroll_into_view_if_needed()  # as pressing it would, after the boxes were taken
    boxes = [page.locator(f"#l{one}").bounding_box() for one in shapes]
    button.click()
    expect(page.locator(".moving path")).to_have_count(SHOWN)
    there = page.evaluate(
        "shapes => shapes.map(n => DROUGHT.rows.find(r => r.number === n).layer.getElement()"
        ".getBoundingClientRect()).map(b => [b.x, b.y, b.width, b.height])",
        shapes,
    )
    for box, found in zip(boxes, there, strict=True):
        assert box is not None
        assert found == pytest.approx([box["x"], box["y"], box["width"], box["height"]], abs=4.0)
    page.get_by_role("button", name="Twelve months back").click()
    expect(page.locator(".moving path.s3")).to_have_count(1)
    page.get_by_label("Country").select_option(label="Kazakhstan")
    expect(page.locator(".moving path:not(.off)")).to_have_count(KAZAKH)


def test_without_leaflet_the_drawing_stays(opened: Opened) -> None:
    tab = opened()
    page = tab.open(MAP)
    page.route("**/leaflet.js", lambda route: route.abort())
    page.get_by_role("button", name="Zoom and move the map").click()
    page.wait_for_timeout(200)
    expect(page.locator("#map")).to_be_visible()
    expect(page.locator(".moving")).to_have_count(0)
    complained(tab, 2)


@pytest.mark.parametrize(
    ("language", "size"),
    [
        pytest.param("en", PHONE, id="English, 390 wide"),
        pytest.param("ru", SMALL, id="Russian, 320 wide"),
        pytest.param("uz", SMALL, id="Uzbek, 320 wide"),
    ],
)
def test_nothing_is_wider_than_a_phone(
    opened: Opened, size: tuple[int, int], language: str
) -> None:
    tab = opened(size)
    for path in ["index.html", *(one.replace("en/", f"{language}/") for one in PAGES)]:
        page = tab.open(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0], path


def test_all_can_be_read_without_javascript(opened: Opened) -> None:
    page = opened(PHONE, java_script_enabled=False).open("index.html")
    page.get_by_role("link", name="English").click()
    expect(page.locator("#map path")).to_have_count(SHOWN)
    expect(page.locator("#map path[class~=s2]")).to_have_count(1)
    expect(page.locator("#controls")).to_be_hidden()
    expect(page.get_by_text(EXERCISE).first).to_be_in_viewport()
    page.get_by_role("link", name="Republic of Karakalpakstan", exact=True).click()
    expect(page.locator("article").first).to_contain_text("-1.62")
    expect(page.locator(".chart svg").first).to_be_visible()


def test_the_door_opens_the_readers_language(opened: Opened) -> None:
    tab = opened(PHONE)
    page = tab.open("index.html")
    page.wait_for_url("**/en/index.html")
    page.locator(".languages summary").click()
    page.get_by_role("link", name="Русский").click()
    page.wait_for_url("**/ru/index.html")
    tab.open("index.html")
    page.wait_for_url("**/ru/index.html")


def serious(page: Page) -> list[tuple[str, list[str]]]:
    """What axe finds that keeps somebody out, with everything that folds open."""
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    return [
        (one["id"], [node["html"][:120] for node in one["nodes"]][:3])
        for one in Axe().run(page).response["violations"]
        if one["impact"] in {"serious", "critical"}
    ]


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing_serious(opened: Opened, path: str, size: tuple[int, int]) -> None:
    page = opened(size).open(path)
    if path == MAP:
        page.get_by_role("button", name="Zoom and move the map").click()
        expect(page.locator(".moving path")).to_have_count(SHOWN)
    assert serious(page) == []


@pytest.mark.parametrize(
    ("language", "landscape"),
    [
        pytest.param("kk", "kz-akt", id="Kazakh"),
        pytest.param("ky", "kg-n", id="Kyrgyz"),
        pytest.param("ru", "uz-qr", id="Russian"),
        pytest.param("tg", "tj-su", id="Tajik"),
        pytest.param("tk", "tm-l", id="Turkmen"),
        pytest.param("tr", "tr-63", id="Turkish"),
        pytest.param("uz", "uz-qr", id="Uzbek"),
    ],
)
def test_axe_finds_nothing_serious_in_any_language(
    opened: Opened, language: str, landscape: str
) -> None:
    """Nor is anything of its pages wider than the smallest phone."""
    tab = opened(SMALL)
    for path in (f"{language}/index.html", f"{language}/landscape/{landscape}.html"):
        page = tab.open(path)
        assert serious(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= SMALL[0], path


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_public_site_is_read_as_the_one_inside(
    opened: Opened, public_address: str, language: str
) -> None:
    """Real data under an adopted plan: no exercise, no inside, only the country that adopted."""
    tab = opened(PHONE, at=public_address)
    page = tab.open(f"{language}/index.html")
    expect(page.locator("#list li")).to_have_count(PUBLIC)
    expect(page.locator("#situation .notes li")).to_have_count(1)  # of all other countries
    assert serious(page) == []
    page.locator("#list li a").first.click()
    page.wait_for_url("**/landscape/uz-qr.html")
    expect(page.locator("article").first).to_contain_text(re.compile("-1[.,]62"))
    assert EXERCISE not in page.content()
    assert serious(page) == []
    page.locator(".back a").click()
    warned = page.locator("#map path[class~=s2]")
    for step, count in (("-12", 1), ("-1", 1), ("-1", 0)):
        page.locator(f"[data-step='{step}']").click()
        expect(warned).to_have_count(count)


def test_the_exercise_stays_in_sight(opened: Opened) -> None:
    tab = opened(PHONE)
    for path in PAGES:
        page = tab.open(path)
        page.mouse.wheel(0, 20_000)
        expect(page.get_by_text(EXERCISE).first).to_be_in_viewport()


def test_paper_shows_what_is_folded_and_the_exercise_on_each_sheet(
    opened: Opened, tmp_path: Path
) -> None:
    page = opened().open(LANDSCAPE)
    page.pdf(path=tmp_path / "page.pdf", format="A4")
    printed = [
        " ".join(one.extract_text().split()) for one in PdfReader(tmp_path / "page.pdf").pages
    ]
    assert [EXERCISE in sheet for sheet in printed] == [True] * len(printed)
    assert "-1.62" in printed[0]
    whole = " ".join(printed)
    assert "August 2025" in whole, "the older chain"
    assert "Back to the map" not in whole


def test_a_stick_will_do(opened: Opened, site: Path) -> None:
    """From a folder, without any server: pages, months, and the moving map."""
    tab = opened(PHONE, at=site.as_uri() + "/")
    page = tab.open("index.html")
    page.wait_for_url("**/en/index.html")
    page.get_by_role("button", name="Twelve months back").click()
    expect(page.locator("#month-name")).to_have_text("October 2025")
    page.get_by_role("button", name="Zoom and move the map").click()
    expect(page.locator(".moving path.s3")).to_have_count(1)
    page.get_by_role("link", name="Republic of Karakalpakstan", exact=True).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Republic of Karakalpakstan")


MEASURED = """() => {
  const size = text => new Blob([text]).size;
  const paths = [...document.querySelectorAll("#map path")].map(one => one.getAttribute("d"));
  return [size(document.getElementById("list").outerHTML), size(paths.join(""))];
}"""


def test_the_first_view_is_light(opened: Opened) -> None:
    """All it asks for, uncompressed, below 300 KB with 129 landscapes.

    There are fewer here, so that what grows with their number is taken as many times; and all
    outlines together may have `PATH_BYTES`, however many they are.
    """
    times = 129 / SHOWN
    for language in ("en", "ru", "uz"):
        tab = opened(PHONE)
        page = tab.open(f"{language}/index.html")
        page.wait_for_load_state("networkidle")
        sizes = {Path(one.url).name: one.sizes()["responseBodySize"] for one in tab.asked}
        assert sizes.keys() == {"index.html", "stages.css", "site.css", "site.js", "map.js"}
        rows, paths = page.evaluate(MEASURED)
        assert sum(sizes.values()) - rows - paths + times * rows + PATH_BYTES < 300_000, sizes
