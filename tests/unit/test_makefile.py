"""Which environment the targets make or take: one for developing, or one for running."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
WHEELS = "wheels/some.whl"

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="no make here")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """What `make` needs of a checkout, with uv in place; nothing in it is ever done."""
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(CHECKOUT / name, tmp_path)
    shutil.copytree(CHECKOUT / "requirements", tmp_path / "requirements")
    for folder in (".tools/bin", ".venv/bin"):
        (tmp_path / folder).mkdir(parents=True)
    for name in ("uv", "pip"):
        (tmp_path / ".tools/bin" / name).touch(mode=0o755)
    for file in tmp_path.rglob("*"):
        os.utime(file, (1_000_000_000, 1_000_000_000))
    return tmp_path


def make(copy: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", *arguments],
        cwd=copy,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )


def synced(copy: Path, *arguments: str) -> list[str]:
    """Return the locks that would be installed."""
    would = make(copy, "--dry-run", *arguments)
    assert would.returncode == 0, would.stderr
    lines = [line for line in would.stdout.splitlines() if "pip sync" in line]
    return [word for line in lines for word in line.split() if word.startswith("requirements/")]


@pytest.mark.parametrize(
    ("mark", "arguments", "locks"),
    [
        pytest.param(None, ["setup"], ["all"], id="nothing is there, and one develops"),
        pytest.param(None, ["demo"], ["all"], id="nothing is there, and one tries it"),
        pytest.param(None, ["install"], ["airflow"], id="nothing is there, and one installs"),
        pytest.param(None, ["install", "LOCK=timer"], ["timer"], id="without Airflow"),
        pytest.param(".ready", ["demo"], [], id="who develops tries it"),
        pytest.param(".ready", ["install"], ["airflow"], id="who developed installs"),
        pytest.param(".installed-airflow", ["demo"], [], id="who installed tries it"),
        pytest.param(".installed-airflow", ["up"], [], id="who installed starts Airflow"),
        pytest.param(".installed-timer", ["install"], [], id="the lock is remembered"),
        pytest.param(".installed-timer", ["install", "LOCK=airflow"], ["airflow"], id="the other"),
        pytest.param(".installed-airflow", ["setup"], ["all"], id="who installed develops"),
    ],
)
def test_one_mark_says_what_the_environment_is(
    mark: str | None, arguments: list[str], locks: list[str], copy: Path
) -> None:
    if mark is not None:
        (copy / ".venv" / mark).touch()
    assert synced(copy, *arguments) == [f"requirements/{lock}.txt" for lock in locks]


def test_a_new_version_is_installed_before_it_is_used(copy: Path) -> None:
    mark = copy / ".venv/.installed-timer"
    mark.touch()
    os.utime(mark, (999_999_999, 999_999_999))
    assert synced(copy, "up") == ["requirements/timer.txt"]


@pytest.fixture
def stick(copy: Path) -> Path:
    """A folder as `make wheelhouse` fills it, with a wheel that is none."""
    folder = copy / "stick"
    (folder / "wheels").mkdir(parents=True)
    (folder / WHEELS).write_text("a wheel")
    shutil.copy(copy / "requirements/timer.txt", folder)
    asked = "import platform as p; print(p.system(), p.machine(), 'Python', *p.python_version_tuple()[:2])"
    for python in ("python3.12", "python3.11", "python3"):
        if shutil.which(python) is None:
            continue
        done = subprocess.run([python, "-c", asked], capture_output=True, text=True, check=False)
        if done.returncode == 0 and done.stdout.split()[-1] in {"11", "12"}:
            (folder / "MADE_FOR").write_text(done.stdout)
            break
    else:
        pytest.skip("no Python 3.11 or 3.12 by its name here")
    write_checksums(folder)
    return folder


def write_checksums(folder: Path) -> None:
    sums = subprocess.run(
        ["sha256sum", WHEELS, "timer.txt", "MADE_FOR"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    (folder / "SHA256SUMS").write_text(sums.stdout)


def test_a_sound_stick_is_taken(copy: Path, stick: Path) -> None:
    done = make(copy, "sound-wheelhouse", "LOCK=timer", f"WHEELHOUSE={stick}")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("file", "text", "sums", "told"),
    [
        pytest.param(WHEELS, "another", False, "copy it anew", id="damaged"),
        pytest.param("timer.txt", "x==1", True, "make it anew with LOCK=timer", id="another lock"),
        pytest.param(
            "MADE_FOR", "Linux riscv64 Python 3 9", True, "made for Linux", id="elsewhere"
        ),
    ],
)
def test_a_stick_that_does_not_fit_is_refused_before_anything_of_it_is_used(
    file: str, text: str, sums: bool, told: str, copy: Path, stick: Path
) -> None:
    (stick / file).write_text(text)
    if sums:
        write_checksums(stick)
    (copy / ".venv/.ready").touch()
    done = make(copy, "install", "LOCK=timer", f"WHEELHOUSE={stick}")
    assert done.returncode != 0
    assert told in done.stderr
    assert (copy / ".venv/.ready").exists()


def test_the_lock_of_the_stick_is_the_one_that_is_installed(copy: Path, stick: Path) -> None:
    assert synced(copy, "install", f"WHEELHOUSE={stick}") == ["requirements/timer.txt"]


@pytest.mark.skipif(shutil.which("git") is None, reason="no git here")
def test_each_version_unpacks_beside_the_one_before(copy: Path) -> None:
    """Real archives of two commits; the packages are left out, as `pip` here does nothing."""
    (copy / ".tools/bin/python").symlink_to(sys.executable)
    (copy / ".gitignore").write_text("/.tools/\n/.venv/\n/stick/\n/server/\n")
    author = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    git(copy, "init", "--quiet")
    git(copy, "add", "--all")
    server = copy / "server"
    server.mkdir()
    names = []
    for change in ("one", "two"):
        git(copy, *author, "commit", "--quiet", "--allow-empty", "--message", change)
        done = make(copy, "wheelhouse", "LOCK=timer", f"TO={copy / 'stick'}")
        assert done.returncode == 0, done.stderr
        [archive] = (copy / "stick").glob("*.tar.gz")
        assert archive.name in (copy / "stick/SHA256SUMS").read_text()
        subprocess.run(["tar", "xzf", archive], cwd=server, check=True)
        names.append(done.stdout.split()[-1])
        assert archive.name == f"{names[-1]}.tar.gz"
    assert names[0] != names[1]
    for name in names:
        assert name.startswith(f"cacilm-drought-{version(copy)}-")
        assert (server / name / "Makefile").is_file()
    assert sorted(path.name for path in server.iterdir()) == sorted(names)


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True)


def version(folder: Path) -> str:
    told: str = tomllib.loads((folder / "pyproject.toml").read_text())["project"]["version"]
    return told
