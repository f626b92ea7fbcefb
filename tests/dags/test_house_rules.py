"""Every DAG obeys the house rules. No scheduler, no warehouse, no network."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.dags.conftest import ROOT, Described

# One worker asks Airflow for all of them.
pytestmark = pytest.mark.airflow

FILES = sorted((ROOT / "dags").glob("*.py"))
DAG_IDS = (
    "approve_alerts",
    "check_warehouse",
    "compute_indices",
    "deliver_alerts",
    "evaluate_plans",
    "ingest_era5_land",
    "ingest_stations",
    "publish_bulletin",
)
FETCHING = "ingest_era5_land"
TIERS = {"tier-1", "tier-2"}
STAGES = {"ingest", "compute", "decide", "approve", "deliver", "publish", "check"}
FOR_A_MONTH = (("ingest_era5_land", "ask"), ("ingest_era5_land", "collect"))
"""The tasks that are told their month."""

one_dag = pytest.mark.parametrize("dag_id", DAG_IDS)
one_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


def dag(described: Described, dag_id: str) -> dict[str, Any]:
    found: dict[str, Any] = described.facts["dags"][dag_id]
    return found


def tasks(described: Described, dag_id: str) -> list[dict[str, Any]]:
    found = list(dag(described, dag_id)["tasks"].values())
    assert found, f"{dag_id} has no task"
    return found


# --- as Airflow sees them ---------------------------------------------------------------------


def test_exactly_the_promised_dags_load(described: Described) -> None:
    assert described.facts["import_errors"] == {}
    assert tuple(sorted(described.facts["dags"])) == DAG_IDS
    assert tuple(path.stem for path in FILES) == DAG_IDS


@one_dag
def test_a_dag_stands_in_the_file_of_its_name(described: Described, dag_id: str) -> None:
    assert dag(described, dag_id)["file"] == f"{dag_id}.py"


@one_dag
def test_the_page_of_a_dag_says_what_to_do(described: Described, dag_id: str) -> None:
    doc = dag(described, dag_id)["doc"]
    assert "**If it fails:**" in doc
    assert "**To rerun" in doc


@one_dag
def test_one_run_at_a_time_and_none_for_the_past(described: Described, dag_id: str) -> None:
    # A run that waits for a person must not hold up the next month's.
    # Nor a month that the data store does not have yet one that is asked for by hand.
    several = {"approve_alerts": 100, "ingest_era5_land": 3}
    assert dag(described, dag_id)["max_active_runs"] == several.get(dag_id, 1)
    assert dag(described, dag_id)["catchup"] is False


def test_alerts_are_asked_about_by_country_and_for_as_long_as_it_takes(
    described: Described,
) -> None:
    found = dag(described, "approve_alerts")["tasks"]
    countries = {"kazakhstan", "kyrgyzstan", "tajikistan", "turkmenistan", "turkiye", "uzbekistan"}
    asking = {name.removesuffix(".ask") for name in found if name.endswith(".ask")}
    assert asking == countries
    assert set(found) == {f"{one}.{task}" for one in countries for task in ("take_up", "ask")}
    # Each try is a day, and what is answered meanwhile leaves the page with it.
    assert {found[f"{one}.ask"]["retries"] for one in countries} == {90}


@one_dag
def test_tags_are_one_tier_and_one_stage(described: Described, dag_id: str) -> None:
    tags = set(dag(described, dag_id)["tags"])
    assert len(tags) == 2
    assert len(tags & TIERS) == 1
    assert len(tags & STAGES) == 1


@one_dag
def test_a_task_is_tried_again_at_growing_intervals(described: Described, dag_id: str) -> None:
    for task in tasks(described, dag_id):
        assert task["retries"] >= 2
        assert task["backoff"] >= 2
        assert task["first_pause_seconds"] >= 60


@one_dag
def test_the_schedule_carries_a_month_never_an_interval(described: Described, dag_id: str) -> None:
    """A bare cron string means an interval of no length: February's rain would be filed in March."""
    expected = {"CronPartitionTimetable", "PartitionedAssetTimetable"}
    assert dag(described, dag_id)["timetable"] in expected


@one_dag
def test_a_pool_exists_where_one_is_named(described: Described, dag_id: str) -> None:
    """A task in a pool that does not exist is never run, with a warning only."""
    for task in tasks(described, dag_id):
        assert task["pool"] in described.facts["pools"]


def test_requests_to_the_data_store_go_one_at_a_time(described: Described) -> None:
    fetching = dag(described, "ingest_era5_land")["tasks"]
    assert {fetching[name]["pool"] for name in ("ask", "wait", "collect")} == {"cds"}


def test_tasks_that_need_one_machines_disk_go_to_the_worker_of_the_office(
    described: Described,
) -> None:
    """Letters as files, a drop folder and a backup may not come out on whichever machine was free."""
    of_office = {
        dag_id: {
            name
            for name, task in dag(described, dag_id)["tasks"].items()
            if task["queue"] == "office"
        }
        for dag_id in DAG_IDS
    }
    whole = {"check_warehouse", "deliver_alerts", "ingest_stations", "publish_bulletin"}
    assert {
        dag_id for dag_id in DAG_IDS if of_office[dag_id] == set(dag(described, dag_id)["tasks"])
    } == whole
    others = {dag_id: names for dag_id, names in of_office.items() if names and dag_id not in whole}
    assert others == {"ingest_era5_land": {"collect"}}


def test_waiting_for_the_data_store_holds_no_worker(described: Described) -> None:
    fetching = dag(described, "ingest_era5_land")["tasks"]
    assert [name for name, task in fetching.items() if task["holds_no_slot"]] == ["wait"]
    assert fetching["wait"]["waits_seconds"] >= 2 * 24 * 3600


def test_the_month_is_told_of_only_once_it_is_collected(described: Described) -> None:
    fetching = dag(described, "ingest_era5_land")["tasks"]
    assert set(fetching) == {"ask", "wait", "collect", "name_failures"}
    assert [name for name, task in fetching.items() if task["tells"]] == ["collect"]


def test_maps_that_fail_do_not_silence_stages_and_are_not_silent(described: Described) -> None:
    """Stages are woken after the maps, whatever became of them, but not without indices."""
    found = dag(described, "compute_indices")["tasks"]
    assert {name: task["after"] for name, task in found.items()} == {
        "hand_out_means": [],
        "take_means": ["hand_out_means"],
        "bring_up_to_date": ["take_means"],
        "hand_out_climate": ["bring_up_to_date"],
        "take_climate": ["hand_out_climate"],
        "climate_is_over": ["take_climate"],
        "hand_out_maps": ["bring_up_to_date", "climate_is_over"],
        "make_maps": ["hand_out_maps"],
        "maps_are_over": ["make_maps"],
        "hand_out_shares": ["bring_up_to_date", "maps_are_over"],
        "take_shares": ["hand_out_shares"],
        "shares_are_over": ["take_shares"],
        "bring_maps": ["bring_up_to_date", "shares_are_over"],
        "tell": ["bring_maps", "bring_up_to_date"],
        "name_failures": ["bring_maps"],
    }
    assert found["tell"]["tells"] == ["drought://indices"]
    # Stages wait for the retries.
    assert found["bring_maps"]["retries"] == 2
    assert found["tell"]["trigger_rule"].lower().endswith("all_done_min_one_success")
    assert found["name_failures"]["trigger_rule"].lower().endswith("all_success")


def test_blocks_only_help(described: Described) -> None:
    """What a block leaves, the step after it does, and it does not wait long for one that fails."""
    found = dag(described, "compute_indices")["tasks"]
    helping = {
        "hand_out_means",
        "take_means",
        "hand_out_climate",
        "take_climate",
        "hand_out_maps",
        "make_maps",
        "hand_out_shares",
        "take_shares",
    }
    assert {found[name]["first_pause_seconds"] for name in helping} == {60.0}
    assert {found[name]["retries"] for name in helping} == {2}
    pools = {name: task["pool"] for name, task in found.items() if task["pool"] != "default_pool"}
    assert pools == dict.fromkeys(
        ("take_means", "take_climate", "make_maps", "take_shares"), "blocks"
    )


ALL_OF_COMPUTE = {
    **{f"hand_out_{work}": "success" for work in ("means", "climate", "maps", "shares")},
    **{f"take_{work}": "skipped" for work in ("means", "climate", "shares")},
    "make_maps": "skipped",
    "bring_up_to_date": "success",
    "climate_is_over": "success",
    "maps_are_over": "success",
    "shares_are_over": "success",
    "bring_maps": "success",
    "tell": "success",
    "name_failures": "success",
}


def test_a_month_without_blocks_is_brought_and_told(described: Described) -> None:
    assert described.facts["without_blocks"] == ALL_OF_COMPUTE


def test_blocks_that_fail_keep_nothing_from_being_brought(described: Described) -> None:
    failed = dict.fromkeys(("take_means", "take_climate", "make_maps", "take_shares"), "failed")
    assert described.facts["failed_blocks"] == {**ALL_OF_COMPUTE, **failed}


def test_without_indices_nothing_is_mapped_or_told(described: Described) -> None:
    found = described.facts["without_indices"]
    assert found["bring_up_to_date"] == "failed"
    assert {found[name] for name in ("hand_out_maps", "hand_out_shares", "bring_maps", "tell")} == {
        "upstream_failed"
    }


def test_the_morning_checks_whether_the_backup_was_made_or_not(described: Described) -> None:
    found = dag(described, "check_warehouse")["tasks"]
    assert {name: task["after"] for name, task in found.items()} == {
        "end_long_questions": [],
        "tell_of_unanswered": [],
        "back_up": [],
        "run_checks": ["back_up"],
        "name_failures": ["back_up"],
    }
    assert found["run_checks"]["trigger_rule"].lower().endswith("all_done")
    # A run is what its last tasks are: without one that fails too, it would be green without a backup.
    assert found["name_failures"]["trigger_rule"].lower().endswith("all_success")


def test_a_morning_without_a_backup_has_failed_though_the_checks_went_well(
    described: Described,
) -> None:
    assert described.facts["without_backup"] == {
        "state": "failed",
        "tasks": {
            "end_long_questions": "success",
            "tell_of_unanswered": "success",
            "back_up": "failed",
            "run_checks": "success",
            "name_failures": "upstream_failed",
        },
    }


@pytest.mark.parametrize(
    ("dag_id", "wakes_on"),
    [
        pytest.param(
            "compute_indices",
            {"drought://grids/era5-land", "drought://stations"},
            id="indices by grids or stations",
        ),
        pytest.param("evaluate_plans", {"drought://indices"}, id="stages by indices"),
        pytest.param("approve_alerts", {"drought://stages"}, id="approval by stages"),
        pytest.param("publish_bulletin", {"drought://stages"}, id="the bulletin by stages"),
    ],
)
def test_each_dag_is_woken_by_what_another_tells(
    described: Described, dag_id: str, wakes_on: set[str]
) -> None:
    told = {name for one in DAG_IDS for task in tasks(described, one) for name in task["tells"]}
    assert set(dag(described, dag_id)["wakes_on"]) == wakes_on
    assert wakes_on <= told


@pytest.mark.parametrize(
    ("dag_id", "position", "starts", "month"),
    [
        pytest.param(FETCHING, 0, "2027-01-07 06:00", "2026-12", id="January's run, December"),
        pytest.param(FETCHING, 1, "2027-03-07 06:00", "2027-02", id="March's run, February"),
        # What these do asks no month; the key is the month of the day.
        pytest.param("ingest_stations", 0, "2027-01-01 05:00", "2027-01", id="files"),
        pytest.param("check_warehouse", 1, "2027-03-01 04:00", "2027-03", id="checks"),
        pytest.param("deliver_alerts", 0, "2027-01-01 00:00", "2027-01", id="delivery"),
    ],
)
def test_a_scheduled_run_has_its_month_as_key(
    described: Described, dag_id: str, position: int, starts: str, month: str
) -> None:
    """On the 7th the month before is fetched."""
    assert described.facts["first_runs"][dag_id][position] == [starts, month]


def test_every_scheduled_dag_is_looked_at(described: Described) -> None:
    scheduled = {FETCHING, "ingest_stations", "check_warehouse", "deliver_alerts"}
    assert set(described.facts["first_runs"]) == scheduled


@pytest.mark.parametrize(("dag_id", "task_id"), FOR_A_MONTH)
def test_the_month_comes_from_the_run_never_from_a_clock(
    described: Described, dag_id: str, task_id: str
) -> None:
    task = dag(described, dag_id)["tasks"][task_id]
    assert task["arguments"]["month"].startswith("{{ dag_run.partition_key or ")


def test_a_run_that_is_told_no_month_fails_at_once_and_says_what_to_do(
    described: Described,
) -> None:
    """It may be tried again, and is not: no retry brings a month."""
    assert described.facts["without_month"]["state"] == "failed"
    assert described.facts["without_month"]["tries"]["ask"] == 1
    assert (
        "DAG run: expected its month as partition key, or as month in its configuration, such as "
        "2026-09, got 'None'; trigger it again with one"
    ) in described.log


def test_a_rehearsal_counts_tasks_instead_of_believing_a_success(described: Described) -> None:
    """Airflow runs no task for a date before the start date, and calls the run a success."""
    assert described.facts["before_start"] == (
        "ingest_era5_land: expected its 4 tasks to succeed for 2026-10, got none run: see that "
        "2020-01-07 is after its start date"
    )


# --- as they are written ----------------------------------------------------------------------


@one_file
def test_the_function_is_named_after_the_file(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    assert functions == [path.stem]


@one_file
def test_a_dag_file_holds_no_logic(path: Path) -> None:
    logic = (
        *(ast.If, ast.IfExp, ast.Match, ast.For, ast.AsyncFor, ast.While),
        *(ast.Try, ast.TryStar, ast.comprehension, ast.Lambda, ast.BoolOp),
    )
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = [type(node).__name__ for node in ast.walk(tree) if isinstance(node, logic)]
    assert not found, f"{path.name}: move this into pipeline.steps: {found}"


@one_file
def test_tasks_hand_over_keys_never_tables(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    (dag_function,) = (node for node in tree.body if isinstance(node, ast.FunctionDef))
    handed = [
        ast.unparse(node.returns or ast.Constant("nothing said"))
        for node in dag_function.body
        if isinstance(node, ast.FunctionDef)
    ]
    assert handed
    assert set(handed) <= {"None", "bool", "int", "str", "list[int]", "list[str]"}


def test_parsing_dag_files_imports_no_science(airflow_environment: dict[str, str]) -> None:
    """The scheduler parses them all the time; imports of seconds belong into the tasks."""
    code = (
        "import runpy, sys\n"
        "for path in sys.argv[1:]:\n"
        "    runpy.run_path(path)\n"
        "    print(path, *sys.modules)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, *map(str, FILES)],
        env=airflow_environment,
        capture_output=True,
        text=True,
        check=True,
    )
    heavy = {"xarray", "pandas", "scipy", "climate_indices", "matplotlib", "pipeline.wiring"}
    loaded = [line.split() for line in run.stdout.splitlines()]
    assert [Path(path).stem for path, *_ in loaded] == list(DAG_IDS)
    wrong = {Path(path).name: heavy & set(modules) for path, *modules in loaded}
    # Files are loaded one after another: the first that shows a module imports it.
    assert not any(wrong.values()), f"imported while the scheduler parses, from here on: {wrong}"
