"""What paramiko 5.1 lacks as a server that strangers can reach, and how each is mended."""

import logging
import socket
import time
from collections.abc import Callable
from typing import Any

import paramiko
from paramiko.common import (
    MSG_CHANNEL_DATA,
    MSG_CHANNEL_EXTENDED_DATA,
    MSG_CHANNEL_REQUEST,
)
from paramiko.kex_curve25519 import KexCurve25519
from paramiko.packet import Packetizer

from gitreceive import VERSION
from gitreceive.limits import Limits
from gitreceive.login import PatientAuthHandler

_log = logging.getLogger(__name__)
_KEEPALIVE_S = 15

# The parts of paramiko that a server has to change have no public name and no types.
_Packetizer: Any = Packetizer
_Transport: Any = paramiko.Transport
_Channel: Any = paramiko.Channel

# The light ones, and the one for the day of quantum computers where the library has it.
_KEXES = {
    "curve25519-sha256": KexCurve25519,  # paramiko knows it under its older name only
    **{
        name: kex
        for name, kex in _Transport._kex_info.items()
        if name.startswith(("curve25519-", "mlkem768x25519-", "ecdh-sha2-"))
    },
}


class BoundedPacketizer(_Packetizer):  # type: ignore[misc]  # its private parts are untyped
    """Refuses oversize packets before it reads them, and gives up on a stopped reader.

    paramiko reads a packet of any length that a stranger announces (400 MB took 483 MB
    and 20 s of CPU), reads a banner without end, and retries a blocked write for ever.
    """

    def __init__(self, sock: socket.socket, limits: Limits) -> None:
        super().__init__(sock)
        self._socket = sock
        self._limits = limits
        self._banner_bytes = 0
        self._login_bytes: int | None = limits.login_bytes  # left; None: logged in

    def trust(self) -> None:
        """The client has logged in: from now on it may send as much as it likes."""
        self._login_bytes = None

    def read_all(self, n: int, check_rekey: bool = False) -> bytes:
        """Read n bytes; SSHException where no packet is so long, or no login."""
        if n > self._limits.packet_bytes:
            raise paramiko.SSHException(f"a packet of {n} bytes was announced")
        if self._login_bytes is not None:
            self._login_bytes -= n
            if self._login_bytes < 0:
                raise paramiko.SSHException("more was sent than a login takes")
        # OpenSSH's client holds small packets back until the last one is acknowledged, and the
        # kernel would wait 40 ms for an answer to go with it: 96 ms for a command, 10 ms so.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        data: bytes = super().read_all(n, check_rekey)
        return data

    def write_all(self, out: bytes) -> None:
        """Send everything; EOFError when the reader takes nothing for `stall_s`."""
        left = memoryview(out)
        deadline = time.monotonic() + self._limits.stall_s
        while left:
            sent = self._send(left)
            if sent:
                left = left[sent:]
                deadline = time.monotonic() + self._limits.stall_s
            elif self.closed or time.monotonic() > deadline:
                hang_up(self._socket)
                raise EOFError("the client takes no bytes")

    def _send(self, data: memoryview) -> int:
        try:
            return self._socket.send(data)
        except TimeoutError:
            return 0
        except OSError as error:
            raise EOFError(str(error)) from error

    def _read_timeout(self, timeout: float) -> bytes:
        data: bytes = super()._read_timeout(timeout)
        self._banner_bytes += len(data)
        if self._banner_bytes > self._limits.banner_bytes:
            raise paramiko.SSHException("the banner does not end")
        return data

    def start_handshake(self, timeout: float) -> None:
        """No timer: a thread per stranger, and it ends after their first packet."""


class ServerTransport(_Transport):  # type: ignore[misc]  # its private parts are untyped
    """One SSH connection. `on_end` is called once, when it is over."""

    _preferred_kex = tuple(_KEXES)
    _preferred_ciphers = (
        "aes128-gcm@openssh.com",
        "aes256-gcm@openssh.com",
        "aes128-ctr",
        "aes256-ctr",
    )
    _preferred_macs = ("hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com")
    _kex_info = _KEXES
    auth_handler: Any
    server_object: Any
    _active_check_timeout = 1.0  # paramiko's 0.1 s costs a core at 500 idle connections

    def __init__(self, sock: socket.socket, limits: Limits, on_end: Callable[[], None]) -> None:
        super().__init__(sock)
        self.packetizer = BoundedPacketizer(sock, limits)
        self.packetizer.set_log(self.logger)
        self.local_version = f"SSH-2.0-paas_{VERSION}"
        self.daemon = True
        self._on_end = on_end
        self._login_tries = limits.login_tries
        self._open: dict[int, Any] = {}  # paramiko itself holds channels weakly

    @property
    def open_channels(self) -> int:
        """Channels that both sides have not closed yet."""
        return len(self._open)

    @property
    def is_logged_in(self) -> bool:
        """Whether the client has proved a key, also when the connection is over."""
        return bool(self.auth_handler and self.auth_handler.authenticated)

    def keep_alive(self) -> None:
        """From now on say something every 15 s, so that nothing between drops the line."""
        self.set_keepalive(_KEEPALIVE_S)

    def run(self) -> None:
        """The connection's thread."""
        try:
            super().run()
        finally:
            self._log_end()
            self._on_end()

    def _log_end(self) -> None:
        error = self.saved_exception
        if error and not isinstance(error, EOFError):
            _log.info("connection ended: %s: %s", type(error).__name__, error)

    def _parse_debug(self, message: Any) -> None:
        """Not read: paramiko takes 10 ms to make 30 KB of it printable for a log that is off."""

    def _parse_ext_info(self, message: Any) -> None:
        """Not read: paramiko reads as many extensions as the message says, 2^32 maybe."""

    def _parse_newkeys(self, message: Any) -> None:
        if self.auth_handler is None:
            self.auth_handler = PatientAuthHandler(self, self._login_tries)
        super()._parse_newkeys(message)

    def _queue_incoming_channel(self, channel: Any) -> None:
        self._open[channel.chanid] = channel

    def _unlink_channel(self, chanid: int) -> None:
        super()._unlink_channel(chanid)
        self._open.pop(chanid, None)
        self.server_object.forget(chanid)


def _check_window(channel: Any, buffered: Any) -> None:
    """A client that ignores the window would fill our memory: paramiko does not look."""
    if len(buffered) > channel.in_window_size:
        raise paramiko.SSHException("the client sent more than the window allows")


def _feed(channel: Any, message: Any) -> None:
    _check_window(channel, channel.in_buffer)
    _Channel._feed(channel, message)


def _feed_extended(channel: Any, message: Any) -> None:
    _check_window(channel, channel.in_stderr_buffer)
    _Channel._feed_extended(channel, message)


def _request(channel: Any, message: Any) -> None:
    """Answer the request first, start what it asks for second: no output before the answer."""
    _Channel._handle_request(channel, message)
    channel.transport.server_object.start_requested(channel)


ServerTransport._channel_handler_table = {
    **_Transport._channel_handler_table,
    MSG_CHANNEL_DATA: _feed,
    MSG_CHANNEL_EXTENDED_DATA: _feed_extended,
    MSG_CHANNEL_REQUEST: _request,
}


def hang_up(sock: socket.socket) -> None:
    """End a connection at once; closing alone would not wake the thread that reads it."""
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it is gone already


def tune(sock: socket.socket) -> None:
    """Send small packets at once, and let the kernel notice a peer that vanished."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 30)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 15)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 4)
