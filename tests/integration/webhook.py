"""A web server on this machine that keeps what it is sent, and can be as difficult as a real one."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HOST = "127.0.0.1"
HANG, DROP, TAKE_AND_DROP = -1, -2, -3
"""Instead of a status: never answer, end the connection at once, or only after all was kept."""


@dataclass(frozen=True)
class Call:
    """One request that was kept."""

    path: str
    headers: dict[str, str]
    body: str


@dataclass
class Webhook:
    """What came, and how the server answers."""

    status: int = 200
    says: str = "{}"
    calls: list[Call] = field(default_factory=list)
    """What it took: answered with 200, or kept although nobody heard of it."""
    asked: int = 0
    """How often it was called."""
    port: int = 0
    released: threading.Event = field(default_factory=threading.Event)

    @property
    def keys(self) -> list[str]:
        return [call.headers["Idempotency-Key"] for call in self.calls]


def _handler(hook: Webhook) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            hook.asked += 1
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            status = hook.status
            if status in {200, TAKE_AND_DROP}:
                hook.calls.append(Call(self.path, dict(self.headers), body))
            if status == HANG:
                hook.released.wait(20)
            if status < 0:
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
                return
            self.send_response(status)
            if status in {301, 302}:
                self.send_header("Location", "/elsewhere")
            self.end_headers()
            self.wfile.write(hook.says.encode())

        def do_GET(self) -> None:
            """As most servers answer to a POST that a redirect made a GET."""
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            pass

    return Handler


@contextmanager
def answering(hook: Webhook) -> Iterator[Webhook]:
    """Open the server on a free port for a while."""
    server = ThreadingHTTPServer((HOST, 0), _handler(hook))
    hook.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield hook
    finally:
        hook.released.set()
        server.shutdown()
        thread.join()
        server.server_close()
