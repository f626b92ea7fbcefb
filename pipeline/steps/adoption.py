"""A dry run of adopting a plan: what would change in stages and alerts. Nothing is written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from pipeline.alerts.facts import Change
from pipeline.core.errors import InputError
from pipeline.core.ids import Country, DroughtType
from pipeline.core.months import Month
from pipeline.plans.conditions import NO_STAGE
from pipeline.plans.document import Plan
from pipeline.plans.timetable import Loaded, Timetable, timetable
from pipeline.steps.basis import Basis, read_basis, with_headwaters
from pipeline.steps.deciding import Decided, Held, decisions, read_held
from pipeline.steps.evaluate import are_told, in_order_of_telling
from pipeline.steps.installation import Installation
from pipeline.steps.plan_documents import refuse_unfit
from pipeline.steps.progress import Advance, quietly
from pipeline.steps.records import decided_by
from pipeline.warehouse.alerts import NewTransition, read_told_chains
from pipeline.warehouse.landscapes import StoredLandscape, read_landscapes
from pipeline.warehouse.outcomes import read_identity
from pipeline.warehouse.plans import read_plans


@dataclass(frozen=True, slots=True)
class Shift:
    """Landscape-months that would have another stage."""

    drought_type: DroughtType
    was: str
    now: str
    landscapes: int
    months: int
    """Of all these landscapes together."""
    first: Month
    last: Month


@dataclass(frozen=True, slots=True)
class Standing:
    """A landscape that would stand elsewhere in the newest month."""

    landscape_id: str
    name: str
    drought_type: DroughtType
    month: Month
    was: str
    now: str


@dataclass(frozen=True, slots=True)
class Told:
    """An alert that would wait for approval after the next evaluation."""

    landscape_id: str
    drought_type: DroughtType
    month: Month
    change: Change
    from_stage: str
    to_stage: str


@dataclass(frozen=True, slots=True)
class Dropped:
    """A drought type that the new plan has no stages for."""

    drought_type: DroughtType
    under_way: Sequence[str]
    """Ids of landscapes in which a drought stands, which would end."""


@dataclass(frozen=True, slots=True)
class Adoption:
    """What would change if a plan were put in force."""

    country: Country
    before: str | None
    """Name of the plan that rules without it; None: none does."""
    after: str
    first: Month
    """The month it would be in force from."""
    tried_from: Month
    """The month it was tried from: earlier where no month since `first` has stages yet."""
    newest: Month
    landscapes: int
    landscape_months: int
    """Of all ladders, from `tried_from` on."""
    shifts: Sequence[Shift]
    standing: Sequence[Standing]
    told: Sequence[Told]
    """Only those that would not be told without the new plan."""
    dropped: Sequence[Dropped]
    obstacle: str | None
    """Why the plan cannot be loaded as it is."""


def dry_run(
    installation: Installation,
    after: Plan,
    before: Plan | None = None,
    *,
    first: Month | None = None,
    where: str = "the plan",
    advance: Advance = quietly,
) -> Adoption:
    """Return what would change in stages and alerts if `after` were put in force.

    Args:
        installation: where.
        after: the plan to try.
        before: the plan it is compared with; None: what is in force without it.
        first: the month from which on; None: the one that the plan says.
        where: the file of `after`, for errors.
        advance: told of the progress.

    Raises:
        InputError: the country has no landscapes with indices, the plans are for two countries, or
            the plan hears a forecast.
    """
    if before is not None and before.country is not after.country:
        raise InputError(
            f"plans diff: expected two plans of one country, got {before.country} and "
            f"{after.country}; choose others"
        )
    if after.hears_forecast or (before is not None and before.hears_forecast):
        raise InputError(
            "plans diff: a rule hears a forecast, which nothing reads yet: stages cannot be tried; "
            "only the documents were compared"
        )
    with installation.warehouse.connect().execution_options(
        isolation_level="REPEATABLE READ", postgresql_readonly=True
    ) as connection:
        trial = _Trial.of(installation, connection, after, before, first or after.effective_from)
        return trial.outcome(connection, where, advance)


def in_force(connection: Connection, plan: Plan, first: Month | None) -> Plan | None:
    """Return the plan that rules the country of `plan`, from `first` on, without that version."""
    known = read_plans(connection).get(plan.country)
    if known is None:
        return None
    return timetable(_others(known, plan)).in_force(first or plan.effective_from)


@dataclass(frozen=True, slots=True)
class _Trial:
    """The stages of one country under two timetables, with one basis."""

    after: Plan
    first: Month
    tried_from: Month
    newest: Month
    landscapes: Sequence[StoredLandscape]
    held: Held
    without: Basis
    with_it: Basis

    @classmethod
    def of(
        cls,
        installation: Installation,
        connection: Connection,
        after: Plan,
        before: Plan | None,
        first: Month,
    ) -> _Trial:
        """Read the basis, once for both."""
        known = read_landscapes(connection)
        ours = [one for one in known if one.landscape.country is after.country]
        besides = [after] if before is None else [after, before]
        basis = read_basis(
            connection,
            decided_by(connection, installation.settings),
            None,
            besides=besides,
            keys=with_headwaters(known, ours),
        )
        newest = _newest(basis, ours, after.country)
        tried_from = min(first, newest)
        now = basis.timetables[after.country]
        was = timetable(_others(now, after))
        if before is not None:
            was = _with(was, before, tried_from)
        return cls(
            after,
            first,
            tried_from,
            newest,
            ours,
            read_held(connection),
            _ruled_by(basis, ours, was),
            _ruled_by(basis, ours, _with(was if before is None else now, after, tried_from)),
        )

    def outcome(self, connection: Connection, where: str, advance: Advance) -> Adoption:
        """Decide every landscape twice, and return in what the decisions differ."""
        country = self.after.country
        shifts: dict[tuple[DroughtType, str, str], list[tuple[int, Month]]] = defaultdict(list)
        standing: list[Standing] = []
        changes: tuple[list[NewTransition], list[NewTransition]] = ([], [])
        months = 0
        for was, now in zip(
            decisions(self.without, self.held, None, quietly),
            decisions(self.with_it, self.held, None, advance),
            strict=True,
        ):
            changes[0].extend(was.changes)
            changes[1].extend(now.changes)
            months += len({(r.drought_type, r.stage.month) for r in (*was.rows, *now.rows)
                           if r.stage.month >= self.tried_from})  # fmt: skip
            for drought_type, month, old, new in _different(was, now):
                shifts[drought_type, old, new].append((was.landscape.landscape_key, month))
                if month == self.newest:
                    standing.append(_standing(was.landscape, drought_type, month, old, new))
        ruling = self.without.timetables[country].in_force(self.tried_from)
        return Adoption(
            country,
            None if ruling is None else _named(ruling),
            _named(self.after),
            self.first,
            self.tried_from,
            self.newest,
            len(self.landscapes),
            months,
            [_shift(*key, found) for key, found in sorted(shifts.items())],
            standing,
            self._told(connection, *changes) if self.tried_from == self.first else [],
            list(self._dropped(ruling)),
            self._obstacle(connection, where),
        )

    def _told(
        self,
        connection: Connection,
        without: Sequence[NewTransition],
        with_it: Sequence[NewTransition],
    ) -> list[Told]:
        live_from, chains = read_identity(connection).live_from, read_told_chains(connection)
        of_each = []
        for changes in (without, with_it):
            in_order = in_order_of_telling(changes)
            told = are_told(in_order, live_from, chains)
            of_each.append([_told(c) for c, is_told in zip(in_order, told, strict=True) if is_told])
        anyway = set(of_each[0])
        return [one for one in of_each[1] if one not in anyway]

    def _dropped(self, ruling: Plan | None) -> Iterator[Dropped]:
        for drought_type in ruling.ladders if ruling is not None else ():
            if drought_type not in self.after.ladders:
                under_way = [
                    stored.landscape.landscape_id
                    for stored in self.landscapes
                    for ruled in self.without.ruled_stages(stored, drought_type)[-1:]
                    if ruled.stage.rank > 0
                ]
                yield Dropped(drought_type, under_way)

    def _obstacle(self, connection: Connection, where: str) -> str | None:
        try:
            refuse_unfit(connection, self.after, where, self.first)
        except InputError as error:
            return str(error)
        return None


def _others(known: Timetable, plan: Plan) -> list[Loaded]:
    """Return what is loaded without a version, and without those that replace it."""
    key = (plan.plan_id, plan.version)
    return [
        (first, one)
        for first, one in known.loaded
        if key not in {(one.plan_id, one.version), (one.plan_id, one.supersedes)}
    ]


def _with(known: Timetable, plan: Plan, first: Month) -> Timetable:
    loaded = [*_others(known, plan), (first, plan)]
    return timetable(sorted(loaded, key=lambda one: one[0]))


def _ruled_by(basis: Basis, ours: Sequence[StoredLandscape], plans: Timetable) -> Basis:
    country = ours[0].landscape.country
    return replace(basis, landscapes=ours, timetables={**basis.timetables, country: plans})


def _newest(basis: Basis, ours: Sequence[StoredLandscape], country: Country) -> Month:
    found = [rows[-1].month for one in ours if (rows := basis.rows.get(one.landscape_key))]
    if not found:
        raise InputError(
            f"plans diff: expected landscapes of {country} with indices, got none: only the documents "
            "were compared; run `drought compute`"
        )
    return max(found)


def _different(was: Decided, now: Decided) -> Iterator[tuple[DroughtType, Month, str, str]]:
    """Yield the months of one landscape that would have another stage, as `transitions` sees it."""
    nothing = (NO_STAGE, 0)
    before, after = (
        {(r.drought_type, r.stage.month): (r.stage.stage, r.stage.rank) for r in one.rows}
        for one in (was, now)
    )
    for drought_type, month in sorted(before.keys() | after.keys()):
        old = before.get((drought_type, month), nothing)
        new = after.get((drought_type, month), nothing)
        if old[0] != new[0] and old[1] != new[1]:
            yield drought_type, month, old[0], new[0]


def _shift(
    drought_type: DroughtType, was: str, now: str, found: Sequence[tuple[int, Month]]
) -> Shift:
    months = [month for _, month in found]
    landscapes = len({key for key, _ in found})
    return Shift(drought_type, was, now, landscapes, len(found), min(months), max(months))


def _standing(
    stored: StoredLandscape, drought_type: DroughtType, month: Month, was: str, now: str
) -> Standing:
    of = stored.landscape
    return Standing(of.landscape_id, of.name_en, drought_type, month, was, now)


def _told(new: NewTransition) -> Told:
    return Told(
        new.landscape.landscape.landscape_id,
        new.drought_type,
        new.month,
        new.change,
        new.from_stage,
        new.to_stage,
    )


def _named(plan: Plan) -> str:
    return f"{plan.plan_id} version {plan.version}"
