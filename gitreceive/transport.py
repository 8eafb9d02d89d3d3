"""What paramiko 5.1 lacks as a server that strangers can reach, and how each is mended."""

import logging
import socket
from collections.abc import Callable
from typing import Any

import paramiko
from paramiko.common import (
    MSG_CHANNEL_DATA,
    MSG_CHANNEL_EXTENDED_DATA,
    MSG_CHANNEL_REQUEST,
)
from paramiko.kex_curve25519 import KexCurve25519

from gitreceive import VERSION
from gitreceive.limits import Limits
from gitreceive.login import PatientAuthHandler
from gitreceive.packets import BoundedPacketizer

_log = logging.getLogger(__name__)
_KEEPALIVE_S = 15

# The parts of paramiko that a server has to change have no public name and no types.
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


def tune(sock: socket.socket) -> None:
    """Send small packets at once, and let the kernel notice a peer that vanished."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 30)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 15)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 4)
