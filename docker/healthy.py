#!/usr/bin/env python
"""Whether a service in a container works, for its health check: exit code 0 or 1, and a line why.

    healthy warehouse                                 the database of the settings answers
    healthy airflow PART [http://api-server:8080]     Airflow's own word for one of its parts
    healthy worker                                    this machine's Celery worker answers

It is asked once a minute on machines with two cores, so it imports little and never Airflow.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import urllib.request
from pathlib import Path

_SECONDS = 10.0
_HERE = "http://127.0.0.1:8080"
_BROKER = "AIRFLOW__CELERY__BROKER_URL"
_BROKER_FILE = Path(os.environ.get("CREDENTIALS_DIRECTORY", "/run/secrets"), "airflow_broker_url")


def warehouse() -> str:
    """Return what is wrong with the warehouse."""
    from pipeline import wiring
    from pipeline.core.errors import DroughtError

    try:
        if not wiring.has_warehouse():
            return "there is none yet: set DROUGHT_DATABASE_URL, and `drought db migrate`"
        wiring.connected()
    except DroughtError as error:
        return str(error)
    return ""


def airflow(part: str, url: str = _HERE) -> str:
    """Return what is wrong with a part of Airflow: metadatabase, scheduler, dag_processor."""
    # No proxy of the agency's stands between two containers.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{url}/api/v2/monitor/health", timeout=_SECONDS) as answer:
            said = json.loads(answer.read())
    except (OSError, ValueError) as error:
        return f"{url} gives no answer: {error}"
    state = (said.get(part) or {}).get("status")
    return "" if state == "healthy" else f"{part} is {state or 'not known'}"


def worker() -> str:
    """Return what is wrong with the worker of this container."""
    from celery import Celery

    name = f"celery@{socket.gethostname()}"
    try:
        broker = os.environ.get(_BROKER) or _BROKER_FILE.read_text(encoding="utf-8").strip()
        answers = Celery(broker=broker).control.inspect([name], timeout=_SECONDS).ping()
    except Exception as error:  # noqa: BLE001 - each broker has its own, and URLs in some of them
        return f"the broker gives no answer: {type(error).__name__}"
    return "" if answers else f"{name} gives no answer"


def main(words: list[str]) -> int:
    checks = {"warehouse": warehouse, "airflow": airflow, "worker": worker}
    if not words or words[0] not in checks:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    wrong = checks[words[0]](*words[1:])
    sys.stdout.write(f"{wrong or 'healthy'}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    # Threads of a broker that gives no answer are not waited for.
    os._exit(code)
