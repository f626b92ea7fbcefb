"""Messages encoded by ecCodes, which runs in a process of its own, as everywhere: see `apart`."""

from __future__ import annotations

import atexit
import json
import subprocess
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[3]


def encoded(name: str, *arguments: object) -> bytes:
    """The message that the function `name` of the encoder makes."""
    encoder = _encoder()
    assert encoder.stdin is not None
    assert encoder.stdout is not None
    encoder.stdin.write(json.dumps([name, arguments]) + "\n")
    encoder.stdin.flush()
    answer = encoder.stdout.readline()
    assert answer, f"the encoder could not make {name}{arguments}; it says why above"
    return bytes.fromhex(answer)


@cache
def _encoder() -> subprocess.Popen[str]:
    """One for each process of pytest: it takes a third of a second to start."""
    encoder = subprocess.Popen(
        [sys.executable, "-m", "tests.unit.sources.encoder"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    atexit.register(encoder.communicate)
    return encoder
