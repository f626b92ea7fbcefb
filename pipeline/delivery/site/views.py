"""What the pages of the site show: every text finished, in the language of the page.

Templates get one of the pages as `page`, `t(key, name=value)` for the words of the site's catalogue
and `n(key, number)` for those with a number. Texts are plain and may hold anything, so templates escape
them; only what is `Markup` is markup. Links are relative to the page that holds them.
"""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup


@dataclass(frozen=True, slots=True)
class LanguageLink:
    """The same page in another language, or the best that there is."""

    code: str
    """BCP 47, such as ``uz``."""
    name: str
    """As its speakers write it."""
    href: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class NavLink:
    """One page of the menu."""

    key: str
    """``map``, ``alerts``, ``bulletins`` or ``data``."""
    text: str
    href: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class Frame:
    """What surrounds every page."""

    language: str
    """Of the page, for ``<html lang>``."""
    title: str
    """For ``<title>``; it says an exercise itself."""
    root: str
    """The way to the site's root, such as ``../../``; empty at the root."""
    languages: tuple[LanguageLink, ...]
    nav: tuple[NavLink, ...]
    is_public: bool
    cautions: tuple[str, ...]
    """Said at the head and at the foot of every page, gravest first: an exercise; thresholds that are
    no law; a wording that nobody has checked. Often several, may be none."""
    is_exercise: bool
    kind_note: str
    """What this build shows: an internal working page, or what was issued to the public."""
    made: str
    """When, and by which software."""
    made_at: str
    """ISO 8601, for ``<time datetime>``."""


@dataclass(frozen=True, slots=True)
class MonthName:
    code: str
    """``2026-10``."""
    text: str


@dataclass(frozen=True, slots=True)
class Named:
    """A name from outside: a landscape's, or a plan's word."""

    text: str
    language: str = ""
    """Where it is not the page's; else empty."""


@dataclass(frozen=True, slots=True)
class StageCell:
    """The stage of one drought type."""

    type_code: str
    """``meteorological``, ``agricultural`` or ``hydrological``."""
    type_name: str
    rank: int | None
    """0 for none; None where it is not known, or there are no such stages."""
    name: Named
    """In quotes where it is the plan's word: “severe”; or "no stage", "not known"."""
    since: str
    """"since May 2026"; empty where nothing stands."""
    remark: str
    """That it is not confirmed, and for how long; mostly empty."""
    css: str
    """Classes of its colour: ``s0`` to ``s5``, ``sx`` where not known; and ``u`` if not confirmed."""


@dataclass(frozen=True, slots=True)
class LandscapeRow:
    """One landscape in the list beside the map."""

    number: int
    """Its place in the data files and, as ``id="l<number>"``, on the map."""
    name: Named
    other_names: str
    """In the other languages, parted by commas: for search."""
    href: str
    hreflang: str
    """The language of the page behind the link; differs from this page's where there is none."""
    country_code: str
    country: str
    land_use: str
    stages: tuple[StageCell, ...]
    """One for each drought type, in the order of `MapPage.types`."""
    gravest: StageCell


@dataclass(frozen=True, slots=True)
class MapShape:
    """One landscape drawn."""

    number: int
    path: str
    """SVG path data; fill it by the even-odd rule."""
    href: str
    css: str
    """As `StageCell.css`, of the gravest stage of any type."""


@dataclass(frozen=True, slots=True)
class MapPicture:
    """The map drawn first; the script reads its paths from the page."""

    view_box: str
    west: float
    """Longitude at x = 0; longitude = west + x / scale."""
    north: float
    """Mercator ordinate at y = 0 in degrees; latitude = gd(north - y / scale), gd the Gudermannian."""
    scale: float
    """Map units for a degree of longitude."""
    shapes: tuple[MapShape, ...]
    described: str
    """The map in a sentence, for who does not see it."""


@dataclass(frozen=True, slots=True)
class LegendEntry:
    css: str
    rank: str
    """Before the names; empty where there is none."""
    names: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class TypeChoice:
    """What the map may show."""

    code: str
    """A drought type, or ``any``: the gravest of all."""
    name: str
    legend: tuple[LegendEntry, ...]


@dataclass(frozen=True, slots=True)
class CountryRows:
    code: str
    name: str
    situation: str
    """How many landscapes are in which stage, in one line."""
    rows: tuple[LandscapeRow, ...]


@dataclass(frozen=True, slots=True)
class Withheld:
    """Countries of which the public site shows nothing for one reason."""

    countries: str
    why: str


@dataclass(frozen=True, slots=True)
class MapPage:
    """``<lang>/index.html``."""

    frame: Frame
    month: MonthName
    """The newest with stages."""
    fresh: str
    """How far the data go, and when the page was made; empty where no values are open."""
    years: tuple[int, ...]
    """Years with a file ``data/stages-<year>.js``, oldest first."""
    types: tuple[TypeChoice, ...]
    """``any`` first."""
    map: MapPicture
    countries: tuple[CountryRows, ...]
    warnings: tuple[str, ...]
    """What is late, not confirmed, or waits for an answer."""
    withheld: tuple[Withheld, ...]
    feeds: tuple[Download, ...]
    """RSS; empty where there is none."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a list in two levels."""

    text: str
    level: int
    """0, or 1 for what belongs to the line before it, 2 for what belongs to that."""


@dataclass(frozen=True, slots=True)
class Fact:
    label: str
    text: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class ValueRow:
    """The newest value of one measure against one rule of the plan."""

    stage: str
    css: str
    measure: str
    value: str
    """With its unit; or why there is none."""
    enter: str
    """At what value the stage begins, and for how many months."""
    exit: str


@dataclass(frozen=True, slots=True)
class Chart:
    """The history of one index, with the stages below it."""

    svg: Markup
    """One ``svg`` element with ``role="img"``; its colours are classes ``s0`` to ``s5``, ``bar``,
    ``dry``, ``wet``, ``axis``, ``limit``."""
    title: str
    described: str


@dataclass(frozen=True, slots=True)
class StageView:
    """One drought type on a landscape's page."""

    cell: StageCell
    happened: tuple[str, ...]
    """The last change: what, when, since when."""
    reasons: tuple[Line, ...]
    """Why, from the evidence stored with that change."""
    values: tuple[ValueRow, ...]
    """The newest values beside the plan's thresholds."""
    values_month: str
    ends: tuple[str, ...]
    """What would end the stage, or begin one."""
    actions: tuple[str, ...]
    """Proposed for consideration."""
    chart: Chart | None


@dataclass(frozen=True, slots=True)
class HistoryCell:
    text: str
    css: str = ""


@dataclass(frozen=True, slots=True)
class HistoryTable:
    """The charts as text: the last 24 months, newest first."""

    headings: tuple[str, ...]
    rows: tuple[tuple[HistoryCell, ...], ...]
    """The first cell is the month."""


@dataclass(frozen=True, slots=True)
class AlertView:
    """One alert and its evidence."""

    anchor: str
    """``alert-17``."""
    subject: str
    """One line: where, which drought, what changed, when."""
    month: str
    to_css: str
    state: str
    """``approved``, ``refused``, ``pending`` or ``expired``."""
    state_text: str
    """The state in words, with who answered and when."""
    happened: tuple[str, ...]
    reasons: tuple[Line, ...]
    """Empty for all but the newest: `drought explain` has them all."""
    href: str
    """The landscape's page at this alert; empty on that page itself."""
    cap_href: str
    """Its CAP message; empty where there is none to be shown."""


@dataclass(frozen=True, slots=True)
class ChainView:
    """The alerts of one drought of a landscape from its beginning, newest first."""

    drought: str
    is_open: bool
    """Whether the last of them left a stage standing."""
    alerts: tuple[AlertView, ...]


@dataclass(frozen=True, slots=True)
class Download:
    href: str
    text: str
    size: str
    """"24 KB"."""
    format: str
    """``CSV``, ``PDF``, …"""


@dataclass(frozen=True, slots=True)
class PlanView:
    """The plan behind the stages."""

    country: str
    title: str
    named: str
    status: tuple[str, ...]
    """Whether anyone has adopted it."""
    office: str
    """Who may issue."""
    sources: tuple[str, ...]
    """Where the numbers come from, each source once."""


@dataclass(frozen=True, slots=True)
class LandscapePage:
    """``<lang>/landscape/<slug>.html``."""

    frame: Frame
    name: str
    country: str
    month: MonthName
    facts: tuple[Fact, ...]
    """Land use, salt, area, aridity, headwater, other names."""
    stages: tuple[StageView, ...]
    history: HistoryTable
    chains: tuple[ChainView, ...]
    """Newest first."""
    plan: PlanView | None
    """None where no plan is in force."""
    downloads: tuple[Download, ...]
    bulletins: tuple[Download, ...]
    """Of its country, newest month."""
    map_href: str


@dataclass(frozen=True, slots=True)
class AlertsPage:
    """``<lang>/alerts.html``: the newest alerts of all landscapes."""

    frame: Frame
    alerts: tuple[AlertView, ...]
    is_cut: bool
    """Whether older ones are left to the pages of the landscapes."""
    pending: int


@dataclass(frozen=True, slots=True)
class BulletinFile:
    place: str
    """The country, or the region."""
    language: str
    files: tuple[Download, ...]
    standing: str
    """"No. 14 of 3 August 2021", or "working paper, not issued"."""


@dataclass(frozen=True, slots=True)
class BulletinMonth:
    month: MonthName
    bulletins: tuple[BulletinFile, ...]


@dataclass(frozen=True, slots=True)
class BulletinsPage:
    """``<lang>/bulletins.html``."""

    frame: Frame
    months: tuple[BulletinMonth, ...]
    """Newest first."""


@dataclass(frozen=True, slots=True)
class FreshnessRow:
    country: str
    source: str
    newest: str
    release: str
    landscapes: str
    """"129 of 129"."""
    late: str
    """Empty where nothing is late."""


@dataclass(frozen=True, slots=True)
class Term:
    """A word and what it means here."""

    word: str
    meaning: str


@dataclass(frozen=True, slots=True)
class CountryDownloads:
    country: str
    files: tuple[Download, ...]


@dataclass(frozen=True, slots=True)
class DataPage:
    """``<lang>/data.html``: freshness, downloads, method, boundaries, the words."""

    frame: Frame
    freshness: tuple[FreshnessRow, ...]
    """Empty in the public build."""
    late: tuple[str, ...]
    attributions: tuple[str, ...]
    """Whose data these are."""
    downloads: tuple[CountryDownloads, ...]
    plans: tuple[PlanView, ...]
    terms: tuple[Term, ...]
    withheld: tuple[Withheld, ...]
    feeds: tuple[Download, ...]
    """RSS; empty where there is none."""


@dataclass(frozen=True, slots=True)
class NothingPage:
    """``<lang>/index.html`` of a public site that has nothing to show."""

    frame: Frame
    withheld: tuple[Withheld, ...]
    feeds: tuple[Download, ...]
    """RSS; empty where there is none."""


@dataclass(frozen=True, slots=True)
class DoorPage:
    """``index.html``: the choice of a language. Its script opens the reader's."""

    title: str
    languages: tuple[LanguageLink, ...]
    cautions: tuple[str, ...]


Page = MapPage | LandscapePage | AlertsPage | BulletinsPage | DataPage | NothingPage
