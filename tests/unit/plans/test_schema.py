from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from pipeline.core.careful_yaml import careful_yaml
from pipeline.plans.document import Plan
from pipeline.plans.schema import plan_schema, schema_text
from tests.unit.plans.broken import BROKEN, SOUND

PUBLISHED = Path(__file__).parents[3] / "docs" / "plan.schema.json"
DOCUMENTS = [
    *(path for path in Path(str(files("pipeline.plans").joinpath("documents"))).glob("*.yaml")),
    *Path(__file__).with_name("documents").glob("*.yaml"),
]
BROKEN_IN_STRUCTURE = (
    "an unknown index",
    "a language by its name",
    "a text torn by a comma",
    "a stage without actions",
    "an action that names nobody",
    "an action as it was written before",
    "a misspelt key",
    "a threshold without a source",
    "a group with two forms",
    "automatic issue without an order",
    "at once without a stage",
    "a month of no calendar",
    "a calendar month of no calendar",
    "a version that is a number",
    "a severity CAP does not know",
    "a stage in capital letters",
)
"""What a schema can see; the rest is what one place says about another."""


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    return Draft202012Validator(plan_schema())


def test_the_published_file_is_current() -> None:
    assert PUBLISHED.read_text("utf-8") == schema_text(), (
        "run `drought plans schema --to docs/plan.schema.json`"
    )


def test_it_is_a_schema_of_2020_12() -> None:
    schema = json.loads(schema_text())
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_document_fits(path: Path, validator: Draft202012Validator) -> None:
    values = careful_yaml(path.read_text("utf-8"), path.name).values
    assert [error.message for error in validator.iter_errors(values)] == []


def test_so_does_the_sound_one(validator: Draft202012Validator) -> None:
    assert validator.is_valid(careful_yaml(SOUND, "sound").values)


@pytest.mark.parametrize("name", BROKEN_IN_STRUCTURE)
def test_a_document_broken_in_its_structure_does_not(
    name: str, validator: Draft202012Validator
) -> None:
    assert not validator.is_valid(careful_yaml(BROKEN[name], name).values)


def test_every_key_a_person_may_write_is_described() -> None:
    def undescribed(part: dict[str, Any], place: str) -> list[str]:
        return [
            f"{place}.{name}"
            for name, one in part.get("properties", {}).items()
            if "description" not in one and "$ref" not in one and "enum" not in one
        ]

    schema = plan_schema()
    found = undescribed(schema, "plan")
    for name, part in schema["$defs"].items():
        found += undescribed(part, name)
    assert found == []


def test_no_key_of_a_plan_is_forgotten() -> None:
    assert set(plan_schema()["properties"]) == set(Plan.model_fields)
