"""Programs of ours that read what others wrote, each run in a process of its own.

ecCodes brings a PROJ of its own, which clashes with that of pyproj; and over damaged bytes it
aborts, crashes or never comes back, where no exception can be caught. A workbook of some kilobytes
may ask for any amount of memory. Here are both sides: `ask` for us, and `answer` for the programs,
which import little so that they start fast.
"""

from __future__ import annotations

import os
import re
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable

from pipeline.sources import machine

MOST_MEMORY = min(4 << 30, max(1 << 30, machine.memory() // 2))
"""A damaged message may ask for any number of points; a program may bind itself to less. A program
that takes all memory is ended by the system, which looks like a fault of the machine."""
REFUSED = 65
"""Exit code of a program that wrote why it has no answer."""
FROM_OUTSIDE = {-signal.SIGHUP, -signal.SIGINT, -signal.SIGKILL, -signal.SIGTERM}
"""Nothing that a file holds ends a program so: memory ran out, or somebody stopped it."""
TRACEBACK = b"Traceback (most recent call last)"

_NEEDED = re.compile(
    r"PATH|HOME|TMPDIR|TZ|LANG|LD_LIBRARY_PATH|VIRTUAL_ENV|(LC|OMP|ECCODES|PROJ|HDF5)_\w+|PYTHON\w+"
)
"""What programs are told of our environment: where things lie. They read files of others, and no key."""
_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
"""Where there are many processors, numpy's threads alone would take up what memory is given."""


class UnansweredError(Exception):
    """Why a program cannot read what it was given, in a few words on one line."""


def ask(
    program: str, *arguments: str, seconds: float, given: bytes = b"", reader: str = "ecCodes"
) -> bytes:
    """Run the module `program` in a process of its own and return what it answers.

    Args:
        program: name of a module of ours that ends with what `answer` returns.
        arguments: what it finds behind its name.
        seconds: how long it may take.
        given: what it reads from its standard input.
        reader: what it calls, for errors.

    Raises:
        UnansweredError: it refused, broke down, or came to no end; it would again.
        OSError: it could not be started, was ended from outside, or has a defect of its own.
    """
    try:
        done = subprocess.run(  # noqa: S603  our own program, and no shell
            # -P: no module is taken from the folder one stands in, which may hold what others wrote.
            [sys.executable, "-P", "-m", program, *arguments],
            input=given,
            capture_output=True,
            check=False,
            timeout=seconds,
            env={n: one for n, one in os.environ.items() if _NEEDED.fullmatch(n)} | _ONE_THREAD,
        )
    except subprocess.TimeoutExpired as error:
        raise UnansweredError(f"{reader} comes to no end with it") from error
    if done.returncode == REFUSED:
        raise UnansweredError(_one_line(done.stdout))
    if done.returncode in FROM_OUTSIDE or (done.returncode > 0 and TRACEBACK in done.stderr):
        said = _one_line(done.stderr.strip().rpartition(b"\n")[2]) or "nothing"
        raise ChildProcessError(
            f"{program}: expected an answer, got exit code {done.returncode}, and it said: {said}; "
            "look whether memory ran out, try again"
        )
    if done.returncode:
        raise UnansweredError(f"{reader} broke down over it")
    return done.stdout


def answer(made: Callable[[], Iterable[bytes]], *, memory: int = MOST_MEMORY) -> int:
    """Write what `made` returns to standard output, or why it cannot; return the exit code.

    Memory is bounded. What a library prints meanwhile goes to standard error. An OSError is raised:
    it is the machine's fault, and not that of what was given.
    """
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as output:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        try:
            told, code = list(made()), 0
        except OSError:
            raise
        except Exception as error:  # noqa: BLE001  of damaged bytes bindings raise anything
            told, code = [(str(error) or repr(error)).encode()], REFUSED
        output.writelines(told)
    return code


def _one_line(text: bytes) -> str:
    return " ".join(text.decode(errors="replace").split())
