"""A bulletin as one HTML file that needs no other: style and map inside, no script, nothing fetched."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from pipeline.delivery.bulletin.content import KINDS, BulletinContent
from pipeline.delivery.bulletin.syllables import breakable


def as_page(bulletin: BulletinContent) -> str:
    """Return the bulletin as a page; every text is escaped, and only the map is markup."""
    drawn = "" if bulletin.map is None else Markup(bulletin.map.svg)  # noqa: S704 - drawn by us, escaped
    return _template().render(bulletin=bulletin, drawn=drawn) + "\n"


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("pipeline.delivery.bulletin"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["breakable"] = breakable
    environment.tests["kind"] = lambda block, name: KINDS[type(block)] == name
    return environment.get_template("bulletin.html.j2")
