"""Secrets stay where they are set: not in what commands print, log, note in the warehouse or publish."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

import pytest
from sqlalchemy import create_engine, text

from pipeline.alerts.recipients import Form
from pipeline.core.months import Month
from pipeline.local.data_store import DataStore
from pipeline.local.postgres import EmbeddedPostgres
from pipeline.local.store_desk import Behaviour
from pipeline.steps.approve import approve
from pipeline.steps.evaluate import evaluate
from pipeline.steps.golive import golive
from pipeline.steps.installation import Installation
from pipeline.steps.status import pending_alerts
from tests.integration.conftest import TEMPLATE
from tests.integration.databases import copy_database
from tests.integration.little_world import JANUARY, landscape, say_spi_3, settle
from tests.integration.postbox import HOST, Postbox, free_port, listening
from tests.integration.readers import COMMITTEE, register
from tests.integration.webhook import Webhook, answering
from tests.unit.alerts.cases import APPROVAL

pytestmark = pytest.mark.postgres

# Each opens nothing.
KEY = "planted-key-5f1c"
MAIL = "planted mail+5f1c"
TOKEN = "planted-token-5f1c"  # noqa: S105
ARCHIVE = "planted-archive-5f1c"
DROP = "planted-drop-5f1c"
DATABASE = "planted%base-5f1c"
ALL = (KEY, MAIL, TOKEN, ARCHIVE, DROP, DATABASE)
DROUGHT = str(Path(sys.executable).with_name("drought"))
RUN_DAGS = """
import json, os, sys
from datetime import UTC, datetime
from pipeline import wiring
os.environ.update(wiring.airflow_environment())
from pipeline.orchestration import rehearsal
rehearsal.prepare()
for dag in ("ingest_era5_land", "deliver_alerts"):
    try:
        rehearsal.run_dags([dag], "2026-09", datetime.now(UTC))
    except rehearsal.RehearsalError as error:
        print("ended:", error, flush=True)
"""


def spellings(secret: str) -> set[bytes]:
    """A secret as it is, quoted for a URL, and as mail and web servers are told it."""
    plain = {secret, quote(secret, safe=""), quote(secret)}
    return {one.encode() for one in plain} | {base64.b64encode(secret.encode()).rstrip(b"=")}


def secrets_in(where: str, content: bytes, secrets: Sequence[str] = ALL) -> list[str]:
    return [
        f"{where}: {secret!r} in ...{content[max(0, content.find(one) - 120) : content.find(one) + 60]!r}"
        for secret in secrets
        for one in spellings(secret)
        if one in content
    ]


def arguments_of(process: subprocess.Popen[bytes]) -> set[bytes]:
    """The command lines of a process and of those it started, until it ends."""
    seen: set[bytes] = set()
    while process.poll() is None:
        seen |= {_arguments(pid) for pid in _with_children(process.pid)}
        time.sleep(0.005)
    return seen - {b""}


def _with_children(pid: int) -> Iterator[int]:
    yield pid
    for tasks in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = tasks.read_text().split()
        except OSError:
            continue
        for child in children:
            yield from _with_children(int(child))


def _arguments(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


@dataclass(frozen=True)
class Office:
    """An installation with a secret in every setting that takes one, and servers that refuse them."""

    url: str
    var: Path
    environment: dict[str, str]

    def run(self, *arguments: str, **changed: str) -> bytes:
        """Run the command; return all that it printed."""
        done = subprocess.run(
            [DROUGHT, *arguments],
            env={**self.environment, **changed},
            capture_output=True,
            check=False,
        )
        return done.stdout + done.stderr

    def left(self) -> dict[str, bytes]:
        """All that was written down, in files and in the warehouse."""
        engine = create_engine(self.url)
        with engine.connect() as connection:
            tables = connection.execute(
                text("SELECT oid::regclass::text FROM pg_class WHERE relkind IN ('r', 'v') AND "
                     "relnamespace::regnamespace::text IN ('ops', 'alert', 'series', 'plan', 'mart')")
            ).scalars()  # fmt: skip
            held = {
                one: "\n".join(
                    connection.execute(text(f"SELECT t::text FROM {one} AS t")).scalars()  # noqa: S608
                ).encode()
                for one in tables.all()
            }
        engine.dispose()
        files = {str(path): path.read_bytes() for path in self.var.rglob("*") if path.is_file()}
        assert any(files.values())
        return held | files


def wait_for_answer(office: Installation) -> None:
    """Leave an approved alert that is to go out by mail and by a channel."""
    settle(office.warehouse, [landscape("A")])
    say_spi_3(office.warehouse, {"A": [0.4, -1.2]})
    register(
        office.warehouse,
        COMMITTEE,
        replace(COMMITTEE, recipient_id="chat", channel="chat", form=Form.BRIEF),
    )
    golive(office, JANUARY + 1)
    evaluate(office)
    approve(office, pending_alerts(office), APPROVAL, accepts_unchecked=True)


@pytest.fixture
def office(
    postgres: EmbeddedPostgres, installation: Installation, warehouse_url: str, tmp_path: Path
) -> Iterator[Office]:
    wait_for_answer(installation)
    var = installation.settings.var
    (var / "incoming").mkdir(parents=True, exist_ok=True)
    postbox = Postbox(free_port())
    hook = Webhook(status=403, says=f'{{"error": "{TOKEN} is not welcome"}}')
    with (
        DataStore(Month(2026, 9), behaviour=Behaviour(queue_polls=0)) as store,
        listening(postbox),
        answering(hook),
    ):
        channels = tmp_path / "channels.yaml"
        channels.write_text(
            f'chat: {{url: "json://user:{TOKEN}@{HOST}:{hook.port}/{TOKEN}?-to={{address}}", form: brief}}\n'
        )
        channels.chmod(0o600)
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "NO_PROXY": "127.0.0.1",
            "PYTHONWARNINGS": "ignore",
            "DROUGHT_VAR": str(var),
            "DROUGHT_DATABASE_URL": warehouse_url,
            "DROUGHT_CHANNELS": str(channels),
            "DROUGHT_SMTP_HOST": HOST,
            "DROUGHT_SMTP_PORT": str(postbox.port),
            "DROUGHT_SMTP_USER": "operator",
            "DROUGHT_SMTP_PASSWORD": MAIL,
            "CDSAPI_URL": store.url,
            "CDSAPI_KEY": KEY,
            "DROUGHT_CDS_PAUSE_SECONDS": "0.02",
            "DROUGHT_CDS_WAIT_SECONDS": "2",
            "DROUGHT_TRUST_CLOCK": "true",
        }
        yield Office(warehouse_url, var, environment)


def test_commands_whose_secrets_are_refused_tell_none(office: Office) -> None:
    archive = {"DROUGHT_ARCHIVE_URL": f"ftp://agency:{ARCHIVE}@127.0.0.1:1/archive"}
    drop = {"DROUGHT_WATCH": f"ftp://agency:{DROP}@127.0.0.1:1/in"}
    wrong = office.url.replace("postgresql+psycopg", "postgresql")
    scheme, _, rest = wrong.partition("://")
    at = rest.partition("@")[2]
    bad_password = f"{scheme}://drought:{quote(DATABASE, safe='')}@{at}"
    password_in_query = f"{scheme}://{at}?user=drought&password={quote(DATABASE, safe='')}"
    no_host = f"{scheme}://drought:{quote(DATABASE, safe='')}@no-such-host.invalid/drought"
    told = {
        "fetch": office.run("ingest", "era5-land", "--from", "2026-09", "--to", "2026-09"),
        "deliver": office.run("deliver", "--now"),
        "archive": office.run("ingest", "stations", __file__, **archive),
        "watch": office.run("ingest", "watch", drop["DROUGHT_WATCH"], **drop),
        "run": office.run("run", "--from", "2026-09", "--to", "2026-09", **drop),
        "doctor": office.run("doctor", "--json", **archive, **drop),
        "status": office.run("status", "--json", **archive),
        "bad password": office.run("status", DROUGHT_DATABASE_URL=bad_password),
        "password in the query": office.run("status", DROUGHT_DATABASE_URL=password_in_query),
        "no host": office.run("doctor", "--json", DROUGHT_DATABASE_URL=no_host),
        "two @": office.run("status", DROUGHT_DATABASE_URL=f"{scheme}://d:a@{DATABASE}@{at}"),
        "no number": office.run("status", DROUGHT_DATABASE_URL=f"{scheme}://d:{DATABASE}@h:port/d"),
        "unknown": office.run("status", DROUGHT_SMTP_PASWORD=MAIL),
        "publish": office.run("publish"),
    }
    assert b"403" in told["deliver"]
    assert b"mail server" in told["deliver"]
    assert b"CDSAPI_KEY" in told["fetch"]
    found = [
        one for name, said in {**told, **office.left()}.items() for one in secrets_in(name, said)
    ]
    assert found == []


@pytest.mark.airflow
def test_runs_in_airflow_tell_none(office: Office, postgres: EmbeddedPostgres) -> None:
    copy_database(postgres, "secrets_dag", TEMPLATE)
    database = office.var.with_name("airflow.db")
    done = subprocess.run(
        [sys.executable, "-c", RUN_DAGS],
        env={
            **office.environment,
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{database}",
        },
        capture_output=True,
        check=False,
    )
    assert done.stdout.count(b"ended:") == 2, done.stderr[-3000:].decode()
    # XCom, rendered templates, logs of the run: all of Airflow's database, and what it printed.
    kept = {"printed": done.stdout + done.stderr, "airflow": database.read_bytes()}
    assert len(kept["airflow"]) > 1000
    found = [
        one for name, said in {**kept, **office.left()}.items() for one in secrets_in(name, said)
    ]
    assert found == []


def test_no_password_stands_in_the_arguments_of_what_is_started(
    office: Office, warehouse_url: str
) -> None:
    password = warehouse_url.partition("//drought:")[2].partition("@")[0]
    assert len(password) > 10
    process = subprocess.Popen(
        [DROUGHT, "db", "backup"],
        env=office.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    seen = arguments_of(process)
    assert process.stderr is not None
    assert process.returncode == 0, process.stderr.read()
    process.stderr.close()
    assert any(b"pg_dump" in one for one in seen), "it was not seen"
    assert any(b"pg_restore" in one for one in seen), "it was not seen"
    assert [one for one in seen for _ in secrets_in("", one, (*ALL, password))] == []
