"""The files of docker/, and what Compose makes of them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

CHECKOUT = Path(__file__).parents[2]
DOCKER = CHECKOUT / "docker"
PROGRAMS = Path(sys.executable).parent


def setting_lines(example: str) -> dict[str, str]:
    """The settings of an environment example, whether they count or are commented out."""
    lines = [line.removeprefix("#") for line in example.splitlines()]
    pairs = [line.partition("=") for line in lines if "=" in line and line[0].isupper()]
    return {name: value for name, _, value in pairs}


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """docker/ as an operator has it: with the settings and the secrets, in a checkout of its own."""
    folder = tmp_path_factory.mktemp("checkout") / "docker"
    own = shutil.ignore_patterns("secrets", "drought.env", ".env")
    shutil.copytree(DOCKER, folder, ignore=own)
    shutil.copy(folder / "drought.env.example", folder / "drought.env")
    subprocess.run([folder / "make_secrets.sh"], check=True)
    return folder


def compose(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [PROGRAMS / "docker-compose", "--file", folder / "compose.yaml", *arguments]
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder)}
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


@pytest.fixture(scope="session")
def composed(installed: Path) -> dict[str, Any]:
    """The compose file as Compose understands it, with all profiles."""
    done = compose(installed, "--profile", "*", "config", "--format", "json")
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


@pytest.fixture(scope="session")
def helm_values() -> dict[str, Any]:
    told: dict[str, Any] = yaml.safe_load((DOCKER / "helm-values.yaml").read_text())
    return told
