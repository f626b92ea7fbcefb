"""A data store on this machine that speaks the protocol of the Climate Data Store.

It answers the unmodified `cdsapi` client: look at the process, submit, poll, results, download.
What it serves is the simulated climate, up to the `newest_month` it is told.
"""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Literal, Self
from urllib.parse import parse_qsl, urlsplit

from pipeline.core.months import Month
from pipeline.local.simulated_climate import DEFAULT_SEED
from pipeline.local.store_desk import Behaviour, Call, Desk, RefusalError, Reply

Moment = Literal["before", "acted", "after"]
"""Of a call: before the store acts on it; after that, before it answers; after the answer."""

OnCall = Callable[[Moment, str, str], None]
"""Told the moment, the method and the path. A `ConnectionError` it raises hangs up."""

DEFAULT_KEY = "51a71a7e-d000-4000-8000-000000000000"
"""The key the store takes unless told another. It is no secret: it opens nothing else."""

_ROUTES = (
    ("GET", r"/catalogue/v1/messages", "messages"),
    ("GET", r"/catalogue/v1/collections/([^/]+)", "collection"),
    ("GET", r"/catalogue/v1/collections/([^/]+)/form\.json", "form"),
    ("GET", r"/retrieve/v1/processes/([^/]+)", "process"),
    ("POST", r"/retrieve/v1/processes/([^/]+)/execution", "submit"),
    ("POST", r"/retrieve/v1/processes/([^/]+)/costing", "costs"),
    ("GET", r"/retrieve/v1/jobs", "list_jobs"),
    ("GET", r"/retrieve/v1/jobs/([^/]+)", "poll"),
    ("GET", r"/retrieve/v1/jobs/([^/]+)/results", "results"),
    ("DELETE", r"/retrieve/v1/jobs/([^/]+)", "delete"),
    ("POST", r"/profiles/v1/account/verification/pat", "account"),
    ("GET", r"/profiles/v1/account/licences", "licences"),
)
_OPEN_TO_ALL = frozenset({"messages", "collection", "form", "process"})
_MAINTENANCE = b"<html><body><h1>503</h1>The data store is down for maintenance.</body></html>"
_DOWNLOAD = re.compile(r"/api/cache/([^/]+)\.(?:nc|zip)")


class DataStore:
    """The simulated store, listening on this machine from its construction to `close`.

    As a context manager it serves from a thread; `serve` holds a process of its own.
    """

    def __init__(
        self,
        newest_month: Month,
        *,
        seed: int = DEFAULT_SEED,
        key: str = DEFAULT_KEY,
        port: int = 0,
        behaviour: Behaviour | None = None,
        on_call: OnCall = lambda moment, method, path: None,
    ) -> None:
        """Listen on `port` of the loopback (0 takes a free one) for holders of `key`.

        `on_call` is told of every call while the client waits for it.
        """
        self.key = key
        self.behaviour = behaviour or Behaviour()
        self.desk = Desk(newest_month, seed, self.behaviour)
        self.requests: list[tuple[str, str]] = []
        """Method and path of every call, in order."""
        self.on_call = on_call
        self.server = ThreadingHTTPServer(("127.0.0.1", port), partial(_Handler, self))
        self.server.daemon_threads = True
        self.desk.url = self.url
        self._thread = threading.Thread(target=self.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        """What goes into `CDSAPI_URL`."""
        return f"http://127.0.0.1:{self.server.server_port}/api"

    def serve_forever(self) -> None:
        self.server.serve_forever(poll_interval=0.05)

    def close(self) -> None:
        self.server.server_close()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.server.shutdown()
        self._thread.join()
        self.close()


def serve(
    newest_month: Month,
    *,
    announce: Callable[[str], object],
    seed: int = DEFAULT_SEED,
    key: str = DEFAULT_KEY,
    port: int = 0,
) -> None:
    """Serve until the process ends; `announce` is told the URL once the store listens."""
    store = DataStore(newest_month, seed=seed, key=key, port=port)
    announce(store.url)
    try:
        store.serve_forever()
    finally:
        store.close()


class _Handler(BaseHTTPRequestHandler):
    """One HTTP call. HTTP/1.0 on purpose: each connection ends with its reply."""

    def __init__(
        self,
        store: DataStore,
        connection: socket.socket,
        client: tuple[str, int],
        server: ThreadingHTTPServer,
    ) -> None:
        self.store = store
        super().__init__(connection, client, server)

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Say nothing: the client's side is what is watched."""

    def _answer(self) -> None:
        path = urlsplit(self.path).path
        self.store.requests.append((self.command, path))
        try:
            self.store.on_call("before", self.command, path)
            self._serve(path)
            self.store.on_call("after", self.command, path)
        except RefusalError as refusal:
            self._send_json(refusal.status, refusal.document)
        except ConnectionError:
            self.close_connection = True

    def _serve(self, path: str) -> None:
        faults = self.store.desk.faults
        download = _DOWNLOAD.fullmatch(path)
        if not path.endswith("/messages") and faults.take("maintenance"):
            self._send(HTTPStatus.SERVICE_UNAVAILABLE, "text/html", _MAINTENANCE)
        elif download and self.command in {"GET", "HEAD"}:
            self._send_file(path, download[1])
        else:
            reply = self._reply(path)
            self.store.on_call("acted", self.command, path)
            if path.endswith("/execution") and faults.take("lose_submit_replies"):
                raise ConnectionError("the answer is lost, as the behaviour wants it")
            self._send_json(HTTPStatus.OK, reply)

    def _reply(self, path: str) -> Reply:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        for method, pattern, endpoint in _ROUTES:
            found = re.fullmatch(f"/api{pattern}", path)
            if found and method == self.command:
                if endpoint not in _OPEN_TO_ALL:
                    self._check_key()
                name = found[1] if found.groups() else ""
                query = dict(parse_qsl(urlsplit(self.path).query))
                call = Call(name, _json(body), query)
                reply: Reply = getattr(self.store.desk, endpoint)(call)
                return reply
        raise RefusalError(HTTPStatus.NOT_FOUND, "not found", detail=f"{self.command} {path}")

    def _check_key(self) -> None:
        if self.headers.get("PRIVATE-TOKEN") != self.store.key:
            raise RefusalError(
                HTTPStatus.UNAUTHORIZED, "permission denied", detail="authentication required"
            )

    def _send_json(self, status: HTTPStatus, document: Reply) -> None:
        self._send(status, "application/json", json.dumps(document).encode())

    def _send(self, status: HTTPStatus, media_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _send_file(self, path: str, job_id: str) -> None:
        job = self.store.desk.jobs.get(job_id)
        if job is None or not job.file:
            raise RefusalError(HTTPStatus.NOT_FOUND, "not found", detail="no such file")
        faults, spoil = self.store.desk.faults, self.store.behaviour.spoil
        file = _spoilt(job.file, spoil if faults.take("spoilt_downloads") else "")
        start = _range_start(self.headers.get("Range"))
        body = file[start:]
        self.send_response(HTTPStatus.PARTIAL_CONTENT if start else HTTPStatus.OK)
        self.send_header("Content-Type", job.media_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Accept-Ranges", "bytes")
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(file) - 1}/{len(file)}")
        self.end_headers()
        self.store.on_call("acted", self.command, path)
        if self.command == "GET":
            is_cut = faults.take("cut_downloads")
            self.wfile.write(body[: len(body) // 2] if is_cut else body)


def _spoilt(file: bytes, spoil: str) -> bytes:
    if spoil == "short":
        return file[: len(file) // 2]
    if spoil == "corrupt":
        return file[:-1] + bytes([file[-1] ^ 0xFF])
    return file


def _range_start(header: str | None) -> int:
    found = re.fullmatch(r"bytes=(\d+)-", header or "")
    return int(found[1]) if found else 0


def _json(body: bytes) -> object:
    try:
        document: object = json.loads(body or b"{}")
    except json.JSONDecodeError as error:
        raise RefusalError(
            HTTPStatus.UNPROCESSABLE_ENTITY, "invalid body", detail=str(error)
        ) from error
    return document
