"""The Dockerfile, by its linter and by what it says. It is built by `docker/try_build.sh`, by hand."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

from tests.containers.conftest import CHECKOUT, DOCKER, PROGRAMS

DOCKERFILE = DOCKER / "Dockerfile"


def instructions(keyword: str) -> list[str]:
    """The instructions of one kind, each on one line without its keyword."""
    text = re.sub(r"^#.*\n", "", DOCKERFILE.read_text(), flags=re.MULTILINE)
    lines = text.replace("\\\n", " ").splitlines()
    return [line.partition(" ")[2].strip() for line in lines if line.split(" ")[0] == keyword]


def argument(name: str) -> str:
    (value,) = {one.split("=", 1)[1] for one in instructions("ARG") if one.startswith(f"{name}=")}
    return value


def project_version() -> str:
    told = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
    version: str = told["project"]["version"]
    return version


def test_hadolint_has_nothing_to_say() -> None:
    done = subprocess.run([PROGRAMS / "hadolint", DOCKERFILE], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_versions_are_those_of_the_checkout() -> None:
    makefile = (CHECKOUT / "Makefile").read_text()
    assert f"UV_VERSION := {argument('UV_VERSION')}\n" in makefile
    assert argument("VERSION") == project_version()


def test_the_base_is_pinned_and_both_stages_stand_on_it() -> None:
    assert re.fullmatch(r"python:3\.12\.\d+-slim-bookworm", argument("PYTHON_IMAGE"))
    assert instructions("FROM") == ["${PYTHON_IMAGE} AS build", "${PYTHON_IMAGE}"]


def test_packages_come_by_their_hashes_as_wheels_and_the_project_without_a_network() -> None:
    runs = " ".join(instructions("RUN"))
    assert "--require-hashes --only-binary :all:" in runs
    assert "--offline --no-deps --no-build-isolation -e ." in runs


def test_what_is_copied_is_there_and_let_in() -> None:
    let_in = {line[1:] for line in (CHECKOUT / ".dockerignore").read_text().splitlines() if line.startswith("!")}  # fmt: skip
    copied = set()
    for one in instructions("COPY"):
        words = [word for word in one.split() if not word.startswith("--")]
        if "--from=build" not in one:
            copied.update(words[:-1])
    assert copied == let_in
    for name in copied:
        assert (CHECKOUT / name).exists(), name


def test_it_runs_as_an_account_without_rights_by_the_command_itself() -> None:
    assert instructions("USER") == ["10001:10001"]
    assert instructions("ENTRYPOINT") == ['["drought"]']
    assert len(instructions("HEALTHCHECK")) == 1
    # No copy of ours is given to that account: what runs cannot change what runs.
    assert not any("--chown" in one for one in instructions("COPY"))


def test_no_registry_is_named_in_what_is_committed() -> None:
    """An agency's mirror, or this machine's, is lent to the build when it runs."""
    for path in sorted(DOCKER.rglob("*")):
        if path.is_file() and "secrets" not in path.parts and path.name != "drought.env":
            found = re.findall(r"index-url|https?://[\w.-]*(?:pypi|registry|docker)", read(path))
            assert not found, path


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")
