"""How SSH packets are read and written: bounded in size and time, and cheaply when many."""

import os
import socket
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import paramiko
from paramiko.common import MSG_CHANNEL_DATA
from paramiko.packet import Packetizer

from gitreceive.limits import Limits

_BLOCK = 16  # of AES
_READ_MIN = 1024
_READ_MAX = 64 * 1024

_Packetizer: Any = Packetizer  # its private parts are untyped


class _ReadAhead:
    """A socket of which paramiko reads a packet in three pieces: here they cost one call.

    What it asks the kernel for grows while bytes pour in, so that idle connections stay small.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._ahead = memoryview(b"")
        self._size = _READ_MIN
        self.send = sock.send
        self.close = sock.close

    def recv(self, size: int) -> bytes:
        """At most so many bytes."""
        if not self._ahead:
            self._ahead = memoryview(self._read(max(size, self._size)))
        data, self._ahead = self._ahead[:size], self._ahead[size:]
        return bytes(data)

    def _read(self, size: int) -> bytes:
        # OpenSSH's client holds small packets back until the last one is acknowledged, and the
        # kernel would wait 40 ms for an answer to go with it: 96 ms for a command, 10 ms so.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        data = self._socket.recv(size)
        self._size = min(max(2 * len(data), _READ_MIN), _READ_MAX)
        return data


@dataclass(frozen=True)
class _Ready:
    """A message that needs no putting together."""

    whole: bytes

    def asbytes(self) -> bytes:
        return self.whole


@dataclass(frozen=True)
class _Batch:
    """Messages that go together."""

    parts: Sequence[bytes]


class BoundedPacketizer(_Packetizer):  # type: ignore[misc]  # its private parts are untyped
    """Refuses oversize packets before it reads them, and gives up on a stopped reader.

    paramiko reads a packet of any length that a stranger announces (400 MB took 483 MB
    and 20 s of CPU), reads a banner without end, and retries a blocked write for ever.
    """

    _Packetizer__iv_out: bytes
    _Packetizer__sequence_number_out: int

    def __init__(self, sock: socket.socket, limits: Limits) -> None:
        super().__init__(_ReadAhead(sock))
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

    def send_message(self, message: Any) -> None:
        """Send one message, or a batch of them by one call of the kernel."""
        if not isinstance(message, _Batch):
            super().send_message(message)
        elif self._Packetizer__aead_out:
            self._send_sealed(message.parts)
        else:
            for part in message.parts:
                super().send_message(_Ready(part))

    def _send_sealed(self, parts: Sequence[bytes]) -> None:
        """paramiko's own way under GCM, with half of its copies and one write for all."""
        with self._Packetizer__write_lock:
            seal, nonce = self._Packetizer__block_engine_out.encrypt, self._Packetizer__iv_out
            out = []
            for part in parts:
                padding = 4 + (-len(part) - 5) % _BLOCK
                length = struct.pack(">I", 1 + len(part) + padding)
                plain = b"".join((bytes((padding,)), part, os.urandom(padding)))
                out += [length, seal(nonce, plain, length)]
                nonce = self._inc_iv_counter(nonce)
            self._Packetizer__iv_out = nonce
            self._count(parts, sum(map(len, out)))
            self.write_all(b"".join(out))

    def _count(self, parts: Sequence[bytes], size: int) -> None:
        number = self._Packetizer__sequence_number_out + len(parts)
        self._Packetizer__sequence_number_out = number & 0xFFFFFFFF
        self._Packetizer__sent_bytes += size
        self._Packetizer__sent_packets += len(parts)
        if (
            self._Packetizer__sent_packets >= self.REKEY_PACKETS
            or self._Packetizer__sent_bytes >= self.REKEY_BYTES
        ) and not self.need_rekey():
            self._Packetizer__received_bytes_overflow = 0
            self._Packetizer__received_packets_overflow = 0
            self._trigger_rekey()

    def start_handshake(self, timeout: float) -> None:
        """No timer: a thread per stranger, and it ends after their first packet."""


def send_data(channel: Any, data: memoryview) -> int:
    """What `channel.send` does, for several packets at once: a clone is thousands of them."""
    parts: list[bytes] = []
    taken = 0
    with channel.lock:
        if channel.closed:
            raise OSError("the channel is closed")
        while taken < len(data) and (channel.out_window_size or not parts):
            size = channel._wait_for_send_window(len(data) - taken)
            if not size:
                break
            head = struct.pack(">BII", MSG_CHANNEL_DATA, channel.remote_chanid, size)
            parts.append(head + data[taken : taken + size])
            taken += size
    if parts:
        channel.transport._send_user_message(_Batch(parts))
    return taken


def hang_up(sock: socket.socket) -> None:
    """End a connection at once; closing alone would not wake the thread that reads it."""
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it is gone already
