"""The other side of a session: a gRPC client that does what BuildKit does, or never would."""

import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    DataReceived,
    RequestReceived,
    ResponseReceived,
    SettingsAcknowledged,
    StreamReset,
    TrailersReceived,
)
from h2.settings import SettingCodes, Settings

from builder.buildkit.grpc import Messages, Method, frame
from builder.buildkit.server import Server

Headers = Sequence[tuple[bytes, bytes]]


class EngineSide:
    """Calls one method after another, or several at once."""

    def __init__(self, connection: socket.socket, window: int) -> None:
        self.socket = connection
        self.http = H2Connection(
            H2Configuration(
                header_encoding=None,
                normalize_outbound_headers=False,
                validate_outbound_headers=False,
            )
        )
        values = {SettingCodes.INITIAL_WINDOW_SIZE: window}
        self.http.local_settings = Settings(client=True, initial_values=values)
        self.http.initiate_connection()
        self.data: dict[int, bytes] = {}
        self.trailers: dict[int, dict[bytes, bytes]] = {}
        self.flush()
        self._until_settings_are_agreed()

    def call(self, path: str, metadata: Headers = (), *messages: bytes, end: bool = True) -> int:
        """Begin a call; return its stream."""
        stream = self.http.get_next_available_stream_id()
        head = [
            (b":method", b"POST"),
            (b":scheme", b"http"),
            (b":path", path.encode()),
            (b":authority", b"localhost"),
            (b"content-type", b"application/grpc"),
            *metadata,
        ]
        self.http.send_headers(stream, head)
        self.http.send_data(stream, b"".join(map(frame, messages)), end_stream=end)
        self.flush()
        return stream

    def say(self, stream: int, *messages: bytes) -> None:
        """Send more of a call."""
        self.http.send_data(stream, b"".join(map(frame, messages)))
        self.flush()

    def status(self, stream: int) -> tuple[int, str]:
        """Wait for the end of a call: its status and its reason."""
        while stream not in self.trailers:
            self.read()
        trailers = self.trailers[stream]
        return int(trailers[b"grpc-status"]), trailers.get(b"grpc-message", b"").decode()

    def messages(self, stream: int) -> list[bytes]:
        """All messages of a call so far."""
        return list(Messages().feed(self.data.get(stream, b"")))

    def read(self) -> None:
        """Take what comes next, and make room for as much again."""
        received = self.socket.recv(65536)
        assert received, "the server hung up"
        for event in self.http.receive_data(received):
            if isinstance(event, DataReceived):
                self.data[event.stream_id] = self.data.get(event.stream_id, b"") + event.data
                self.http.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, TrailersReceived | ResponseReceived):
                self.trailers.update(_ends(event))
            else:
                assert not isinstance(event, RequestReceived | StreamReset)
        self.flush()

    def flush(self) -> None:
        """Send what is ready."""
        self.socket.sendall(self.http.data_to_send())

    def _until_settings_are_agreed(self) -> None:
        agreed = False
        while not agreed:
            events = self.http.receive_data(self.socket.recv(65536))
            agreed = any(isinstance(event, SettingsAcknowledged) for event in events)
        self.flush()


def _ends(event: TrailersReceived | ResponseReceived) -> dict[int, dict[bytes, bytes]]:
    headers = dict(event.headers)
    return {event.stream_id: headers} if b"grpc-status" in headers else {}


@contextmanager
def served(methods: Mapping[str, Method], window: int = 65535) -> Iterator[EngineSide]:
    """A server of these methods in a thread, as a session has it."""
    ours, theirs = socket.socketpair()
    server = Server(ours, methods)
    thread = threading.Thread(target=server.serve)
    thread.start()
    theirs.settimeout(10)
    try:
        yield EngineSide(theirs, window)
    finally:
        theirs.close()
        thread.join(10)
        assert not thread.is_alive()
