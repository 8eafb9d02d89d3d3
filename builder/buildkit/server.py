"""A gRPC server on one connection that is there already: HTTP/2, streams, flow control."""

import select
import socket
from collections.abc import Container, Mapping, Sequence
from contextlib import suppress

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, Event, RequestReceived, StreamEnded, StreamReset
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes, Settings

from builder.buildkit.grpc import (
    Call,
    CallRefused,
    Messages,
    Metadata,
    Method,
    Status,
    ending,
)

_CHUNK_BYTES = 256 * 1024
_BATCH_BYTES = 256 * 1024  # made ready at once, before the socket is asked whether it takes them
_MOST_CALLS = 100
_MOST_HEADER_BYTES = 1 << 20  # the patterns of a long .dockerignore are headers
_SETTINGS = {
    SettingCodes.MAX_CONCURRENT_STREAMS: _MOST_CALLS,
    SettingCodes.MAX_HEADER_LIST_SIZE: _MOST_HEADER_BYTES,
}
_BEGIN = [(b":status", b"200"), (b"content-type", b"application/grpc")]


class _Stream:
    """A call and what of its answer waits to be sent."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.messages = Messages()
        self.pending = memoryview(b"")
        self.is_complete = False

    def refill(self) -> None:
        """Ask the call for more once all was sent."""
        if not self.pending and not self.is_complete:
            more = self.call.more()
            self.is_complete = more is None
            self.pending = memoryview(more or b"")


class Server:
    """Answers the calls of one client until it hangs up.

    An answer is made as fast as the client takes it: what a call holds is one batch.
    """

    def __init__(self, connection: socket.socket, methods: Mapping[str, Method]) -> None:
        self._socket = connection
        self._methods = methods
        self._streams: dict[int, _Stream] = {}
        self._http = H2Connection(
            H2Configuration(
                client_side=False,
                header_encoding=None,
                # Metadata is whatever a file is called; what we use of it is looked at.
                validate_inbound_headers=False,
                normalize_inbound_headers=False,
            )
        )
        self._http.local_settings = Settings(client=False, initial_values=_SETTINGS)
        self._http.decoder.max_header_list_size = _MOST_HEADER_BYTES

    def serve(self, received: bytes = b"") -> None:
        """Go on until the connection ends; `received` is what was read of it before.

        No error when the client hangs up or breaks the protocol: the connection is closed then.
        """
        self._http.initiate_connection()
        try:
            self._take(received)
            self._exchange()
        except (OSError, ProtocolError):
            return  # the client sees the end of the connection and says so in its own words
        finally:
            self._socket.close()

    def stop(self) -> None:
        """Hang up, from another thread."""
        with suppress(OSError):  # the client was first
            self._socket.shutdown(socket.SHUT_RDWR)

    def _exchange(self) -> None:
        self._socket.setblocking(False)
        poll = select.poll()
        outgoing = memoryview(b"")
        while True:
            if not outgoing:
                self._pump()
                outgoing = memoryview(self._http.data_to_send())
            poll.register(self._socket, select.POLLIN | (select.POLLOUT if outgoing else 0))
            ((_, ready),) = poll.poll()
            if ready & select.POLLOUT:
                outgoing = outgoing[self._socket.send(outgoing) :]
            if ready & ~select.POLLOUT:
                received = self._socket.recv(_CHUNK_BYTES)
                if not received:
                    return
                self._take(received)

    def _take(self, received: bytes) -> None:
        events = self._http.receive_data(received)
        # A call may be given up right behind its beginning: then nothing of it can be answered.
        given_up = {event.stream_id for event in events if isinstance(event, StreamReset)}
        for stream_id in given_up:
            self._streams.pop(stream_id, None)
        for event in events:
            self._on(event, given_up)

    def _on(self, event: Event, given_up: Container[int]) -> None:
        if isinstance(event, DataReceived):
            self._http.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            self._feed(event.stream_id, event.data)
        elif isinstance(event, RequestReceived) and event.stream_id not in given_up:
            self._begin(event.stream_id, event.headers)
        elif isinstance(event, StreamEnded):
            self._close(event.stream_id)

    def _begin(self, stream_id: int, headers: Sequence[tuple[bytes, bytes]]) -> None:
        self._http.send_headers(stream_id, _BEGIN)
        metadata = _metadata(headers)
        path = metadata.get(":path", [""])[0]
        try:
            if path not in self._methods:
                raise CallRefused(Status.UNIMPLEMENTED, f"{path} is not served here")
            self._streams[stream_id] = _Stream(self._methods[path](metadata))
        except CallRefused as refusal:
            self._end(stream_id, refusal.status, str(refusal))

    def _feed(self, stream_id: int, data: bytes) -> None:
        stream = self._streams.get(stream_id)
        if stream is None:
            return
        try:
            for message in stream.messages.feed(data):
                stream.call.receive(message)
        except CallRefused as refusal:
            self._end(stream_id, refusal.status, str(refusal))

    def _close(self, stream_id: int) -> None:
        """The client says no more. Whatever it has not asked for by now it will not ask for."""
        stream = self._streams.get(stream_id)
        if stream is None or not self._refill(stream_id, stream):
            return
        if not stream.pending and not stream.is_complete:
            self._end(stream_id, Status.INVALID_ARGUMENT, "the call ended before it asked anything")

    def _pump(self) -> None:
        """Make a batch of what may be sent, in turns."""
        sent = 0
        while sent < _BATCH_BYTES:
            before = sent
            for stream_id, stream in list(self._streams.items()):
                sent += self._send(stream_id, stream)
            if sent == before:
                return

    def _send(self, stream_id: int, stream: _Stream) -> int:
        if not self._refill(stream_id, stream):
            return 0
        if stream.is_complete and not stream.pending:
            self._end(stream_id, Status.OK)
            return 0
        size = min(
            len(stream.pending),
            self._http.local_flow_control_window(stream_id),
            self._http.max_outbound_frame_size,
        )
        if size <= 0:
            return 0
        self._http.send_data(stream_id, stream.pending[:size].tobytes())
        stream.pending = stream.pending[size:]
        return size

    def _refill(self, stream_id: int, stream: _Stream) -> bool:
        """Whether the call goes on."""
        try:
            stream.refill()
        except CallRefused as refusal:
            self._end(stream_id, refusal.status, str(refusal))
            return False
        return True

    def _end(self, stream_id: int, status: Status, reason: str = "") -> None:
        self._streams.pop(stream_id, None)
        self._http.send_headers(stream_id, ending(status, reason), end_stream=True)


def _metadata(headers: Sequence[tuple[bytes, bytes]]) -> Metadata:
    metadata: dict[str, list[str]] = {}
    for name, value in headers:
        metadata.setdefault(name.decode("latin-1").lower(), []).append(
            value.decode("utf-8", "surrogateescape")
        )
    return metadata
