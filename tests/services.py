"""How the tests start real daemons of their own: a socket in a short directory, or port 0."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def need(program: str) -> str:
    """The program's path. A missing one skips at home and fails where CI is set."""
    found = shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin")
    if found:
        return found
    if os.environ.get("CI"):
        pytest.fail(f"{program} is not installed")
    pytest.skip(f"{program} is not installed")


def wait_for(condition: Callable[[], object], what: str, timeout_s: float = 20.0) -> None:
    """Return as soon as the condition holds; AssertionError naming `what` when it never does."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"waited {timeout_s} s for {what}"
        time.sleep(0.01)


@contextmanager
def short_directory() -> Iterator[Path]:
    """A temporary directory whose sockets stay below the 107 bytes a socket's path may have."""
    with tempfile.TemporaryDirectory(prefix="paas-") as name:
        yield Path(name)


@contextmanager
def running(arguments: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A daemon in its own session, its output in a file, killed at the end."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            arguments,
            stdout=output,
            stderr=output,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@contextmanager
def redis_server(directory: Path) -> Iterator[str]:
    """A Redis of its own; yields its URL."""
    with redis_process(directory) as (url, _):
        yield url


@contextmanager
def redis_process(directory: Path, *more: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A Redis of its own; yields its URL and its process."""
    path = directory / "redis.sock"
    arguments = [need("redis-server"), "--port", "0", "--unixsocket", str(path), "--save", ""]
    with running([*arguments, "--dir", str(directory), *more], directory / "redis.log") as process:
        wait_for(lambda: _answers(path), "redis-server")
        yield f"unix://{path}", process


def _answers(path: Path) -> bool:
    """Whether commands are answered: the file is there before, and data may have to be read."""
    with socket.socket(socket.AF_UNIX) as probe:
        if probe.connect_ex(str(path)):
            return False
        probe.sendall(b"PING\r\n")
        return probe.recv(16).startswith((b"+PONG", b"-NOAUTH"))
