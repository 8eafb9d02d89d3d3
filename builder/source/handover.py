"""How a build host gets the source of a build: over SSH from the front door, which it knows."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import paramiko
from paramiko.config import SSH_PORT
from paramiko.pkey import UnknownKeyType

from releases.command import BUILD_HOST
from releases.errors import PaasError
from releases.settings import Settings

_PORT = 2222
_CONNECT_S = 20.0
_SILENCE_S = 60.0
_CHUNK_BYTES = 256 * 1024
_COMPLAINT_BYTES = 2000
_BAD_KEY = (OSError, ValueError, TypeError, paramiko.SSHException, UnknownKeyType)


class HandoverFailed(PaasError):
    """The source could not be fetched; nothing was stored."""


def fetch(settings: Settings, app: str, number: int, path: Path) -> None:
    """Store the source of a build as the tar `path`, whole or not at all; HandoverFailed.

    The front door is the setting `front_door` and must have the host key in
    `<home>/front_door.pub`; we show it the key `<home>/builder_key`.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_suffix(".part")
    try:
        with _connection(settings) as client:
            _receive(client, f"{BUILD_HOST[0]} {app} {number}", part)
        part.rename(path)
    except (OSError, EOFError, paramiko.SSHException) as error:
        raise HandoverFailed(
            f"the source of build {number} of {app} could not be fetched from the front door "
            f"{settings.front_door}: {_reason(settings, error)}"
        ) from error
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _connection(settings: Settings) -> Iterator[paramiko.SSHClient]:
    host, port = _address(settings.front_door)
    own, known = _own_key(settings.home / "builder_key"), _host_key(settings.home)
    with paramiko.SSHClient() as client:
        name = host if port == SSH_PORT else f"[{host}]:{port}"
        client.get_host_keys().add(name, known.get_name(), known)
        client.connect(
            host,
            port,
            username="paas",
            pkey=own,
            timeout=_CONNECT_S,
            banner_timeout=_CONNECT_S,
            auth_timeout=_CONNECT_S,
            allow_agent=False,
            look_for_keys=False,
        )
        yield client


def _receive(client: paramiko.SSHClient, command: str, part: Path) -> None:
    _, out, errors = client.exec_command(command, timeout=_SILENCE_S)
    with part.open("wb") as file:
        while data := out.channel.recv(_CHUNK_BYTES):
            file.write(data)
    if out.channel.recv_exit_status() != 0:  # also where the connection ended too early
        said = errors.read(_COMPLAINT_BYTES).decode("utf-8", "replace").strip(" !\n")
        raise EOFError(said or "the connection ended in the middle")


def _address(front_door: str) -> tuple[str, int]:
    host, colon, port = front_door.rpartition(":")
    if not colon or front_door.endswith("]"):
        host, port = front_door, str(_PORT)
    if not host or not port.isdecimal():
        raise HandoverFailed(
            f"the setting front_door is {front_door!r} and must name the front door that sources "
            "come from, as in paas.example:2222"
        )
    return host.strip("[]"), int(port)


def _own_key(path: Path) -> paramiko.PKey:
    try:
        return paramiko.PKey.from_path(path)
    except _BAD_KEY as error:
        raise HandoverFailed(
            f"{path} is no key that this build host can show: {error}; "
            f"make one with ssh-keygen -t ed25519 -N '' -f {path}"
        ) from error


def _host_key(home: Path) -> paramiko.PKey:
    path = home / "front_door.pub"
    try:
        kind, blob, *_ = path.read_text().split()
        return paramiko.PKey.from_type_string(kind, base64.b64decode(blob, validate=True))
    except _BAD_KEY as error:
        raise HandoverFailed(
            f"{path} has no host key of the front door: {error}; copy its host_key.pub there"
        ) from error


def _reason(settings: Settings, error: Exception) -> str:
    if isinstance(error, paramiko.BadHostKeyException):
        return f"it shows another host key than {settings.home / 'front_door.pub'}"
    if isinstance(error, paramiko.AuthenticationException):
        public = settings.home / "builder_key.pub"
        return f"it does not know {public}; let it in there with keys:add --build-host NAME"
    return str(error) or type(error).__name__
