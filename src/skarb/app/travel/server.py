"""Where other providers knock: HTTPS of the standard library, because it shows us the certificate at the other end.

A connection without a certificate, or with one that is expired or signed by nobody we trust, ends in the handshake. Whose
certificate it is, the office asks the register. Everything has a limit: the time a piece may take, the bytes of a message, the
connections at once.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import socket
from threading import BoundedSemaphore, Thread
from time import monotonic
from typing import Any, Self

import msgspec

from skarb import __version__
from skarb.app.travel.office import Office
from skarb.app.travel.wire import SECONDS, Credentials, Reply, fingerprint
from skarb.core.errors import SkarbError, Unavailable
from skarb.travelrule.messages import CONTENT_TYPE, VERSION, Extensions, Kind, Message, VersionInfo, write_message
from skarb.travelrule.reading import LARGEST

_AT_ONCE = 32
_BLOCK = 1 << 14
_SAYINGS = ("identity", "version", "extensions", "uptime")
_KINDS: dict[str, Kind] = {"inquiries": "inquiry", "resolutions": "resolution", "confirmations": "confirmation"}


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    server_version = "skarb"
    sys_version = ""
    timeout = SECONDS

    def do_POST(self) -> None:
        """Take a message."""
        place, size = self._place(), self.headers.get("content-length", "")
        if not size.isdigit() or len(size) > 12:
            self._answer(Reply(411, b""))
            return
        body = self._body(int(size))
        if len(body) < min(int(size), LARGEST):
            self.close_connection = True  # cut off: nothing of it was said
        elif len(place) != 2 or place[0] not in _KINDS:
            self._answer(Reply(404, b""))
        elif int(size) > LARGEST:
            self._answer(Reply(413, b""))
        else:
            self._answer(self.server.office.receive(_KINDS[place[0]], place[1], self._shown(), dict(self.headers.items()), body))

    def _body(self, size: int) -> bytes:
        """Return the body as far as it is allowed to go; some of the rest is read away, so that the other side hears the answer."""
        body = self.rfile.read(min(size, LARGEST))
        left = min(size - len(body), 8 * LARGEST)
        while left > 0 and (part := self.rfile.read1(min(left, _BLOCK))):
            left -= len(part)
        return body

    def do_GET(self) -> None:
        """Say who we are."""
        try:
            self.server.office.directory.owner(self._shown(), self.server.office.day)
            sayings: dict[str, Callable[[], Message]] = {
                "identity": self.server.office.identity, "version": _version, "extensions": Extensions
            }  # fmt: skip
            place = "/".join(self._place())
            if place == "uptime":
                self._answer(Reply(200, str(int(monotonic() - self.server.started)).encode(), media="text/plain; charset=utf-8"))
                return
            said = sayings.get(place)
            self._answer(Reply(404, b"") if said is None else Reply(200, write_message(said())))
        except SkarbError as error:
            self._answer(Reply(403, msgspec.json.encode({"error": str(error)})))

    def _not_here(self) -> None:
        """Refuse a method that no message has."""
        self._answer(Reply(405, b""))

    do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _not_here  # noqa: N815 (the names that the library calls them by)

    def _place(self) -> list[str]:
        path = self.path.partition("?")[0]
        base = self.server.base
        if base and path.strip("/") in _SAYINGS:
            return [path.strip("/")]  # who a host is, others ask at its root, wherever it takes inquiries
        return path.removeprefix(base).strip("/").split("/") if path.startswith(base) else []

    def _shown(self) -> str:
        connection = self.connection
        assert isinstance(connection, ssl.SSLSocket)
        return fingerprint(connection.getpeercert(binary_form=True) or b"")

    def _answer(self, reply: Reply) -> None:
        self.close_connection = True  # one message a connection: who holds it open takes nobody's place
        self.send_response(reply.status)
        self.send_header("api-version", VERSION)
        self.send_header("content-type", reply.media or CONTENT_TYPE)
        if reply.status == 405:
            self.send_header("allow", "GET, POST")
        request = self.headers.get("request-identifier", "")
        if request and request.isprintable():
            self.send_header("request-identifier", request[:64])
        if reply.status != 204:
            self.send_header("content-length", str(len(reply.body)))
        self.send_header("connection", "close")
        self.end_headers()
        self.wfile.write(reply.body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the name that the library calls it by)
        """Say nothing: who sent what is in the store."""


def _version() -> VersionInfo:
    return VersionInfo(version=__version__, vendor="Skarb")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], office: Office, context: ssl.SSLContext, base: str) -> None:
        self.office, self.base, self._context = office, base, context
        self.started = monotonic()
        self._free = BoundedSemaphore(_AT_ONCE)
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._free.acquire(timeout=SECONDS):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def finish_request(self, request: socket | tuple[bytes, socket], client_address: Any) -> None:
        assert isinstance(request, socket)
        request.settimeout(SECONDS)
        with self._context.wrap_socket(request, server_side=True) as secured:
            _Handler(secured, client_address, self)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A handshake that failed or a connection that broke is the other side's affair; nothing of it happened here."""


class Listening:
    """A server that answers in threads of its own until it is closed."""

    def __init__(self, office: Office, credentials: Credentials, host: str, port: int, base: str = "") -> None:
        """Listen; port 0 means any free one.

        Raises: NotFound, ConfigurationError; Unavailable if the address cannot be listened on
        """
        context = credentials.context(server=True)
        try:
            self._server = _Server((host, port), office, context, base)
        except OSError as error:
            raise Unavailable(f"{host}:{port} cannot be listened on ({error.strerror or error})") from None
        self.port: int = self._server.server_address[1]
        self._thread = Thread(target=self._server.serve_forever, args=(0.1,), name="skarb-travel", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def wait(self, tick: Callable[[], object] | None = None, seconds: float = 1.0) -> None:
        """Wait until the server is closed; do something every so many seconds."""
        while self._thread.is_alive():
            self._thread.join(seconds)
            if tick is not None and self._thread.is_alive():
                tick()

    def close(self) -> None:
        """Stop listening; what has been taken in is on disk."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
