"""The listening socket, the connections that came in by it, and their end."""

import errno
import logging
import os
import socket
import threading
from pathlib import Path

import paramiko

from gitreceive.packets import hang_up
from gitreceive.presence import Presence
from gitreceive.rate import Rate
from gitreceive.session import Rules, SshSession
from gitreceive.transport import ServerTransport, tune
from releases.errors import PaasError
from releases.network import is_in, rate_name

_BACKLOG = 256
_RETRY_S = 0.1
_OUT_OF_SOMETHING = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}

_log = logging.getLogger(__name__)


class CannotListen(PaasError):
    """The port is taken, or the address is not this machine's."""


class Connection:
    """One client's socket and transport."""

    def __init__(self, sock: socket.socket, address: str, presence: Presence) -> None:
        self.address = address
        self._socket = sock
        self._presence = presence
        self._rates: Rate | None = None

    def start(self, rules: Rules, host_key: paramiko.PKey, rate: Rate) -> None:
        """Begin to speak SSH, in a thread of its own."""
        self._rates = rate
        transport = ServerTransport(self._socket, rules.limits, self._end)
        transport.add_server_key(host_key)
        self._session = SshSession(rules, transport, self.address, self)
        transport.start_server(event=threading.Event(), server=self._session)

    def begin_call(self) -> None:
        """The client asked for something. The first time shows that it is no stranger."""
        if self._rates:
            self._rates.give_back(rate_name(self.address))
            self._rates = None
        self._presence.begin_call(self)

    def end_call(self) -> None:
        """It was served, or left."""
        self._presence.end_call(self)

    def hang_up(self) -> None:
        """End it at once."""
        hang_up(self._socket)

    def _end(self) -> None:
        self._session.end()
        self._presence.depart(self)


class Server:
    """Accepts connections until `stop`."""

    def __init__(self, bind: str, port: int, host_key: paramiko.PKey, rules: Rules) -> None:
        self._rules = rules
        self._host_key = host_key
        self._presence = Presence(rules.limits)
        self._rate = Rate(rules.limits.connections_per_minute)
        self._stopped = threading.Event()
        self._listener = _listen(bind, port)

    @property
    def port(self) -> int:
        """The port it listens on; the kernel's choice where 0 was asked for."""
        return int(self._listener.getsockname()[1])

    @property
    def connections(self) -> int:
        """How many clients are connected now."""
        return len(self._presence)

    def start(self) -> None:
        """Accept connections from now on, in threads of its own."""
        self._presence.start()
        threading.Thread(target=self._accept_all, name="accept", daemon=True).start()

    def stop(self) -> None:
        """Accept no more and hang up on everyone. Deploys that were begun go on."""
        self._stopped.set()
        hang_up(self._listener)
        self._listener.close()
        self._presence.stop()

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
        refusal = self._refusal(address)
        if refusal:
            self._rules.journal.stranger(refusal, address)
            sock.close()
            return
        connection = Connection(sock, address, self._presence)
        self._presence.arrive(connection)
        try:
            tune(sock)
            connection.start(self._rules, self._host_key, self._rate)
        except (OSError, RuntimeError) as error:  # gone already, or no thread to be had
            _log.info("connection from %s: %s", address, error)
            self._presence.depart(connection)
            sock.close()

    def _refusal(self, address: str) -> str:
        allowed = self._rules.limits.allow_from
        if allowed and not is_in(address, allowed):
            return "connected from an address outside of allow_from"
        if not self._rate.take(rate_name(address)):
            return "connected more often than connections_per_minute"
        return ""


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
