from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from pipeline.core.careful_yaml import MAX_BYTES
from pipeline.core.errors import InputError
from pipeline.steps.plan_documents import check_plan_files, read_plan_file
from tests.unit.plans.broken import BROKEN, SOUND, broken

EXPECTED = Path(__file__).parents[1] / "plans" / "expected" / "broken.txt"


def expected_messages() -> dict[str, list[str]]:
    parts = re.split(r"^\[(.*)\]$", EXPECTED.read_text("utf-8"), flags=re.MULTILINE)[1:]
    return {
        name: said.strip().splitlines() for name, said in zip(parts[::2], parts[1::2], strict=True)
    }


def faults(folder: Path, monkeypatch: pytest.MonkeyPatch, *texts: str) -> Sequence[str]:
    """Check documents side by side as `1.yaml`, `2.yaml` and so on; one alone is `plan.yaml`."""
    monkeypatch.chdir(folder)
    names = ["plan.yaml"] if len(texts) == 1 else [f"{n + 1}.yaml" for n in range(len(texts))]
    for name, text in zip(names, texts, strict=True):
        Path(name).write_text(text, encoding="utf-8")
    return check_plan_files([Path(name) for name in names]).every_fault


def version(number: str, *edits: tuple[str, str], supersedes: str | None = None) -> str:
    replaced = "" if supersedes is None else f'\nsupersedes: "{supersedes}"'
    return broken(('version: "1"', f'version: "{number}"{replaced}'), *edits)


FROM_2029 = ("effective_from: 2027-01", "effective_from: 2029-01")


def test_the_sound_document_has_no_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert faults(tmp_path, monkeypatch, SOUND) == []


def test_each_broken_document_has_its_message() -> None:
    assert list(expected_messages()) == list(BROKEN)
    assert len(BROKEN) >= 40


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_document_is_refused_with_file_line_place_and_remedy(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert faults(tmp_path, monkeypatch, BROKEN[name]) == expected_messages()[name]


@pytest.mark.parametrize(
    ("texts", "messages"),
    [
        pytest.param(
            [SOUND, version("2", FROM_2029)],
            [
                "2.yaml: plan uz-test version 2 (from 2029-01) and 1.yaml: plan uz-test version 1 "
                "(from 2027-01) would both be in force in UZ in 2029-01; expected one; write "
                "'supersedes: \"1\"' into the newer one, or end the older one with 'effective_to: "
                "2028-12'"
            ],
            id="two versions in force at once",
        ),
        pytest.param(
            [SOUND, broken(("plan_id: uz-test", "plan_id: uz-other"), FROM_2029)],
            [
                "2.yaml: plan uz-other version 1 (from 2029-01) and 1.yaml: plan uz-test version 1 "
                "(from 2027-01) would both be in force in UZ in 2029-01; expected one; give the newer "
                "one the plan_id of the older and let it supersede that, or end the older one with "
                "'effective_to: 2028-12'"
            ],
            id="two plans of one country in force at once",
        ),
        pytest.param(
            [version("1", supersedes="3"), version("2", supersedes="1"), version("3", supersedes="2")],
            [
                "1.yaml: plan uz-test version 1: supersedes goes round in a circle (1 -> 3 -> 2 -> 1); "
                "expected it to name an older version; take it out of the oldest"
            ],
            id="versions that replace each other in a circle",
        ),
        pytest.param(
            [SOUND, SOUND],
            [
                "2.yaml: plan uz-test version 1 is in 1.yaml too, with the same content; expected each "
                "version once; give the changed document a new version, with 'supersedes'"
            ],
            id="one version twice",
        ),
        pytest.param(
            [SOUND, broken(("hold_limit: 3", "hold_limit: 4"))],
            [
                "2.yaml: plan uz-test version 1 is in 1.yaml too, with another content; expected each "
                "version once; give the changed document a new version, with 'supersedes'"
            ],
            id="one version with two contents",
        ),
        pytest.param(
            [SOUND, version("2", ("country: UZ", "country: KG"))],
            [
                "2.yaml: plan uz-test version 2 is for KG, and version 1 in 1.yaml for UZ; expected "
                "one country for a plan_id; correct the country, or choose another plan_id"
            ],
            id="one plan of two countries",
        ),
        pytest.param(
            [SOUND, version("2", FROM_2029, supersedes="1")], [], id="a version that replaces another"
        ),
        pytest.param(
            [SOUND, version("2", supersedes="1"), version("3", FROM_2029, supersedes="2")],
            [],
            id="a version that replaces another over one between",
        ),
        pytest.param(
            [
                broken(("effective_from: 2027-01", "effective_from: 2027-01\neffective_to: 2028-12")),
                version("2", FROM_2029),
            ],
            [],
            id="a version that begins when another has ended",
        ),
        pytest.param(
            [
                broken(("effective_from: 2027-01", "effective_from: 2027-01\neffective_to: 2029-01")),
                version("2", FROM_2029),
            ],
            [
                "2.yaml: plan uz-test version 2 (from 2029-01) and 1.yaml: plan uz-test version 1 "
                "(from 2027-01) would both be in force in UZ in 2029-01; expected one; write "
                "'supersedes: \"1\"' into the newer one, or end the older one with 'effective_to: "
                "2028-12'"
            ],
            id="a version that begins in the last month of another",
        ),
        pytest.param(
            [version("2", supersedes="1"), version("3", FROM_2029, supersedes="1")],
            [
                "2.yaml: plan uz-test version 3 (from 2029-01) and 1.yaml: plan uz-test version 2 "
                "(from 2027-01) would both be in force in UZ in 2029-01; expected one; write "
                "'supersedes: \"2\"' into the newer one, or end the older one with 'effective_to: "
                "2028-12'"
            ],
            id="two versions that replace the same one",
        ),
        pytest.param(
            [SOUND, broken(("country: UZ", "country: KG"), ("plan_id: uz", "plan_id: kg"))],
            [],
            id="plans of two countries",
        ),
    ],
)  # fmt: skip
def test_documents_are_checked_side_by_side(
    texts: list[str], messages: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert faults(tmp_path, monkeypatch, *texts) == messages


@pytest.mark.parametrize(
    ("texts", "note"),
    [
        pytest.param(
            [SOUND, version("3", FROM_2029, supersedes="2")],
            "2.yaml: plan uz-test version 3 supersedes version 2, which is not among these: whether "
            "the two fit together was not checked",
            id="a version between is not there",
        ),
        pytest.param(
            [SOUND, version("2", ("effective_from: 2027-01", "effective_from: 2026-01"), supersedes="1")],
            "2.yaml: plan uz-test version 2 is in force from 2026-01, before version 1, which it "
            "supersedes, begins (2027-01): that one would never rule",
            id="a version begins before the one it replaces",
        ),
    ],
)  # fmt: skip
def test_what_may_be_meant_is_a_note(
    texts: list[str], note: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert faults(tmp_path, monkeypatch, *texts) == []
    names = [Path(f"{n + 1}.yaml") for n in range(len(texts))]
    assert check_plan_files(names).notes == [note]


def test_one_broken_document_does_not_hide_the_faults_of_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = faults(tmp_path, monkeypatch, BROKEN["a tab"], BROKEN["an unknown index"], SOUND)
    assert [line.partition(":")[0] for line in found] == ["1.yaml", "2.yaml"]


def test_a_language_without_a_catalogue_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = broken(("languages: [en, ru]", "languages: [en, de]")).replace("ru: ", "de: ")
    (fault,) = faults(tmp_path, monkeypatch, text.replace("[ru]", "[de]"))
    assert fault.startswith("plan.yaml: languages: expected some of en, ru,")
    assert fault.endswith(
        "in which letters can be written, got de; take it out, or translate the words of the letters "
        "(docs/translating.md)"
    )


def test_a_file_in_another_encoding_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_bytes(SOUND.encode("cp1251"))
    with pytest.raises(InputError, match=r"plan\.yaml: line 6: expected letters in UTF-8"):
        read_plan_file(path)


def test_a_file_with_a_mark_of_its_encoding_is_read(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(SOUND, encoding="utf-8-sig")
    assert read_plan_file(path).plan_id == "uz-test"


@pytest.mark.parametrize("letter", ["x", "ж"])
def test_a_file_that_is_too_large_is_refused_unread(tmp_path: Path, letter: str) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(f"#{letter * MAX_BYTES}", encoding="utf-8")
    with pytest.raises(InputError, match=r"expected 1,000,000 bytes at most, got more"):
        read_plan_file(path)


def test_a_folder_is_no_plan(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read, expected a plan"):
        read_plan_file(tmp_path)
