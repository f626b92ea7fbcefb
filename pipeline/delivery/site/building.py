"""A whole build: every file of the site, by its path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable

from pipeline.delivery.outlines import outlines
from pipeline.delivery.site.alert_views import alerts_page
from pipeline.delivery.site.csv_files import README, landscape_csv, readme
from pipeline.delivery.site.data_files import data_scripts
from pipeline.delivery.site.data_page import data_page
from pipeline.delivery.site.downloads import bulletin_path, bulletins_page, csv_path
from pipeline.delivery.site.facts import SiteFacts, Told
from pipeline.delivery.site.frames import PAGES, cautions, language_links, with_exercise
from pipeline.delivery.site.landscape_page import landscape_page
from pipeline.delivery.site.map_page import map_page, nothing_page
from pipeline.delivery.site.rendering import rendered
from pipeline.delivery.site.speech import Speech, speech
from pipeline.delivery.site.standings import GRAVEST_COLOUR
from pipeline.delivery.site.views import DoorPage, Page
from pipeline.delivery.stage_colours import NOT_KNOWN, colour_of_rank

PATH_BYTES = 40_000
"""Of all outlines on the map: the first view stays below 300 KB."""
_LEAFLET = "leaflet-1.9.4"


def site_files(facts: SiteFacts) -> Iterator[tuple[str, bytes]]:
    """Yield path and content of every file that is made; bulletins are copied besides.

    Data files come first, since pages say how heavy they are.
    """
    spoken = [speech(one) for one in facts.languages]
    yield from _assets()
    yield "index.html", rendered(_door(facts), spoken[0])
    yield from facts.feed.items()
    if facts.month is None:
        for said in spoken:
            yield f"{said.language}/index.html", rendered(nothing_page(facts, said), said)
        return
    yield from data_scripts(facts, spoken).items()
    sizes = {bulletin_path(one): one.path.stat().st_size for one in facts.bulletins}
    for land in facts.landscapes:
        content = landscape_csv(facts, land)
        sizes[csv_path(land)] = len(content)
        yield csv_path(land), content
    yield README, readme(facts)
    yield from _pages(facts, spoken, sizes)


def expected_files(facts: SiteFacts) -> int:
    """Return how many files there will be, but for assets and years: for a bar of progress."""
    pages = sum(len(facts.languages_of(land.country)) + 1 for land in facts.landscapes)
    return pages + 4 * len(facts.languages) + len(facts.feed) + len(facts.bulletins)


def _pages(
    facts: SiteFacts, spoken: list[Speech], sizes: Mapping[str, int]
) -> Iterator[tuple[str, bytes]]:
    shapes = {land.landscape_id: land.geometry for land in facts.landscapes}
    drawn = outlines(shapes, most_bytes=PATH_BYTES)
    told: dict[str, list[Told]] = {}
    for one in facts.told:
        told.setdefault(one.facts.landscape_id, []).append(one)
    for said in spoken:
        pages: dict[str, Page] = {
            "map": map_page(facts, drawn, said),
            "alerts": alerts_page(facts, said),
            "bulletins": bulletins_page(facts, sizes, said),
            "data": data_page(facts, sizes, said),
        }
        for key, page in pages.items():
            yield f"{said.language}/{PAGES[key]}", rendered(page, said)
        for land in facts.landscapes:
            if said.language in facts.languages_of(land.country):
                alerts = told.get(land.landscape_id, [])
                one_page = landscape_page(facts, land, alerts, sizes, said)
                path = f"{said.language}/landscape/{land.slug}.html"
                yield path, rendered(one_page, said)


def _door(facts: SiteFacts) -> DoorPage:
    said = speech(facts.languages[0])
    title = with_exercise(said.texts["map.title"], facts, said)
    places = {one: f"{one}/index.html" for one in facts.languages}
    links = language_links(facts, said.language, "", places)
    return DoorPage(title, links, cautions(facts, said))


def _assets() -> Iterator[tuple[str, bytes]]:
    package = files("pipeline.delivery.site")
    yield from _folder(package.joinpath("assets"), "assets")
    leaflet = package.joinpath("vendored", _LEAFLET)
    for name in ("leaflet.js", "leaflet.css", "LICENSE"):
        yield f"assets/leaflet/{name}", leaflet.joinpath(name).read_bytes()
    yield "assets/stages.css", stage_css().encode()


def _folder(folder: Traversable, path: str) -> Iterator[tuple[str, bytes]]:
    for one in sorted(folder.iterdir(), key=lambda one: one.name):
        if one.is_file():
            yield f"{path}/{one.name}", one.read_bytes()


def stage_css() -> str:
    """Return the colours of stages as style sheet, for shapes and for boxes with text."""
    colours = {f"s{rank}": colour_of_rank(rank) for rank in range(GRAVEST_COLOUR + 1)}
    colours["sx"] = NOT_KNOWN
    names = "".join(f"--{css}:{one.fill};--{css}-text:{one.text};" for css, one in colours.items())
    classes = "".join(
        f".{css}{{background:{one.fill};color:{one.text};fill:{one.fill}}}\n"
        for css, one in colours.items()
    )
    return f":root{{{names}}}\n{classes}"
