"""What an SSH client may ask of a connection: log in by key, then exec; nothing else."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import paramiko
from paramiko.common import (
    AUTH_FAILED,
    AUTH_SUCCESSFUL,
    OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED,
    OPEN_FAILED_RESOURCE_SHORTAGE,
    OPEN_SUCCEEDED,
)

from gitreceive.client import Client
from gitreceive.console import term as known_term
from gitreceive.git import is_protocol
from gitreceive.journal import Journal
from gitreceive.limits import Limits
from gitreceive.transport import ServerTransport
from releases.console import Window
from releases.store.ssh_keys import SshKey, SshKeyStore

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Call:
    """What a client asked for on one channel. `key` is None if it was removed meanwhile."""

    client: Client
    key: SshKey | None
    address: str
    line: bytes = b""  # the command; empty where a shell was asked for
    protocol: str | None = None  # GIT_PROTOCOL
    terminal: bool = False
    is_first: bool = False  # on its connection


@dataclass(frozen=True)
class Rules:
    """What a connection needs to know to let a client in, and whom it hands the calls to."""

    keys: SshKeyStore
    limits: Limits
    answer: Callable[[Call], None]
    journal: Journal


class Presence(Protocol):
    """Is told when the connection is busy."""

    def begin_call(self) -> None:
        """The client asked for something."""

    def end_call(self) -> None:
        """It was served, or left."""


class SshSession(paramiko.ServerInterface):
    """One connection's client. paramiko calls this from the connection's own thread."""

    def __init__(
        self, rules: Rules, transport: ServerTransport, address: str, presence: Presence
    ) -> None:
        self._rules = rules
        self._transport = transport
        self._address = address
        self._presence = presence
        self._fingerprint = ""
        self._unknown = ""  # the last key that was offered and may not log in
        self._has_called = False
        self._asked: dict[int, Call] = {}  # channels that have not been told what to do yet
        self._clients: dict[int, Client] = {}  # of channels that have been
        self._next: Call | None = None

    # Logging in.

    def get_allowed_auths(self, username: str) -> str:
        """Keys only. The user's name does not matter."""
        return "publickey"

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        """Asked before the signature is checked too: an accepted key is not yet a login."""
        found = self._find(key.fingerprint)
        if not found:
            self._unknown = key.fingerprint
            return AUTH_FAILED
        self._fingerprint = found.fingerprint
        return AUTH_SUCCESSFUL

    def end(self) -> None:
        """The connection is over: note who tried to log in and could not."""
        if self._unknown and not self._transport.is_logged_in:
            why = "offered a key that may not log in"
            self._rules.journal.stranger(why, self._address, self._unknown)

    # Asking for something.

    def check_channel_request(self, kind: str, chanid: int) -> int:
        """Sessions only, and not too many."""
        if kind != "session":
            return OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED
        if self._transport.open_channels >= self._rules.limits.channels:
            return OPEN_FAILED_RESOURCE_SHORTAGE
        return OPEN_SUCCEEDED

    def check_channel_env_request(
        self, channel: paramiko.Channel, name: bytes, value: bytes
    ) -> bool:
        """GIT_PROTOCOL only."""
        text = value.decode("ascii", errors="replace")
        if name != b"GIT_PROTOCOL" or not is_protocol(text):
            return False
        self._asked[channel.chanid] = replace(self._call(channel), protocol=text)
        return True

    def check_channel_pty_request(
        self,
        channel: paramiko.Channel,
        term: bytes,
        width: int,
        height: int,
        pixelwidth: int,
        pixelheight: int,
        modes: bytes,
    ) -> bool:
        """A person watches."""
        call = self._call(channel)
        call.client.window, call.client.term = Window(width, height), known_term(term)
        self._asked[channel.chanid] = replace(call, terminal=True)
        return True

    def check_channel_window_change_request(
        self, channel: paramiko.Channel, width: int, height: int, pixelwidth: int, pixelheight: int
    ) -> bool:
        """No more than noted here: a client may send thousands, and an engine is slower."""
        client = self._clients.get(channel.chanid)
        if client is None or client.window is None:
            return False
        client.window.resize(width, height)
        return True

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        """One command per channel."""
        if channel.chanid in self._clients:
            return False
        call = self._call(channel)
        self._clients[channel.chanid] = call.client
        self._next = replace(call, line=command, is_first=not self._has_called)
        self._has_called = True
        del self._asked[channel.chanid]
        return True

    def check_channel_shell_request(self, channel: paramiko.Channel) -> bool:
        """There is no shell; an empty command shows the help."""
        return self.check_channel_exec_request(channel, b"")

    def start_requested(self, channel: paramiko.Channel) -> None:
        """Run what the request before asked for; the transport calls this after its answer."""
        call, self._next = self._next, None
        if call is None:
            return
        self._transport.keep_alive()
        self._presence.begin_call()
        name = f"call-{self._address}-{channel.chanid}"
        threading.Thread(target=self._answer, args=(call,), name=name, daemon=True).start()

    def forget(self, chanid: int) -> None:
        """The channel is closed; without this a client could fill our memory with channels."""
        self._asked.pop(chanid, None)
        self._clients.pop(chanid, None)

    def _answer(self, call: Call) -> None:
        try:
            self._rules.answer(call)
        finally:
            self._presence.end_call()

    def _call(self, channel: paramiko.Channel) -> Call:
        if channel.chanid not in self._asked:
            client = Client(channel, self._rules.limits.pager_s)
            self._asked[channel.chanid] = Call(client, self._find(self._fingerprint), self._address)
        return self._asked[channel.chanid]

    def _find(self, fingerprint: str) -> SshKey | None:
        try:
            return self._rules.keys.find(fingerprint)
        except Exception as error:  # the SSH session: paramiko would swallow it
            _log.exception("cannot look up key %s", fingerprint)
            raise paramiko.SSHException("the keys cannot be looked up") from error
