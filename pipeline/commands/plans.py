"""The commands for drought plans: `drought plans`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline import wiring
from pipeline.commands.options import (
    ExistingFiles,
    file_to_write,
    notes,
    option,
    plain,
    screen,
)
from pipeline.commands.plan_differences import print_adoption, print_differences
from pipeline.core.errors import InputError
from pipeline.core.ids import Country, DroughtType
from pipeline.core.months import Month
from pipeline.plans.document import Plan
from pipeline.terminal import folded_table, progress

if TYPE_CHECKING:
    from pipeline.steps.adoption import Adoption
    from pipeline.steps.plan_documents import Checked

plans = typer.Typer(
    help="Drought plans: check, show, compare, load and list them.", no_args_is_help=True
)
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]
FirstMonth = Annotated[
    Month | None,
    typer.Option(
        "--from",
        parser=option(Month.parse),
        metavar="YYYY-MM",
        help="In force from this month on; else from the one it says itself.",
    ),
]


@plans.command("check")
def plans_check(files: ExistingFiles, as_json: AsJson = False) -> None:
    """Say what is wrong with plan documents, alone and side by side. Loads nothing.

    Each fault is a line: file, line in it, place, what is wrong, what to do. Cautions are no faults.
    Exit code 1 if there is a fault.
    """
    from pipeline.steps.plan_documents import check_plan_files

    checked = check_plan_files(files)
    if as_json:
        print(json.dumps(_checked_facts(checked), ensure_ascii=False))
    else:
        _print_checked(checked)
    if checked.every_fault:
        raise typer.Exit(1)


def _print_checked(checked: Checked) -> None:
    for one in checked.files:
        for fault in one.faults:
            print(fault)
        if one.plan is not None:
            sound = "is sound" if not one.faults else "can be read"
            print(f"{one.path}: {_in_short(one.plan)} {sound}")
            for caution in one.cautions:
                print(f"  caution: {caution}")
    for fault in checked.faults:
        print(fault)
    for note in checked.notes:
        print(f"  note: {note}")
    if faults := checked.every_fault:
        print(f"faults: {len(faults)}")


def _in_short(plan: Plan) -> str:
    until = "" if plan.effective_to is None else f" to {plan.effective_to}"
    return (
        f"plan {plan.plan_id} version {plan.version} for {plan.country}, {plan.status}, in force from "
        f"{plan.effective_from}{until},"
    )


def _checked_facts(checked: Checked) -> dict[str, object]:
    return {
        "files": [
            {
                "file": str(one.path),
                "plan_id": None if one.plan is None else one.plan.plan_id,
                "version": None if one.plan is None else one.plan.version,
                "faults": one.faults,
                "cautions": one.cautions,
            }
            for one in checked.files
        ],
        "faults": checked.faults,
        "notes": checked.notes,
    }


@plans.command("show")
def plans_show(
    name: Annotated[
        str, typer.Argument(help="A file, or a stored plan: PLAN_ID or PLAN_ID@VERSION.")
    ],
    version: Annotated[
        str | None, typer.Argument(help="Of a stored plan; else the newest.")
    ] = None,
) -> None:
    """Show a plan in short: its stages, when each begins and ends, and whose numbers these are."""
    from pipeline.plans.outline import issuing_in_words, outline

    plan = _plan(name if version is None else f"{name}@{version}")
    print(_in_short(plan).removesuffix(","))
    print(plan.title.in_language("en"))
    print(f"languages: {', '.join(plan.spoken)}")
    for said in issuing_in_words(plan.issuing):
        print(said)
    for drought in [one for one in DroughtType if one in plan.ladders]:
        table = folded_table("stage", "begins at", "ends at", "whose numbers")
        table.title = f"{drought} drought, mildest stage first"
        table.title_justify = "left"
        for line in outline(plan.ladders[drought]):
            table.add_row(line.stage, line.begins, line.ends, line.source)
        screen.print(table)


def _plan(name: str) -> Plan:
    """Return the plan in a file, or a stored one."""
    from pipeline.steps.plan_documents import named_plan, read_plan_file

    path = Path(name)
    if path.exists() or path.suffix in {".yaml", ".yml"}:
        return read_plan_file(path)
    with wiring.installation(reads_only=True).warehouse.connect() as connection:
        return named_plan(connection, name)


@plans.command("diff")
def plans_diff(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="[A] B",
            help="Two plans, each a file, PLAN_ID or PLAN_ID@VERSION. One alone is compared with what "
            "is in force.",
        ),
    ],
    first: FirstMonth = None,
    documents_only: Annotated[
        bool, typer.Option("--documents-only", help="Leave the stages aside.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say in what two plans differ, and what adopting B would change. Writes nothing.

    The stages of all landscapes of the country are decided under both: what stands elsewhere in the
    newest month, which alerts would wait for approval, and which droughts would end for want of
    stages.
    """
    from pipeline.plans.comparison import differences

    if len(names) > 2:
        raise typer.BadParameter("expected one plan or two")
    after = _plan(names[-1])
    given = _plan(names[0]) if len(names) == 2 else None
    before = _in_force(after, first) if given is None else given
    found = [] if before is None else differences(before, after)
    tried, why_not = _tried(after, given, first, names[-1], documents_only=documents_only)
    if as_json:
        facts = {"documents": found, "stages": tried, "not_tried": why_not}
        print(json.dumps(facts, default=plain, ensure_ascii=False))
        return
    if before is None:
        print(f"documents: no plan of {after.country} is in force to compare with")
    else:
        print_differences(_named(before), _named(after), found)
    if tried is not None:
        print_adoption(tried)
    elif not documents_only:
        print(f"stages: not tried: {why_not}")


def _in_force(plan: Plan, first: Month | None) -> Plan | None:
    from pipeline.steps.adoption import in_force

    with wiring.installation(reads_only=True).warehouse.connect() as connection:
        return in_force(connection, plan, first)


def _tried(
    after: Plan, before: Plan | None, first: Month | None, where: str, *, documents_only: bool
) -> tuple[Adoption | None, str | None]:
    """Return what adopting a plan would change, or why that cannot be said."""
    from pipeline.steps.adoption import dry_run

    if documents_only:
        return None, "only the documents were asked for"
    if not wiring.has_warehouse():
        return None, "there is no warehouse here"
    try:
        with progress(notes) as advance:
            installation = wiring.installation(reads_only=True)
            tried = dry_run(installation, after, before, first=first, where=where, advance=advance)
    except InputError as error:
        return None, str(error)
    return tried, None


def _named(plan: Plan) -> str:
    return f"{plan.plan_id} version {plan.version}"


@plans.command("load")
def plans_load(
    file: Annotated[
        Path | None, typer.Argument(exists=True, dir_okay=False, help="A document of your own.")
    ] = None,
    shipped: Annotated[
        Country | None,
        typer.Option(help="Load the plan of this country that came with the software."),
    ] = None,
    first: FirstMonth = None,
) -> None:
    """Load a plan, from a file or of those shipped. It rules its country from its month on.

    `drought plans diff FILE` says before what that would change.
    """
    from pipeline.steps.plans import load_plan, load_shipped

    if (file is None) == (shipped is None):
        raise typer.BadParameter("expected either a file or --shipped with a country")
    installation = wiring.installation()
    if shipped is not None:
        plan, is_new = load_shipped(installation, shipped, effective_from=first)
    elif file is not None:
        plan, is_new = load_plan(installation, file, effective_from=first)
    rules = f"rules {plan.country} from {first or plan.effective_from} on"
    said = f"loaded; it {rules}" if is_new else "was loaded already"
    print(f"{plan.plan_id} version {plan.version}: {said}")


@plans.command("list")
def plans_list() -> None:
    """List the plans and from which month each rules."""
    from pipeline.warehouse.plans import read_plans

    table = folded_table("country", "rules from", "plan", "version", "status", "title")
    with wiring.installation(reads_only=True).warehouse.connect() as connection:
        for country, timetable in read_plans(connection).items():
            for first, plan in timetable.plans:
                title = plan.title.in_language("en")
                table.add_row(country, str(first), plan.plan_id, plan.version, plan.status, title)
    screen.print(table)


@plans.command("schema")
def plans_schema(
    to: Annotated[
        Path | None,
        typer.Option(
            "--to", callback=option(file_to_write), help="Write it here; else it is shown."
        ),
    ] = None,
) -> None:
    """Show the JSON Schema of plan documents, with which editors complete and check as one writes."""
    from pipeline.plans.schema import schema_text

    if to is None:
        print(schema_text(), end="")
    else:
        to.write_text(schema_text(), encoding="utf-8")
        print(f"{to}: written")
