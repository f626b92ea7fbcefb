"""What of the site may be public: adopted plans on real data, and stages as approved alerts told them.

Whether it may is for `alerts.public` to say; here it is only asked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import Connection

from pipeline.alerts.facts import AlertFacts, Approval
from pipeline.alerts.public import Withheld, withheld_because
from pipeline.core.errors import InputError
from pipeline.core.ids import Country, DroughtType, Origin
from pipeline.core.months import Month, months_between
from pipeline.delivery.feed import PublicMessage
from pipeline.delivery.site.facts import (
    BulletinOnDisk,
    Newest,
    SiteFacts,
    StageAt,
    StageHistory,
    StageNow,
    Standing,
    Told,
    months_of,
)
from pipeline.delivery.site.speech import built_languages
from pipeline.plans.conditions import NO_STAGE
from pipeline.plans.timetable import Timetable
from pipeline.steps.feed import feed_files, public_messages
from pipeline.steps.installation import ENGINE, Installation
from pipeline.steps.site_bulletins import bulletins_on_disk, issued_unchanged
from pipeline.steps.site_facts import TOLD_MONTHS, Shown, read_shown, spoken, unchecked
from pipeline.warehouse.alerts import read_alerts
from pipeline.warehouse.landscapes import read_landscapes
from pipeline.warehouse.outcomes import read_identity
from pipeline.warehouse.plans import read_plans
from pipeline.warehouse.site import read_answers
from pipeline.warehouse.status import read_newest_stage_month

_EVER = Month(1, 1)


def public_facts(
    installation: Installation, connection: Connection, *, accepts_unchecked: bool
) -> SiteFacts:
    """Return what there is to show to the public; often nothing but why.

    Raises:
        InputError: the data are simulated: there is no public site of them.
    """
    origin = read_identity(connection).origin
    if origin is Origin.SIMULATED:
        raise InputError(
            "publish --public: expected real data, got simulated ones; an exercise is never public. "
            "`drought publish` alone makes the site for inside"
        )
    month = read_newest_stage_month(connection)
    withheld = _withheld(installation, connection, origin, month)
    open_countries = [one for one, why in withheld.items() if why is None]
    messages = public_messages(connection)
    nothing = _nothing(installation, origin, withheld, messages, accepts_unchecked)
    if month is None or not open_countries:
        return nothing
    shown = read_shown(installation, connection, month, open_countries)
    marked = unchecked(shown)
    speaks = built_languages(spoken(shown, month), marked, accepts_unchecked=accepts_unchecked)
    if not speaks:
        why = dict.fromkeys(open_countries, Withheld.WORDS_UNCHECKED)
        return replace(nothing, withheld={**nothing.withheld, **why})
    begun = replace(nothing, month=month, languages=speaks, unchecked=marked)
    return _filled(installation, connection, begun, shown, messages)


def _withheld(
    installation: Installation, connection: Connection, origin: Origin | None, month: Month | None
) -> dict[Country, Withheld | None]:
    """Return for each country with landscapes why nothing of it may be public; None: it may."""
    authority, plans = installation.settings.authority, read_plans(connection)
    countries = sorted({one.landscape.country for one in read_landscapes(connection)})
    return {one: _why(plans.get(one), origin, month, authority) for one in countries}


def _why(
    plans: Timetable | None, origin: Origin | None, month: Month | None, authority: str | None
) -> Withheld | None:
    if month is None:
        return Withheld.NO_DATA
    plan = None if plans is None else plans.in_force(month)
    if plan is None:
        return Withheld.THRESHOLDS_NOT_ADOPTED
    return withheld_because(plan, origin, authority)


def _nothing(
    installation: Installation,
    origin: Origin | None,
    withheld: Mapping[Country, Withheld | None],
    messages: Sequence[PublicMessage],
    accepts_unchecked: bool,
) -> SiteFacts:
    """Return a build without pages of landscapes.

    Messages that left as public ones stand in its feed all the same: what ends or takes back one of
    them must not vanish because the plan in force, or the authority, is another now.
    """
    return SiteFacts(
        is_public=True,
        origin=origin,
        made_at=installation.clock(),
        software=ENGINE,
        month=None,
        calibration=str(installation.settings.calibration),
        languages=built_languages(frozenset(), frozenset(), accepts_unchecked=accepts_unchecked),
        unchecked=frozenset(),
        landscapes=(),
        plans={},
        now={},
        months=(),
        history={},
        changes={},
        told=(),
        indices={},
        newest=Newest(),
        freshness=(),
        late=(),
        withheld={country: why for country, why in withheld.items() if why is not None},
        bulletins=(),
        feed=_feed(messages, installation),
    )


def _filled(
    installation: Installation,
    connection: Connection,
    begun: SiteFacts,
    shown: Shown,
    messages: Sequence[PublicMessage],
) -> SiteFacts:
    """Return a build that has a month and languages with all that there is to show."""
    month = begun.month
    assert month is not None  # noqa: S101 - it has one
    names = {one.landscape_id for one in shown.landscapes}
    told = _told(connection, (one for one in messages if one.landscape_id in names))
    alerts = [one.facts for one in told]
    history = _quiet_before(shown, told_stages(alerts, month), month)
    return replace(
        begun,
        landscapes=shown.landscapes,
        plans=shown.plans,
        now={**_quiet_now(shown, month), **stages_now(alerts)},
        months=months_of(history.values(), month),
        history=history,
        changes={(one.landscape_id, one.drought_type): one for one in alerts[::-1]},
        told=tuple(one for one in told if one.facts.month >= month - TOLD_MONTHS),
        indices=shown.indices,
        newest=shown.newest,
        bulletins=tuple(_bulletins(installation, connection, begun, [*shown.plans])),
    )


def _feed(messages: Sequence[PublicMessage], installation: Installation) -> Mapping[str, bytes]:
    """Return messages by path, and the feeds where it is known at what address they will be seen."""
    url = installation.settings.site_url
    if url is None:
        return {one.path: one.body for one in messages}
    return feed_files(messages, site_url=url, now=installation.clock())


def _told(connection: Connection, messages: Iterable[PublicMessage]) -> list[Told]:
    """Return the alerts behind public messages, newest first; offices are told, not names."""
    paths = {one.alert_id: one.path for one in messages}
    facts = {one.alert_id: one for one in read_alerts(connection, sorted(paths))}
    return [
        Told(facts[one.alert_id], one.state, _without_name(one.approval), paths[one.alert_id])
        for one in read_answers(connection, _EVER)
        if one.alert_id in paths and one.state == "approved"
    ]


def _without_name(approval: Approval | None) -> Approval | None:
    return None if approval is None else replace(approval, name="")


def told_stages(alerts: Iterable[AlertFacts], newest: Month) -> dict[Standing, StageHistory]:
    """Return the stages as alerts told them: each stands from its month until the next one's.

    What was never told is absent. Of several alerts of one month the last decision counts.

    Args:
        alerts: those that are public.
        newest: the month up to which the last stage told stands.
    """
    return {key: dict(_spread(found, newest)) for key, found in _by_standing(alerts).items()}


def stages_now(alerts: Iterable[AlertFacts]) -> dict[Standing, StageNow]:
    """Return the stages that the last alerts told."""
    return {key: _now(found) for key, found in _by_standing(alerts).items()}


def _by_standing(alerts: Iterable[AlertFacts]) -> dict[Standing, dict[Month, AlertFacts]]:
    found: dict[Standing, dict[Month, AlertFacts]] = defaultdict(dict)
    for one in sorted(alerts, key=lambda one: (one.month, one.alert_id)):
        found[one.landscape_id, one.drought_type][one.month] = one
    return found


def _quiet_now(shown: Shown, month: Month) -> dict[Standing, StageNow]:
    """Return that no alert is in force, for every ladder of every landscape."""
    return {
        (land.landscape_id, drought_type): StageNow(NO_STAGE, 0, month, True, 0)
        for land in shown.landscapes
        for drought_type in _ladders(shown, land.country, month)
    }


def _quiet_before(
    shown: Shown, told: Mapping[Standing, StageHistory], month: Month
) -> dict[Standing, StageHistory]:
    """Return `told` with no alert in force where none was, since the first one of the country."""
    countries = {land.landscape_id: land.country for land in shown.landscapes}
    begun = dict.fromkeys(countries.values(), month)
    for (landscape_id, _), history in told.items():
        country = countries[landscape_id]
        begun[country] = min(begun[country], *history)
    return {
        (land.landscape_id, drought_type): {
            **dict.fromkeys(months_between(begun[land.country], month), StageAt(NO_STAGE, 0)),
            **told.get((land.landscape_id, drought_type), {}),
        }
        for land in shown.landscapes
        for drought_type in _ladders(shown, land.country, month)
    }


def _ladders(shown: Shown, country: Country, month: Month) -> Iterable[DroughtType]:
    plan = shown.plans[country].in_force(month)
    return () if plan is None else plan.ladders


def _spread(alerts: Mapping[Month, AlertFacts], newest: Month) -> Iterator[tuple[Month, StageAt]]:
    turns = [*alerts, newest + 1]
    for number, one in enumerate(alerts.values()):
        at = StageAt(one.to_stage, _rank(one), one.evidence.is_confirmed or _rank(one) == 0)
        for month in months_between(turns[number], turns[number + 1] - 1):
            yield month, at


def _now(alerts: Mapping[Month, AlertFacts]) -> StageNow:
    last = list(alerts.values())[-1]
    record = last.evidence
    rank = _rank(last)
    return StageNow(
        last.to_stage, rank, Month.parse(record.since), record.is_confirmed or rank == 0,
        record.silent_months,
    )  # fmt: skip


def _rank(facts: AlertFacts) -> int:
    return facts.plan.ladders[facts.drought_type].rank(facts.to_stage)


def _bulletins(
    installation: Installation,
    connection: Connection,
    nothing: SiteFacts,
    countries: Sequence[Country],
) -> Iterator[BulletinOnDisk]:
    """Yield issued bulletins of public countries; of the region, where every country is public."""
    scopes: set[Country | None] = {*countries} if nothing.withheld else {*countries, None}
    found = bulletins_on_disk(installation.settings.bulletins, connection)
    wanted = (one for one in found if one.scope in scopes)
    yield from issued_unchanged(wanted, connection)
