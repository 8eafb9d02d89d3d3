"""The listening socket, the connections that came in by it, and their end."""

import errno
import logging
import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import paramiko

from gitreceive.doorway import Doorway
from gitreceive.packets import hang_up
from gitreceive.session import Rules, SshSession
from gitreceive.transport import ServerTransport, tune
from releases.errors import PaasError

_BACKLOG = 256
_RETRY_S = 0.1
_OUT_OF_SOMETHING = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}

_log = logging.getLogger(__name__)


class CannotListen(PaasError):
    """The port is taken, or the address is not this machine's."""


class Connection:
    """One client's socket and transport."""

    def __init__(self, sock: socket.socket, address: str, on_end: Callable[[], None]) -> None:
        self.address = address
        self._socket = sock
        self._on_end = on_end

    def start(self, rules: Rules, host_key: paramiko.PKey, on_call: Callable[[], None]) -> None:
        """Begin to speak SSH, in a thread of its own."""
        transport = ServerTransport(self._socket, rules.limits, self._on_end)
        transport.add_server_key(host_key)

        def called() -> None:
            transport.keep_alive()
            on_call()

        session = SshSession(rules, transport, self.address, called)
        transport.start_server(event=threading.Event(), server=session)

    def hang_up(self) -> None:
        """End it at once."""
        hang_up(self._socket)


class Server:
    """Accepts connections until `stop`."""

    def __init__(self, bind: str, port: int, host_key: paramiko.PKey, rules: Rules) -> None:
        self._rules = rules
        self._host_key = host_key
        self._doorway = Doorway(rules.limits)
        self._stopped = threading.Event()
        self._connections: set[Connection] = set()
        self._listener = _listen(bind, port)

    @property
    def port(self) -> int:
        """The port it listens on; the kernel's choice where 0 was asked for."""
        return int(self._listener.getsockname()[1])

    @property
    def connections(self) -> int:
        """How many clients are connected now."""
        return len(self._connections)

    def start(self) -> None:
        """Accept connections from now on, in threads of its own."""
        threading.Thread(target=self._doorway.watch, name="doorway", daemon=True).start()
        threading.Thread(target=self._accept_all, name="accept", daemon=True).start()

    def stop(self) -> None:
        """Accept no more and hang up on everyone. Deploys that were begun go on."""
        self._stopped.set()
        hang_up(self._listener)
        self._listener.close()
        self._doorway.close()
        for connection in list(self._connections):
            connection.hang_up()

    def _accept_all(self) -> None:
        while not self._stopped.is_set():
            try:
                sock, address = self._listener.accept()
            except OSError as error:
                if error.errno in _OUT_OF_SOMETHING:
                    _log.error("cannot accept a connection: %s", error)
                    self._stopped.wait(_RETRY_S)  # accept would fail again at once, for ever
                continue
            self._welcome(sock, address[0])

    def _welcome(self, sock: socket.socket, address: str) -> None:
        connection = Connection(sock, address, lambda: self._forget(connection))
        self._connections.add(connection)
        self._doorway.enter(connection)
        try:
            tune(sock)
            connection.start(self._rules, self._host_key, lambda: self._doorway.leave(connection))
        except (OSError, RuntimeError) as error:  # gone already, or no thread to be had
            _log.info("connection from %s: %s", address, error)
            self._forget(connection)
            sock.close()

    def _forget(self, connection: Connection) -> None:
        self._doorway.leave(connection)
        self._connections.discard(connection)


def _listen(bind: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in bind else socket.AF_INET
    try:
        return socket.create_server((bind, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise CannotListen(
            f"cannot listen for ssh on {bind} port {port}: {os.strerror(error.errno or 0)}; "
            "set PAAS_SSH_PORT and PAAS_BIND to what is free"
        ) from error


def write_port(path: Path, port: int) -> None:
    """Say which port it is, for whoever starts us; whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    fresh.write_text(f"{port}\n")
    fresh.replace(path)
