"""The worked questions of docs/questions.md, asked by an analyst in SQL, pandas and R."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from math import pi, radians, sin
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import psycopg
import pytest
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.engine import make_url

from pipeline.local.postgres import EmbeddedPostgres
from pipeline.warehouse.analysts import Limits, add_analyst
from tests.integration.asked_world import LANDSCAPES, AskedWorld, asked_world
from tests.integration.conftest import TEMPLATE
from tests.integration.worked_questions import (
    DOCS,
    LANGUAGES,
    Question,
    blocks,
    differences,
    questions,
    setup_blocks,
)

pytestmark = pytest.mark.postgres

DATABASE, LOGIN, PASSWORD = "asked", "asking_analyst", "only for this test"
QUESTIONS = [pytest.param(question, id=question.title) for question in questions()]
HANDBOOK = blocks((DOCS / "analyst.md").read_text(encoding="utf-8"))
FILES = {"python": "status.gpkg", "r": "status.geojson"}
"""What the question about a map leaves behind."""


@pytest.fixture(scope="module")
def world(
    postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[AskedWorld]:
    """The little country, with a login for an analyst and a service file that knows it."""
    admin = create_engine(postgres.url("postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {DATABASE} TEMPLATE {TEMPLATE}"))
    engine = create_engine(postgres.url(DATABASE), poolclass=NullPool)
    world = asked_world(engine, tmp_path_factory.mktemp("asked"))
    with engine.begin() as connection:
        add_analyst(connection, LOGIN, PASSWORD, Limits())
    url = make_url(postgres.url(DATABASE))
    service = world.folder / "pg_service.conf"
    ours = {"host": url.host, "port": url.port, "dbname": DATABASE, "user": LOGIN}
    service.write_text(_service_file(ours | {"password": PASSWORD}), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PGSERVICEFILE", str(service))
        patch.chdir(world.folder)
        yield world
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {DATABASE} WITH (FORCE)"))
        connection.execute(text(f"DROP ROLE {LOGIN}"))
    admin.dispose()


def _service_file(values: Mapping[str, object]) -> str:
    """The service file of the handbook with other values; it must name exactly these."""
    ((_, printed),) = [block for block in HANDBOOK if block[0] == "ini"]
    name, *lines = printed.splitlines()
    assert name == "[drought]"
    assert [line.partition("=")[0] for line in lines] == list(values)
    return "\n".join([name, *(f"{key}={value}" for key, value in values.items()), ""])


@pytest.fixture(scope="module")
def rscript() -> str:
    """The program that runs R, with the driver of the documents."""
    found = shutil.which("Rscript")
    if found is None:
        pytest.skip("no R: `make apt` installs Debian's r-base-core and r-cran-rpostgresql")
    question = 'q(status = as.integer(!requireNamespace("RPostgreSQL", quietly = TRUE)))'
    if subprocess.run([found, "--vanilla", "-e", question], timeout=60).returncode != 0:
        pytest.skip("R has no RPostgreSQL: `make apt` installs Debian's r-cran-rpostgresql")
    return found


@pytest.fixture(scope="module")
def r_answers(world: AskedWorld, rscript: str) -> dict[int, Path]:
    """The answers in R, one table for each question; all are asked in one session."""
    paths = {question.number: world.folder / f"{question.number}.csv" for question in questions()}
    script = world.folder / "questions.R"
    parts = [
        "options(warn = 2)",
        setup_blocks()["r"],
        *(
            f'local({{\n{question.blocks["r"]}\nwrite.csv(answer, "{paths[question.number]}", '
            'row.names = FALSE, na = "")\n})'
            for question in questions()
        ),
    ]
    script.write_text("\n".join(parts), encoding="utf-8")
    done = subprocess.run(
        [rscript, "--vanilla", str(script)], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return paths


@pytest.mark.parametrize("question", QUESTIONS)
def test_each_question_is_asked_in_three_ways_and_says_how_not_to_misread_it(
    question: Question,
) -> None:
    assert tuple(question.blocks) == LANGUAGES
    assert question.rows
    assert question.text.count("**Do not misread it.**") == 1


def test_there_are_a_dozen_questions_in_order() -> None:
    assert [question.number for question in questions()] == list(range(1, 15))
    assert (DOCS / "questions.md").read_text(encoding="utf-8").startswith("# Fourteen questions")


@pytest.mark.parametrize("question", QUESTIONS)
def test_sql_gives_the_printed_answer(world: AskedWorld, question: Question) -> None:
    with psycopg.connect("service=drought") as connection:
        assert connection.info.user == LOGIN
        cursor = connection.execute(question.blocks["sql"].encode())
        columns = [column.name for column in cursor.description or []]
        rows = [list(row) for row in cursor]
    assert differences(question, columns, rows) == []


@pytest.mark.parametrize("question", QUESTIONS)
def test_pandas_gives_the_printed_answer(world: AskedWorld, question: Question) -> None:
    names: dict[str, Any] = {}
    exec(setup_blocks()["python"], names)  # noqa: S102 - the document's own code
    exec(question.blocks["python"], names)  # noqa: S102 - the document's own code
    answer = names["answer"]
    names["engine"].dispose()
    assert isinstance(answer, pd.DataFrame)
    rows = [list(row) for row in answer.astype(object).itertuples(index=False)]
    assert differences(question, list(answer.columns), rows) == []


@pytest.mark.parametrize(
    ("first", "landscapes"),
    [
        pytest.param("2021-07", 5, id="twelve months that are held"),
        pytest.param("1990-10", 0, id="months of which the first are missing everywhere"),
    ],
)
@pytest.mark.parametrize("language", ["sql", "python"])
def test_the_rain_of_other_months_is_asked_by_their_dates_alone(
    world: AskedWorld, language: str, first: str, landscapes: int
) -> None:
    (question,) = [one for one in questions() if one.number == 11]
    code = question.blocks[language].replace("2021-10", first)
    if language == "sql":
        with psycopg.connect("service=drought") as connection:
            assert len(connection.execute(code.encode()).fetchall()) == landscapes
        return
    names: dict[str, Any] = {}
    exec(setup_blocks()["python"], names)  # noqa: S102 - the document's own code
    exec(code, names)  # noqa: S102 - the document's own code
    names["engine"].dispose()
    assert len(names["answer"]) == landscapes


@pytest.mark.parametrize("question", QUESTIONS)
def test_r_gives_the_printed_answer(r_answers: dict[int, Path], question: Question) -> None:
    with r_answers[question.number].open(encoding="utf-8", newline="") as file:
        columns, *rows = csv.reader(file)
    cells = [[cell or None for cell in row] for row in rows]
    assert differences(question, columns, cells) == []


@pytest.mark.parametrize("language", FILES)
def test_the_map_is_left_as_a_file_that_opens(
    world: AskedWorld, request: pytest.FixtureRequest, language: str
) -> None:
    if language == "r":
        request.getfixturevalue("r_answers")
    else:
        names: dict[str, Any] = {}
        exec(setup_blocks()["python"], names)  # noqa: S102 - the document's own code
        exec(questions()[-1].blocks["python"], names)  # noqa: S102 - the document's own code
        names["engine"].dispose()
    layer = gpd.read_file(world.folder / FILES[language])
    ours = {one.landscape_id: one.geometry for one in LANDSCAPES}
    assert set(layer["landscape_id"]) == set(ours)
    for row in layer.itertuples():
        assert row.geometry.equals(ours[row.landscape_id])


@pytest.mark.parametrize(
    ("landscape_id", "degrees", "south", "north", "printed_km2"),
    [
        pytest.param("samarkand", 1.0, 39.5, 40.0, 4800, id="Samarkand"),
        pytest.param("vakhsh", 0.5, 37.5, 38.0, 2400, id="Vakhsh"),
    ],
)
def test_printed_areas_are_those_of_the_sphere(
    world: AskedWorld,
    landscape_id: str,
    degrees: float,
    south: float,
    north: float,
    printed_km2: float,
) -> None:
    """Independent of our geodesic areas: a belt of a sphere of 6371 km, 2 pi R^2 times its height."""
    belt = 2 * pi * 6371.0**2 * (sin(radians(north)) - sin(radians(south)))
    assert round(belt * degrees / 360, -2) == printed_km2
    with world.warehouse.connect() as connection:
        area = connection.execute(
            text("SELECT area_km2 FROM mart.landscape WHERE landscape_id = :id"),
            {"id": landscape_id},
        ).scalar_one()
    assert round(area, -2) == printed_km2


def test_the_service_file_is_the_only_door(world: AskedWorld) -> None:
    assert "PGPASSWORD" not in os.environ
    with (
        psycopg.connect("service=drought") as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("SELECT * FROM plan.stage_month")


def handbook(language: str) -> list[str]:
    return [code for its, code in HANDBOOK if its == language]


def test_every_block_of_the_handbook_is_run_here_or_told_where() -> None:
    assert {language for language, _ in HANDBOOK} <= {"ini", "sh", "sql", "python", "r"}
    # Of grids: tests/unit/sources/test_grid_store.py runs it.
    assert sum("open_zarr" in code for code in handbook("python")) == 1


@pytest.mark.parametrize("code", [pytest.param(c, id=c.splitlines()[0]) for c in handbook("sql")])
def test_sql_of_the_handbook_finds_rows(world: AskedWorld, code: str) -> None:
    with psycopg.connect("service=drought") as connection:
        assert connection.execute(code.encode()).fetchall()


def test_python_of_the_handbook_prints_the_first_table(
    world: AskedWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    names: dict[str, Any] = {}
    for code in handbook("python"):
        if "open_zarr" not in code:
            exec(code, names)  # noqa: S102 - the document's own code
    names["engine"].dispose()
    assert "zarafshan  2022-06-01             severe" in capsys.readouterr().out


def test_r_of_the_handbook_prints_the_first_table(world: AskedWorld, rscript: str) -> None:
    script = world.folder / "handbook.R"
    script.write_text("\n".join(["options(warn = 2)", *handbook("r")]), encoding="utf-8")
    done = subprocess.run(
        [rscript, "--vanilla", str(script)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert "zarafshan 2022-06-01             severe" in done.stdout


def test_commands_of_the_handbook_print_the_first_table(world: AskedWorld) -> None:
    psql = shutil.which("psql")
    if psql is None:
        pytest.skip("no psql on the path")
    (code,) = handbook("sh")
    done = subprocess.run(["bash", "-ec", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "zarafshan    | 2022-06-01 | severe             | 2022-05-01" in done.stdout
