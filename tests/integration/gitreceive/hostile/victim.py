"""A front door in a process of its own, seen from outside: its memory, threads and leftovers."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import paramiko

from releases.platform import Platform
from releases.settings import PROJECT, Settings
from tests.integration.gitreceive.front_door import admit, make_key, run
from tests.services import redis_server, running, short_directory, wait_for

SCRIPT = Path(__file__).with_name("door_process.py")
MEGABYTE = 1 << 20


@dataclass
class Answer:
    """What the front door said to a call, and how it ended."""

    status: int
    out: bytes
    err: bytes

    @property
    def text(self) -> str:
        """Both streams, as text."""
        return (self.out + self.err).decode(errors="replace")


@dataclass(repr=False)
class Victim:
    """The process and one client with the key that may log in."""

    platform: Platform
    home: Path
    pid: int
    port: int
    key: paramiko.PKey
    turns: int = 0
    _weight: int = 0
    _transport: paramiko.Transport | None = None
    _honest: list[str] = field(default_factory=list)

    # The client.

    def connect(self) -> paramiko.Transport:
        """A connection of its own that has logged in."""
        transport = paramiko.Transport(("127.0.0.1", self.port))
        transport.connect(username="paas", pkey=self.key)
        return transport

    def call(self, line: bytes, sent: bytes = b"", protocol: str = "") -> Answer:
        """Run a command on a shared connection, send bytes, close, and read all that comes."""
        channel = self._channel()
        if protocol:
            channel.set_environment_variable("GIT_PROTOCOL", protocol)
        channel.exec_command(line)
        with suppress(OSError):  # refused before we were done
            channel.sendall(sent)
            channel.shutdown_write()
        return self.read(channel)

    def read(self, channel: paramiko.Channel) -> Answer:
        """Read a channel to its end; TimeoutError where it has none."""
        channel.settimeout(100)
        out, err = bytearray(), bytearray()
        while data := channel.recv(65536):
            out += data
        while data := channel.recv_stderr(65536):
            err += data
        assert channel.status_event.wait(20), "the front door said how it ended"
        return Answer(channel.recv_exit_status(), bytes(out), bytes(err))

    def _channel(self) -> paramiko.Channel:
        if self._transport is None or not self._transport.is_active():
            self._transport = self.connect()
        return self._transport.open_session(timeout=20)

    def hang_up(self) -> None:
        """End the shared connection."""
        if self._transport:
            self._transport.close()

    # The honest user.

    def push_honestly(self) -> str:
        """Push by real git, each time another commit; return what git said if it failed."""
        if not self._honest:
            self._prepare()
        self.turns += 1
        commit = self._honest[self.turns % 2]
        url = f"ssh://paas@127.0.0.1:{self.port}/honest"
        done = self.git("push", "-q", "--force", url, f"{commit}:refs/heads/master")
        return done if "error" in done or "fatal" in done else ""

    def git(self, *words: str) -> str:
        """Run real git; return both streams."""
        ssh = f"ssh -F none -i {self.home}/id -o IdentitiesOnly=yes -o BatchMode=yes"
        ssh += f" -o StrictHostKeyChecking=no -o UserKnownHostsFile={self.home}/known"
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "GIT_SSH_COMMAND": f"{ssh} -o LogLevel=ERROR",
            **{f"GIT_{who}_NAME": "a" for who in ("AUTHOR", "COMMITTER")},
            **{f"GIT_{who}_EMAIL": "a@example.org" for who in ("AUTHOR", "COMMITTER")},
        }
        return run(["git", *words], cwd=self.home / "work", env=environment).text

    def _prepare(self) -> None:
        (self.home / "work").mkdir()
        self.git("init", "-q", "-b", "master")
        for number in range(2):
            (self.home / "work" / "file").write_text(f"{number}\n")
            self.git("add", "file")
            self.git("commit", "-q", "-m", str(number))
            self._honest.append(self.git("rev-parse", "HEAD").strip())

    # What it leaves.

    def left(self, app: str) -> list[str]:
        """Every object file, temporary file and ref of an app's repository."""
        repository = self.platform.settings.repositories / f"{app}.git"
        names = [
            path
            for part in ("objects", "refs")
            for path in (repository / part).rglob("*")
            if path.is_file() or path.name.startswith("tmp_")
        ]
        return sorted(str(path.relative_to(repository)) for path in names)

    # Its size.

    def weigh(self) -> None:
        """Remember its memory, for `grown_mb`."""
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")  # the peak begins anew
        self._weight = self._status("VmRSS")

    def grown_mb(self) -> int:
        """By how much its memory has grown at most since `weigh`."""
        return (self._status("VmHWM") - self._weight) // 1024

    def threads(self) -> int:
        """Its threads now."""
        return self._status("Threads")

    def _status(self, name: str) -> int:
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1])
        raise AssertionError(f"the kernel says nothing of {name}")

    def children(self) -> list[str]:
        """Processes that it has started and that still run."""
        found: list[str] = []
        for task in Path(f"/proc/{self.pid}/task").glob("*/children"):
            with suppress(FileNotFoundError, ProcessLookupError):  # the thread has ended
                found += task.read_text().split()
        return found

    def log(self) -> str:
        """What the process wrote about itself."""
        return (self.home / "front.log").read_text(errors="replace")


@contextmanager
def victim(**environ: str) -> Iterator[Victim]:
    """A running front door with a Redis of its own; settings as environment variables."""
    with short_directory() as home, redis_server(home) as url:
        platform = Platform.open(Settings(home=home, redis_url=url))
        admit(platform, "mallory", make_key(home / "id"))
        values = {"PAAS_HOME": str(home), "PAAS_REDIS_URL": url, "PAAS_SSH_PORT": "0"}
        values = {**values, "PAAS_PUSHES_PER_MINUTE": "0", **environ}
        command = ["env", f"PYTHONPATH={PROJECT}", *(f"{k}={v}" for k, v in values.items())]
        port = home / "run" / "ssh.port"
        with running([*command, sys.executable, str(SCRIPT)], home / "front.log") as process:
            wait_for(port.exists, "the front door")
            key = paramiko.Ed25519Key.from_private_key_file(str(home / "id"))
            opened = Victim(platform, home, process.pid, int(port.read_text()), key)
            yield opened
            opened.hang_up()
