"""Links to files: what they are, in what format, and how heavy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from babel.numbers import format_decimal

from pipeline.alerts.figures import day_in_words
from pipeline.alerts.naming import one_line
from pipeline.core.ids import Country
from pipeline.delivery.site.facts import BulletinOnDisk, LandscapeFacts, SiteFacts
from pipeline.delivery.site.frames import frame
from pipeline.delivery.site.speech import OWN_NAMES, Speech, month_name
from pipeline.delivery.site.views import (
    BulletinFile,
    BulletinMonth,
    BulletinsPage,
    CountryDownloads,
    Download,
)

FEEDS = ("feed.xml", "archive.xml")
_KB, _MB = 1_000, 1_000_000


def csv_path(land: LandscapeFacts) -> str:
    """Return where the history of a landscape lies in the site."""
    return f"data/{land.slug}.csv"


def bulletin_path(one: BulletinOnDisk) -> str:
    """Return where a file of a bulletin lies in the site."""
    return f"bulletins/{one.month}/{one.path.name}"


def landscape_download(
    land: LandscapeFacts, sizes: Mapping[str, int], said: Speech, root: str
) -> Download:
    """Return the link to the history of a landscape."""
    path = csv_path(land)
    name = one_line(land.name_in(said.language))
    text = said.say("download.csv", name=name)
    return Download(f"{root}{path}", text, size(sizes[path], said), "CSV")


def country_downloads(
    facts: SiteFacts, sizes: Mapping[str, int], said: Speech, root: str
) -> Iterator[CountryDownloads]:
    """Yield the histories of the landscapes of each country."""
    by_country: dict[Country, list[Download]] = {}
    for land in facts.landscapes:
        found = landscape_download(land, sizes, said, root)
        by_country.setdefault(land.country, []).append(found)
    for country, files in by_country.items():
        yield CountryDownloads(said.words.countries[country], tuple(files))


def feed_downloads(facts: SiteFacts, said: Speech, root: str) -> tuple[Download, ...]:
    """Return the links to the feeds of messages; none inside, or without an address of the site."""
    return tuple(
        Download(
            f"{root}{name}",
            said.texts[f"feed.{name.split('.')[0]}"],
            size(len(facts.feed[name]), said),
            "RSS",
        )
        for name in FEEDS
        if name in facts.feed
    )


def bulletin_downloads(
    facts: SiteFacts, country: Country, sizes: Mapping[str, int], said: Speech, root: str
) -> tuple[Download, ...]:
    """Return the newest bulletin of a country in the language of the page, one link a format."""
    ours = [one for one in facts.bulletins if one.scope is country]
    spoken = [one for one in ours if one.language == said.language]
    last = max((one.month for one in spoken), default=None)
    return tuple(
        _file(one, sizes, root, month_name(one.month, said).text, said)
        for one in spoken
        if one.month == last
    )


def bulletins_page(facts: SiteFacts, sizes: Mapping[str, int], said: Speech) -> BulletinsPage:
    """Return the archive, newest month first; bulletins of all languages, the page's first."""
    months = sorted({one.month for one in facts.bulletins}, reverse=True)
    views = []
    for month in months:
        of_month = [one for one in facts.bulletins if one.month == month]
        views.append(BulletinMonth(month_name(month, said), tuple(_places(of_month, sizes, said))))
    title = said.texts["bulletins.title"]
    return BulletinsPage(frame(facts, said, "bulletins", title), tuple(views))


def _places(
    of_month: list[BulletinOnDisk], sizes: Mapping[str, int], said: Speech
) -> Iterator[BulletinFile]:
    groups: dict[tuple[Country | None, str], list[BulletinOnDisk]] = {}
    for one in sorted(of_month, key=lambda one: (one.scope or "", one.language != said.language)):
        groups.setdefault((one.scope, one.language), []).append(one)
    for (scope, language), files in groups.items():
        place = said.texts["region"] if scope is None else said.words.countries[scope]
        name = OWN_NAMES.get(language, language)
        yield BulletinFile(
            f"{place}: {name}",
            language,
            tuple(_file(one, sizes, "../", name, said) for one in files),
            _standing(files[0], said),
        )


def _standing(one: BulletinOnDisk, said: Speech) -> str:
    if one.number is None or one.issued_on is None:
        return said.texts["bulletin.not_issued"]
    day = day_in_words(one.issued_on, said.words)
    return said.say("bulletin.issued", number=one.number, day=day)


def _file(
    one: BulletinOnDisk, sizes: Mapping[str, int], root: str, text: str, said: Speech
) -> Download:
    path = bulletin_path(one)
    kind = one.path.suffix.removeprefix(".").upper()
    return Download(f"{root}{path}", f"{text}, {kind}", size(sizes[path], said), kind)


def size(count: int, said: Speech) -> str:
    """Return a number of bytes as people read it."""
    is_big = count >= _MB
    number = count / (_MB if is_big else _KB)
    text = format_decimal(
        round(number, 1) if is_big else max(1, round(number)), locale=said.words.locale
    )
    return said.say("size.mb" if is_big else "size.kb", number=text)
