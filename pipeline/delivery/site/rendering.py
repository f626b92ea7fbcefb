"""Pages from templates: everything is escaped, and a name that is missing is an error."""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from pipeline.delivery.site.speech import Speech
from pipeline.delivery.site.views import (
    AlertsPage,
    BulletinsPage,
    DataPage,
    DoorPage,
    LandscapePage,
    MapPage,
    NothingPage,
    Page,
)

_TEMPLATES = {
    MapPage: "map.html.j2",
    LandscapePage: "landscape.html.j2",
    AlertsPage: "alerts.html.j2",
    BulletinsPage: "bulletins.html.j2",
    DataPage: "data.html.j2",
    NothingPage: "nothing.html.j2",
    DoorPage: "door.html.j2",
}


def rendered(page: Page | DoorPage, said: Speech) -> bytes:
    """Return a page as HTML, in the language of `said`.

    Raises:
        KeyError: the template asks for a text that the catalogue has not.
    """
    template = _environment().get_template(_TEMPLATES[type(page)])
    values: dict[str, Any] = {"page": page, "t": said.say, "n": _counted(said)}
    return template.render(values).encode()


def _counted(said: Speech) -> Any:  # noqa: ANN401 - templates know no types
    return lambda key, number: said.counted[key](number)


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("pipeline.delivery.site", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_no_none,
    )


def _no_none(value: object) -> object:
    """Refuse to print None, which a reader would take for a word.

    Raises:
        ValueError: it is None.
    """
    if value is None:
        raise ValueError("site: a template prints None; it has to ask for what may be missing")
    return value if isinstance(value, str | Markup | int | float) else str(value)
