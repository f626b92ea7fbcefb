"""Adopting a plan: what the dry run says, and that it is what happens then."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import Engine

from pipeline.alerts.facts import Change
from pipeline.core.errors import InputError
from pipeline.core.ids import Country, DroughtType
from pipeline.core.months import Month
from pipeline.plans.document import Plan
from pipeline.plans.shipped import shipped_plans
from pipeline.steps.adoption import Dropped, Shift, Standing, Told, dry_run, in_force
from pipeline.steps.evaluate import evaluate
from pipeline.steps.golive import golive
from pipeline.steps.installation import Installation
from pipeline.steps.plan_documents import named_plan, read_plan_file
from pipeline.steps.plans import load_plan
from tests.integration.little_world import landscape, say_spi_3, settle, told

pytestmark = pytest.mark.postgres

MARCH, APRIL = Month(2021, 3), Month(2021, 4)
METEOROLOGICAL = DroughtType.METEOROLOGICAL
READY_SET = Path(__file__).parents[1] / "unit" / "plans" / "documents" / "ready_set.yaml"


@pytest.fixture
def world(warehouse: Engine, installation: Installation) -> Engine:
    """Two districts: A in a watch that was told, B as good as dry in February."""
    settle(warehouse, [landscape("A"), landscape("B")])
    say_spi_3(warehouse, {"A": [0.2, -0.9, -1.2], "B": [0.5, -0.7, 0.4]})
    golive(installation, APRIL)
    say_spi_3(warehouse, {"A": [-1.2], "B": [0.5]}, first=APRIL)
    evaluate(installation)
    return warehouse


def agency_plan(folder: Path, edit: Callable[[dict[str, Any]], object] = lambda body: None) -> Path:
    """The shipped plan as an agency's own from March on: yellow at -0.5 and red at -1.2."""
    (shipped,) = (plan for plan in shipped_plans() if plan.country is Country.UZBEKISTAN)
    body = shipped.as_json() | {"plan_id": "uz-agency", "version": "1", "effective_from": "2021-03"}
    del body["supersedes"]
    yellow, red = body["ladders"]["meteorological"][:2]
    yellow |= {"stage": "yellow"}
    red |= {"stage": "red"}
    yellow["rules"][0]["enter_at"], red["rules"][0]["enter_at"] = -0.5, -1.2
    body["ladders"]["meteorological"] = [yellow, red]
    edit(body)
    path = folder / f"{body['plan_id']}-{body['version']}.yaml"
    path.write_text(yaml.safe_dump(body, allow_unicode=True), encoding="utf-8")
    return path


def shipped(installation: Installation) -> Plan:
    with installation.warehouse.connect() as connection:
        return named_plan(connection, "uz-generic")


def everything(warehouse: Engine) -> list[list[tuple[object, ...]]]:
    tables = (
        "plan.document",
        "plan.stage_month",
        "alert.transition",
        "alert.message",
        "ops.outcome",
    )
    return [told(warehouse, f"SELECT * FROM {table} ORDER BY 1, 2, 3") for table in tables]  # noqa: S608


class TestTheDryRun:
    def test_it_says_what_would_stand_elsewhere_and_what_would_be_told(
        self, world: Engine, installation: Installation, tmp_path: Path
    ) -> None:
        tried = dry_run(installation, read_plan_file(agency_plan(tmp_path)))
        named = f"uz-generic version {shipped(installation).version}"
        assert (tried.before, tried.after) == (named, "uz-agency version 1")
        assert (tried.first, tried.tried_from, tried.newest) == (MARCH, MARCH, APRIL)
        # Two landscapes, three ladders, two months.
        assert (tried.landscapes, tried.landscape_months) == (2, 12)
        assert tried.shifts == [Shift(METEOROLOGICAL, "watch", "red", 1, 2, MARCH, APRIL)]
        assert tried.standing == [
            Standing("A", "District A", METEOROLOGICAL, APRIL, "watch", "red")
        ]
        assert tried.told == [Told("A", METEOROLOGICAL, MARCH, Change.CORRECTED, "watch", "red")]
        assert (tried.dropped, tried.obstacle) == ([], None)

    def test_it_writes_nothing_and_is_what_happens_then(
        self, world: Engine, installation: Installation, tmp_path: Path
    ) -> None:
        path = agency_plan(tmp_path)
        before = everything(world)
        tried = dry_run(installation, read_plan_file(path))
        assert everything(world) == before
        alerts = (
            "SELECT landscape_id, drought_type, to_char(month, 'YYYY-MM'), change, from_stage, "
        )
        alerts += "to_stage FROM mart.alert ORDER BY alert_id"
        known = told(world, alerts)
        load_plan(installation, path)
        assert evaluate(installation).told == len(tried.told)
        assert told(world, alerts)[len(known) :] == [
            (one.landscape_id, one.drought_type, str(one.month), one.change, one.from_stage, one.to_stage)
            for one in tried.told
        ]  # fmt: skip

    def test_an_earlier_month_shows_what_it_would_have_done_there(
        self, world: Engine, installation: Installation, tmp_path: Path
    ) -> None:
        tried = dry_run(installation, read_plan_file(agency_plan(tmp_path)), first=Month(2021, 2))
        assert [(s.was, s.now, s.landscapes, s.months) for s in tried.shifts] == [
            ("none", "yellow", 2, 2),
            ("watch", "red", 1, 2),
        ]

    def test_of_a_month_to_come_it_says_what_would_stand_in_the_newest(
        self, world: Engine, installation: Installation, tmp_path: Path
    ) -> None:
        tried = dry_run(installation, read_plan_file(agency_plan(tmp_path)), first=Month(2027, 1))
        assert (tried.first, tried.tried_from) == (Month(2027, 1), APRIL)
        assert [(one.landscape_id, one.was, one.now) for one in tried.standing] == [
            ("A", "watch", "red")
        ]
        assert tried.told == []

    def test_a_ladder_that_is_dropped_is_named_with_its_droughts(
        self, world: Engine, installation: Installation, tmp_path: Path
    ) -> None:
        path = agency_plan(tmp_path, lambda body: body["ladders"].pop("meteorological"))
        tried = dry_run(installation, read_plan_file(path))
        assert tried.dropped == [Dropped(METEOROLOGICAL, ["A"])]
        assert [(one.was, one.now) for one in tried.standing] == [("watch", "none")]

    def test_the_same_plan_changes_nothing(self, world: Engine, installation: Installation) -> None:
        # A month that waits to be evaluated: its alert comes with this plan or another.
        say_spi_3(world, {"A": [-1.1], "B": [-1.6]}, first=Month(2021, 5))
        ruling = shipped(installation)
        tried = dry_run(installation, ruling, ruling)
        assert tried.newest == Month(2021, 5)
        assert (tried.shifts, tried.standing, tried.told) == ([], [], [])

    def test_two_documents_are_compared_with_each_other(
        self, world: Engine, installation: Installation, tmp_path: Path
    ) -> None:
        def stricter(body: dict[str, Any]) -> None:
            body |= {"version": "2", "supersedes": "1"}
            body["ladders"]["meteorological"][1]["rules"][0]["enter_at"] = -1.3

        one, other = (read_plan_file(agency_plan(tmp_path, e)) for e in (lambda b: None, stricter))
        tried = dry_run(installation, other, one)
        assert tried.before == "uz-agency version 1"
        assert [(s.was, s.now, s.months) for s in tried.shifts] == [("red", "yellow", 2)]

    def test_a_plan_that_is_in_force_is_compared_with_the_one_before(
        self, world: Engine, installation: Installation, tmp_path: Path
    ) -> None:
        load_plan(installation, agency_plan(tmp_path))
        with world.connect() as connection:
            plan = named_plan(connection, "uz-agency@1")
            before = in_force(connection, plan, None)
        assert before is not None
        assert before.plan_id == "uz-generic"
        assert dry_run(installation, plan).before == f"uz-generic version {before.version}"

    def test_a_country_without_landscapes_has_nothing_to_try(
        self, world: Engine, installation: Installation
    ) -> None:
        (kyrgyz,) = (plan for plan in shipped_plans() if plan.country is Country.KYRGYZSTAN)
        with pytest.raises(InputError, match="expected landscapes of KG with indices, got none"):
            dry_run(installation, kyrgyz)

    def test_plans_of_two_countries_are_not_compared(
        self, world: Engine, installation: Installation
    ) -> None:
        (kyrgyz,) = (plan for plan in shipped_plans() if plan.country is Country.KYRGYZSTAN)
        with pytest.raises(InputError, match="two plans of one country, got KG and UZ"):
            dry_run(installation, shipped(installation), kyrgyz)


class TestWhatCannotBeLoaded:
    def test_two_versions_at_once_are_refused_by_both_in_the_same_words(
        self, world: Engine, installation: Installation, tmp_path: Path
    ) -> None:
        load_plan(installation, agency_plan(tmp_path))
        path = agency_plan(tmp_path, lambda body: body.update(version="2"))
        tried = dry_run(installation, read_plan_file(path), where=str(path))
        with pytest.raises(InputError) as refusal:
            load_plan(installation, path)
        assert tried.obstacle == str(refusal.value)
        assert str(refusal.value).startswith(
            f"{path}: plan uz-agency version 2 (from 2021-03) and the warehouse: plan uz-agency "
            "version 1 (from 2021-03) would both be in force in UZ in 2021-03; expected one; write "
            "'supersedes: \"1\"' into the newer one"
        )

    def test_two_versions_that_replace_the_shipped_one_are_two_at_once(
        self, world: Engine, installation: Installation, tmp_path: Path
    ) -> None:
        replaced = shipped(installation)
        own = {"plan_id": replaced.plan_id, "supersedes": replaced.version}
        load_plan(installation, agency_plan(tmp_path, lambda b: b.update(own, version="own-1")))
        other = agency_plan(tmp_path, lambda b: b.update(own, version="own-2"))
        with pytest.raises(InputError, match=r"version own-1 .* would both be in force in UZ"):
            load_plan(installation, other)

    def test_a_version_that_replaces_the_one_before_is_loaded(
        self, world: Engine, installation: Installation, tmp_path: Path
    ) -> None:
        load_plan(installation, agency_plan(tmp_path))
        path = agency_plan(tmp_path, lambda body: body.update(version="2", supersedes="1"))
        assert load_plan(installation, path)[1]
        assert not load_plan(installation, path)[1]

    def test_a_forecast_is_reserved(self, world: Engine, installation: Installation) -> None:
        with pytest.raises(InputError, match="a rule hears a forecast, which is reserved"):
            load_plan(installation, READY_SET)
        with pytest.raises(InputError, match="only the documents were compared"):
            dry_run(installation, read_plan_file(READY_SET))

    def test_an_unknown_plan_is_answered_with_the_known_ones(
        self, world: Engine, installation: Installation
    ) -> None:
        with (
            world.connect() as connection,
            pytest.raises(InputError, match=r"uz-national@9: expected a file, .*uz-generic@"),
        ):
            named_plan(connection, "uz-national@9")
