from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pipeline import wiring
from pipeline.alerts.facts import Change
from pipeline.cli import app
from pipeline.commands.plan_differences import print_adoption
from pipeline.core.ids import Country, DroughtType
from pipeline.core.months import Month
from pipeline.settings import Settings
from pipeline.steps.adoption import Adoption, Dropped, Shift, Standing, Told
from tests.unit.plans.broken import SOUND, broken

DOCUMENTS = Path(__file__).parents[1] / "plans" / "documents"
MARCH, APRIL = Month(2021, 3), Month(2021, 4)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation without a warehouse, and documents in the folder one stands in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(wiring, "settings", lambda: Settings(var=tmp_path / "var"))
    (tmp_path / "old.yaml").write_text(SOUND, encoding="utf-8")
    changed = broken(
        ('version: "1"', 'version: "2"\nsupersedes: "1"'),
        ("          enter_at: -1.0\n", "          enter_at: -1.2\n"),
    )
    (tmp_path / "new.yaml").write_text(changed, encoding="utf-8")
    return tmp_path


def drought(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["plans", *arguments])


def test_check_says_what_is_sound_with_its_cautions() -> None:
    done = drought("check", "old.yaml", "new.yaml")
    assert done.exit_code == 0
    assert done.stdout.splitlines()[:2] == [
        "old.yaml: plan uz-test version 1 for UZ, template, in force from 2027-01, is sound",
        "  caution: texts that no speaker has checked, of 8: ru (1); letters in these languages leave "
        "only if the approver accepts that",
    ]


def test_check_fails_on_a_fault_in_one_file_or_between_two(folder: Path) -> None:
    (folder / "new.yaml").write_text(SOUND.replace('"1"', '"2"'), encoding="utf-8")
    done = drought("check", "old.yaml", "new.yaml")
    assert done.exit_code == 1
    assert "would both be in force in UZ in 2027-01" in done.stdout
    assert done.stdout.splitlines()[-1] == "faults: 1"


def test_check_for_programs_says_the_same(folder: Path) -> None:
    (folder / "new.yaml").write_text("- a list", encoding="utf-8")
    done = drought("check", "--json", "old.yaml", "new.yaml")
    told = json.loads(done.stdout)
    assert done.exit_code == 1
    assert [one["plan_id"] for one in told["files"]] == ["uz-test", None]
    assert told["files"][1]["faults"] == ["new.yaml: expected the keys of a plan, got a list"]


def test_check_reads_the_shipped_documents() -> None:
    shipped = Path(str(files("pipeline.plans").joinpath("documents")))
    assert drought("check", *map(str, sorted(shipped.glob("*.yaml")))).exit_code == 0


@pytest.mark.parametrize("path", sorted(DOCUMENTS.glob("*.yaml")), ids=lambda path: path.stem)
def test_show_fits_a_screen_of_80_columns(path: Path) -> None:
    done = CliRunner(env={"COLUMNS": "80"}).invoke(app, ["plans", "show", str(path)])
    assert done.exit_code == 0
    table = [line for line in done.stdout.splitlines() if line.startswith(("│", "┃"))]
    assert len(table) > 2
    assert max(map(len, table)) <= 80


def test_show_of_a_file_that_is_not_there_says_so() -> None:
    done = drought("show", "nothing.yaml")
    assert "nothing.yaml: cannot be read, expected a plan" in str(done.exception)


def test_diff_of_two_files_needs_no_warehouse_and_starts_none(folder: Path) -> None:
    done = drought("diff", "old.yaml", "new.yaml")
    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        "documents: from uz-test version 1 to uz-test version 2",
        "  version: was 1, is 2",
        "  supersedes: was not said, is 1",
        "  ladders.agricultural.watch.rules.spei_6.enter_at: was -1, is -1.2",
        "stages: not tried: there is no warehouse here",
    ]
    assert not (folder / "var").exists()


def test_diff_for_programs_says_the_same() -> None:
    told = json.loads(drought("diff", "--json", "old.yaml", "new.yaml").stdout)
    assert len(told["documents"]) == 3
    assert (told["stages"], told["not_tried"]) == (None, "there is no warehouse here")


def test_three_plans_are_wrong_usage() -> None:
    assert drought("diff", "old.yaml", "new.yaml", "old.yaml").exit_code == 2


def test_schema_is_written_to_a_file(folder: Path) -> None:
    assert drought("schema", "--to", "s.json").stdout == "s.json: written\n"
    assert (folder / "s.json").read_text("utf-8") == drought("schema").stdout


def adoption(**changes: object) -> Adoption:
    facts = {
        "country": Country.UZBEKISTAN,
        "before": "uz-generic version 2",
        "after": "uz-agency version 1",
        "first": MARCH,
        "tried_from": MARCH,
        "newest": APRIL,
        "landscapes": 2,
        "landscape_months": 12,
        "shifts": [Shift(DroughtType.METEOROLOGICAL, "watch", "red", 1, 2, MARCH, APRIL)],
        "standing": [
            Standing("A", "District A", DroughtType.METEOROLOGICAL, APRIL, "watch", "red")
        ],
        "told": [
            Told("A", DroughtType.METEOROLOGICAL, MARCH, Change.CORRECTED, "watch", "red"),
            Told("B", DroughtType.METEOROLOGICAL, APRIL, Change.REMINDED, "red", "red"),
        ],
        "dropped": [Dropped(DroughtType.HYDROLOGICAL, ["A", "B"])],
        "obstacle": None,
    }
    return Adoption(**(facts | changes))  # type: ignore[arg-type]


def test_an_adoption_is_told_in_lines_and_tables(capsys: pytest.CaptureFixture[str]) -> None:
    print_adoption(adoption())
    told = capsys.readouterr().out
    for line in (
        "stages: uz-agency version 1 in force in UZ from 2021-03 on",
        "  compared with uz-generic version 2; nothing was written",
        "  2 of 12 landscape-months of 2 landscapes would have another stage",
        "  in 2021-04 1 would stand elsewhere",
        "  alerts that would wait for approval after the next evaluation: 2",
        "  no stages any more for hydrological drought; under way: A, B",
    ):
        assert line in told.splitlines()


def test_of_months_to_come_no_alert_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    print_adoption(adoption(first=Month(2027, 1), tried_from=APRIL, told=[], before=None))
    told = capsys.readouterr().out
    assert "compared with no plan at all" in told
    assert "no month from 2027-01 on has stages yet" in told
    assert "wait for approval" not in told


def test_many_rows_are_cut_with_their_number(capsys: pytest.CaptureFixture[str]) -> None:
    one = Standing("A", "District A", DroughtType.METEOROLOGICAL, APRIL, "watch", "red")
    print_adoption(adoption(standing=[one] * 23, obstacle="it hears a forecast"))
    told = capsys.readouterr().out
    assert "    and 3 more; --json has all" in told.splitlines()
    assert "  it cannot be loaded as it is: it hears a forecast" in told.splitlines()
