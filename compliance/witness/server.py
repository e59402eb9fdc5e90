"""The witness on HTTP: one address to post to, and its key to read."""

import socket
import sys
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from compliance.errors import ComplianceError
from compliance.ledger.witnessing import MAX_REQUEST
from compliance.witness.service import Answer, Witness

_MAX_CONNECTIONS = 64


class WitnessServer(ThreadingHTTPServer):
    """Answers each connection in a thread of its own; as many as 64 at once, further ones wait."""

    daemon_threads = True
    request_queue_size = 2 * _MAX_CONNECTIONS  # who waits for a free place waits here

    def __init__(self, address: tuple[str, int], witness: Witness) -> None:
        """Bind to ``address``; port 0 lets the system choose (read ``server_port``)."""
        self.witness = witness
        self._free = threading.BoundedSemaphore(_MAX_CONNECTIONS)
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, _Handler)

    def process_request(self, request: object, client_address: object) -> None:
        """Wait for a free place, then answer."""
        self._free.acquire()
        try:
            super().process_request(request, client_address)  # type: ignore[arg-type]
        except BaseException:
            self._free.release()
            raise

    def process_request_thread(self, request: object, client_address: object) -> None:
        """Answer, and give the place back."""
        try:
            super().process_request_thread(request, client_address)  # type: ignore[arg-type]
        finally:
            self._free.release()

    def handle_error(self, request: object, client_address: object) -> None:
        """Say in one line what went wrong; a client that hangs up is no news."""
        error = sys.exc_info()[1]
        if not isinstance(error, ConnectionError | TimeoutError):
            sys.stderr.write(f"witness: {error!r}\n")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # keep-alive: logs come back often
    timeout = 10  # seconds a client may stay silent
    server: WitnessServer

    def do_POST(self) -> None:
        if self.path != "/add-checkpoint":
            self._send(Answer(HTTPStatus.NOT_FOUND, b"POST /add-checkpoint\n"), close=True)
            return
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdigit() or "Transfer-Encoding" in self.headers:
            self._send(Answer(HTTPStatus.LENGTH_REQUIRED), close=True)
        elif len(length) > 9 or int(length) > MAX_REQUEST:
            self._send(Answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE), close=True)
        else:
            self._answer(int(length))

    def do_GET(self) -> None:
        if self.path != "/":
            self._send(Answer(HTTPStatus.NOT_FOUND))
            return
        self._send(Answer(HTTPStatus.OK, self.server.witness.signer.key.text.encode() + b"\n"))

    def log_message(self, *args: object) -> None:
        """Keep quiet: the supervisor has its own log."""

    def _answer(self, length: int) -> None:
        body = self.rfile.read(length)
        if len(body) < length:  # the client hung up in the middle
            self.close_connection = True
            return
        try:
            answer = self.server.witness.add_checkpoint(body)
        except (ComplianceError, OSError) as error:  # ours: a full disk, a damaged memory
            sys.stderr.write(f"witness: {error}\n")
            answer = Answer(HTTPStatus.SERVICE_UNAVAILABLE, b"The witness cannot remember.\n")
        self._send(answer)

    def _send(self, answer: Answer, *, close: bool = False) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        if close:  # an unread body would be taken for the next request
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        self.wfile.write(answer.body)
