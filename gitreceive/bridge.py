"""How bytes go between a client and the git that serves it."""

import fcntl
import os
import selectors
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Protocol

from gitreceive.client import Client, ClientGone
from releases.errors import PaasError

_READ = 128 * 1024
_PIPE = 256 * 1024  # Linux gives 64 kB; with more, git and we take turns less often


class Downstream(Protocol):
    """What may change git's answer on its way."""

    def feed(self, data: bytes) -> bytes:
        """What to send for what git wrote."""

    def close(self) -> bytes:
        """What to send at the end."""


class Untouched:
    """Passes everything on."""

    def feed(self, data: bytes) -> bytes:
        """The same."""
        return data

    def close(self) -> bytes:
        """Nothing more."""
        return b""


@dataclass(frozen=True)
class Wiring:
    """What one service puts into the bridge."""

    upstream: Callable[[bytes], bytes]  # may raise PaasError: the request ends with its line
    downstream: Downstream
    on_gone: Callable[[], None]  # the channel is closed; also called after a good end
    last_words: Callable[[], str] = str  # a line for standard error when git has ended


def start(
    arguments: Sequence[str], environment: Mapping[str, str], descriptors: Sequence[int] = ()
) -> "subprocess.Popen[bytes]":
    """Start git in a session of its own, with pipes."""
    git = subprocess.Popen(
        arguments,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=dict(environment),
        pass_fds=tuple(descriptors),
        start_new_session=True,
        bufsize=0,
    )
    for pipe in (git.stdin, git.stdout):
        with suppress(PermissionError):  # a user has a limit for all pipes together
            fcntl.fcntl(_open(pipe), fcntl.F_SETPIPE_SZ, _PIPE)
    return git


def carry(client: Client, git: "subprocess.Popen[bytes]", wiring: Wiring) -> int:
    """Carry bytes both ways until git has ended; return its exit status and close the channel.

    A client that goes away does not stop the reading of what git writes: receive-pack
    that meets a closed pipe leaves its quarantine behind.
    """
    up = threading.Thread(target=_pump_up, args=(client, git, wiring), daemon=True)
    up.start()
    _pump_down(client, git, wiring.downstream)
    _end_group(git)
    ended = git.wait()
    status = ended if ended >= 0 else 128 - ended  # as a shell reports a signal
    if said := wiring.last_words():
        client.say(said)
    client.finish(status)
    up.join()
    for pipe in (git.stdout, git.stderr):
        _close(pipe)
    return status


def _end_group(git: "subprocess.Popen[bytes]") -> None:
    """When git has ended, end a hook that git was killed under: it holds our pipes open."""
    os.waitid(os.P_PID, git.pid, os.WEXITED | os.WNOWAIT)  # unreaped, its number stays its own
    with suppress(ProcessLookupError):
        os.killpg(git.pid, signal.SIGKILL)


def _pump_up(client: Client, git: "subprocess.Popen[bytes]", wiring: Wiring) -> None:
    try:
        while data := client.read():
            _write(git.stdin, wiring.upstream(data))
    except BrokenPipeError:
        _discard(client)  # git has read enough; a blocked client would not read its answer
    except PaasError as error:
        client.say(f" !     {error}")
        client.finish(error.exit_status)
        git.kill()  # it waits for what it is not given, so that ours is the only answer
    finally:
        _close(git.stdin)
    client.wait_until_gone()
    wiring.on_gone()


def _pump_down(client: Client, git: "subprocess.Popen[bytes]", downstream: Downstream) -> None:
    out = _Outlet(client, client.write)
    error = _Outlet(client, client.write_error)
    with selectors.DefaultSelector() as selector:
        selector.register(_open(git.stdout), selectors.EVENT_READ, (out, downstream))
        selector.register(_open(git.stderr), selectors.EVENT_READ, (error, Untouched()))
        while selector.get_map():
            for key, _ in selector.select():
                outlet, filtered = key.data
                data = os.read(key.fd, _READ)
                if data:
                    outlet.send(filtered.feed(data))
                else:
                    selector.unregister(key.fileobj)
                    outlet.send(filtered.close())


class _Outlet:
    """Sends while the client is there, and drops the rest."""

    def __init__(self, client: Client, write: Callable[[bytes], None]) -> None:
        self._client = client
        self._write = write

    def send(self, data: bytes) -> None:
        if not data or self._client.is_gone:
            return
        try:
            self._write(data)
        except ClientGone:
            self._client.hang_up()


def _write(pipe: "IO[bytes] | None", data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[_open(pipe).write(left) :]


def _discard(client: Client) -> None:
    while client.read():
        pass


def _open(pipe: "IO[bytes] | None") -> "IO[bytes]":
    if pipe is None:
        raise ValueError("git was started without its pipes")
    return pipe


def _close(pipe: "IO[bytes] | None") -> None:
    if pipe:
        pipe.close()
