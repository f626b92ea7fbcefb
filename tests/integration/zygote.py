"""``python -m tests.integration.zygote``: runs `drought`, again and again, each in a process of its own.

Importing the science takes seconds; a process that has done it once is forked for each line it
reads. A line is JSON: the arguments and the environment. It answers with the process id, and when
that has ended, with its exit code, negative if it was killed.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from pipeline import cli, wiring
from pipeline.steps import fetch_at_once  # noqa: F401 - what the command imports late


def main() -> None:
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            _run(asked["arguments"], asked["environment"], Path(asked["log"]))
        print(child, flush=True)  # noqa: T201 - to the test
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201 - likewise


def _run(arguments: list[str], environment: dict[str, str], log: Path) -> None:
    code = 1
    try:
        os.environ.update(environment)
        wiring.settings.cache_clear()
        sys.argv = ["drought", *arguments]
        with log.open("a") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        cli.main()
        code = 0
    except SystemExit as ended:
        code = int(ended.code or 0)
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
