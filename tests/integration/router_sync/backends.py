"""Small real HTTP servers: each answers its name, and holds requests until a test lets go."""

import base64
import contextlib
import hashlib
import itertools
import socket
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SLOW_S = 1.0
LATE_S = 0.1
WAITS_S = {"/late": LATE_S, "/slow": SLOW_S}
_RESET = struct.pack("ii", 1, 0)  # linger for no time: close() sends a reset
_numbers = itertools.count(2)


class Answers(BaseHTTPRequestHandler):
    """`/` at once, `/late` and `/slow` later, `/held` when let go, `/stream` in parts, or a ws.

    `/fail` is answered with 500, `/half` in part, `/rude` and `/reset` not at all.
    """

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or headers and body are 40 ms apart
    server: "Backend"

    def do_GET(self) -> None:
        """By path."""
        if self.headers.get("Upgrade") == "websocket":
            return self._echo()
        if self.path == "/stream":
            return self._stream()
        if self.path in ("/rude", "/reset", "/half"):
            return self.break_off()
        self._wait()
        if self.path == "/headers":
            return self._answer(str(self.headers))
        if self.server.fails or self.path == "/fail":
            return self._answer("failed", 500)
        return self._answer(self.server.name)

    do_POST = do_GET

    def _wait(self) -> None:
        if self.path == "/held":
            self.server.let_go.wait(30)
        elif wait_s := WAITS_S.get(self.path):
            self.server.stopped.wait(wait_s)

    def break_off(self) -> None:
        """Without an answer, or with half of one."""
        self.close_connection = True
        if self.path == "/reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self.connection.close()
        if self.path == "/half":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf ")

    def _answer(self, text: str, status: int = 200) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(status)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def _stream(self) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for number in range(2):
            text = f"{self.server.name} {number}\n"
            self.wfile.write(f"{len(text):x}\r\n{text}\r\n".encode())
            self.wfile.flush()
            self.server.let_go.wait(30)
        self.wfile.write(b"0\r\n\r\n")

    def _echo(self) -> None:
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        key = self.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        digest = hashlib.sha1(key.encode(), usedforsecurity=False).digest()  # RFC 6455
        self.send_header("Sec-WebSocket-Accept", base64.b64encode(digest).decode())
        self.end_headers()
        while line := self.rfile.readline():
            self.wfile.write(f"{self.server.name} {line.decode()}".encode())
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Be quiet."""


class Backend(ThreadingHTTPServer):
    """One of them, on an address of its own."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, name: str) -> None:
        self.name = name
        self.fails = False
        self.let_go = threading.Event()
        self.stopped = threading.Event()
        super().__init__((f"127.0.0.{next(_numbers) % 250 + 2}", 0), Answers)
        self.thread = threading.Thread(target=self.serve_forever, args=(0.01,))
        self.thread.start()

    @property
    def address(self) -> str:
        """`127.0.0.5:40123`."""
        return "{}:{}".format(*self.server_address)

    @property
    def url(self) -> str:
        """As a route names it."""
        return f"http://{self.address}"

    def stop(self) -> None:
        """As a container that died: connections are refused."""
        self.let_go.set()
        self.stopped.set()
        self.shutdown()
        self.server_close()
        self.thread.join()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is none of ours."""


class Backends:
    """Starts backends and stops them all at the end."""

    def __init__(self) -> None:
        self._stack = contextlib.ExitStack()

    def start(self, name: str) -> Backend:
        """One that answers with its name."""
        backend = Backend(name)
        self._stack.callback(backend.stop)
        return backend

    def __enter__(self) -> "Backends":
        return self

    def __exit__(self, *details: object) -> None:
        self._stack.close()


def nobody() -> str:
    """An address that refuses connections."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return "http://{}:{}".format(*probe.getsockname())
