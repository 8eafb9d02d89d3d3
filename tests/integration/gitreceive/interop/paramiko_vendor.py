"""dulwich over paramiko: dulwich 1.2 no longer brings its own vendor for it."""

from collections.abc import Callable

import paramiko
from dulwich.client import SSHVendor
from dulwich.protocol import DEFAULT_GIT_PROTOCOL_VERSION_FETCH


class Channel:
    """One command's channel as dulwich wants it."""

    def __init__(self, channel: paramiko.Channel, on_close: Callable[[], None]) -> None:
        self._on_close = on_close
        self._channel = channel
        self._out = channel.makefile("rb")
        self.stderr = channel.makefile_stderr("rb")

    def can_read(self) -> bool:
        return bool(self._channel.recv_ready())

    def read(self, size: int | None = None) -> bytes:
        return bytes(self._out.read(size))

    def write(self, data: bytes) -> int:
        self._channel.sendall(data)
        return len(data)

    def close(self) -> None:
        self._channel.close()
        self._on_close()


class ParamikoVendor(SSHVendor):
    """Logs in with one key."""

    def __init__(self, key: str) -> None:
        self._key = key

    def run_command(
        self,
        host: str,
        command: bytes,
        username: str | None = None,
        port: int | None = None,
        protocol_version: int | None = None,
        **_: object,
    ) -> Channel:
        client = paramiko.SSHClient()
        client.set_missing_host_key_policy(paramiko.AutoAddPolicy())  # noqa: S507 - our own server
        key = {"key_filename": self._key, "allow_agent": False, "look_for_keys": False}
        client.connect(host, port or 22, username, **key)
        transport = client.get_transport()
        assert transport
        channel = transport.open_session()
        wanted = (
            DEFAULT_GIT_PROTOCOL_VERSION_FETCH if protocol_version is None else protocol_version
        )
        channel.set_environment_variable("GIT_PROTOCOL", f"version={wanted}")
        channel.exec_command(command)
        return Channel(channel, client.close)
