"""A front door on a free port, a builder that follows a script, and real clients for it."""

import os
import subprocess
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from builder.source.objects import Objects
from gitreceive.__main__ import open_server
from gitreceive.dispatch import CommandTable
from gitreceive.keys import parse_public_key
from gitreceive.limits import Limits
from gitreceive.server import Server
from releases.command import Command, Session
from releases.domain.build import Build, BuildRequest
from releases.log import DeployLog
from releases.platform import Platform
from releases.store import Store
from tests.builds import end_build
from tests.services import need, wait_for

Script = Callable[[DeployLog], None]


def succeed(log: DeployLog) -> None:
    """A build that takes no time."""
    log.step("Building")
    log.succeed("Deployed v1")


def fail(reason: str) -> Script:
    """A build that fails with this line."""

    def script(log: DeployLog) -> None:
        log.step("Building")
        log.fail(reason)

    return script


class HeldBuild:
    """A build that says a line, then waits until the test lets it go."""

    def __init__(self) -> None:
        self.started = threading.Event()
        self.go = threading.Event()
        self.ended = threading.Event()

    def __call__(self, log: DeployLog) -> None:
        log.step("Building")
        self.started.set()
        self.go.wait(30)
        log.succeed("Deployed v1")
        self.ended.set()


@dataclass
class ScriptedBuilder:
    """Stands where builder.request.request_build goes, and for its worker: one build at a time."""

    script: Script = succeed
    error: Exception | None = None  # raised instead of taking the request
    requests: list[Build] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    turns: defaultdict[str, threading.Lock] = field(
        default_factory=lambda: defaultdict(threading.Lock)
    )

    def __call__(self, platform: Platform, request: BuildRequest, objects: Objects) -> Build:
        if self.error:
            raise self.error
        assert objects.kinds([request.commit]) == {request.commit: "commit"}
        number = platform.store.builds.reserve(request.app)
        log_id = platform.store.logs.new(request.app)
        build, *superseded = platform.store.builds.add(request, number, log_id)
        for other in superseded:
            DeployLog(platform.store.logs, other.log).fail(f"superseded by build {number}")
        with self.lock:
            self.requests.append(build)
        work = (platform.store, build, self.script)
        threading.Thread(target=self._work, args=work, daemon=True).start()
        return build

    def _work(self, store: Store, build: Build, script: Script) -> None:
        with self.turns[build.app]:
            running = store.builds.start(build.app, build.number)
            if running:
                script(DeployLog(store.logs, build.log))
                end_build(store, running)


@dataclass
class Result:
    """What a client program said."""

    status: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """Both streams."""
        return self.out + self.err


@dataclass
class Door:
    """The server under test, and where its clients live."""

    platform: Platform
    server: Server
    builder: ScriptedBuilder
    home: Path
    options: list[str]

    @property
    def ssh_command(self) -> list[str]:
        """OpenSSH's client with the key that may log in, up to the host."""
        return ["ssh", *self.options, "-p", str(self.server.port)]

    @property
    def environment(self) -> dict[str, str]:
        """For git: our ssh, nobody's configuration."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "GIT_SSH_COMMAND": " ".join(self.ssh_command),
            "GIT_CONFIG_NOSYSTEM": "1",
            **{f"GIT_{who}_NAME": "a" for who in ("AUTHOR", "COMMITTER")},
            **{f"GIT_{who}_EMAIL": "a@example.org" for who in ("AUTHOR", "COMMITTER")},
        }

    def url(self, app: str) -> str:
        """Where git pushes to."""
        return f"ssh://paas@127.0.0.1:{self.server.port}/{app}"

    def ssh(self, *words: str, stdin: str = "", options: Sequence[str] = ()) -> Result:
        """Run a command over OpenSSH."""
        return run([*self.ssh_command, *options, "paas@127.0.0.1", *words], stdin=stdin)

    def git(self, directory: Path, *words: str) -> Result:
        """Run git in a directory."""
        return run(["git", *words], cwd=directory, env=self.environment)

    def start_git(self, directory: Path, *words: str) -> "subprocess.Popen[str]":
        """The same in the background, both streams in `stdout`, in a session of its own."""
        return subprocess.Popen(
            ["git", *words],
            cwd=directory,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def checkout(self, name: str = "work") -> Path:
        """A new repository with one commit on master, and the remote `paas` for app `myapp`."""
        directory = self.home / name
        self.git(self.home, "init", "-q", "-b", "master", name)
        self.git(directory, "remote", "add", "paas", self.url("myapp"))
        self.commit(directory, "first")
        return directory

    def commit(self, directory: Path, text: str) -> str:
        """Commit a change; return its id."""
        (directory / "file").write_text(text)
        self.git(directory, "add", "-A")
        self.git(directory, "commit", "-q", "-m", text)
        return self.head(directory)

    def head(self, directory: Path) -> str:
        """The commit that is checked out."""
        return self.git(directory, "rev-parse", "HEAD").out.strip()

    def remote(self, directory: Path, ref: str = "refs/heads/master") -> str:
        """What a ref is on the platform, empty where it is not."""
        line = self.git(directory, "ls-remote", "paas", ref).out
        return line.split()[0] if line else ""

    def repository(self, app: str = "myapp") -> Path:
        """The bare repository on disk."""
        return self.platform.settings.repositories / f"{app}.git"

    def packs(self, app: str = "myapp") -> list[str]:
        """What is stored and what is left of pushes."""
        objects = self.repository(app) / "objects"
        return sorted(str(path) for path in objects.rglob("*") if path.is_file())

    def go_live(self, app: str = "myapp") -> None:
        """Make the app look deployed."""
        self.platform.store._redis.hset(
            f"paas:app:{app}",
            mapping={
                "live": '{"release": 1, "formation": {"web": 1}}',
                "flipped_at": 1.0,
                "routed_at": 1,
            },
        )

    def wait_idle(self) -> None:
        """Wait until nobody is connected and no push is left in the process."""
        wait_for(lambda: self.server.connections == 0, "the connections to end")
        wait_for(lambda: not busy_threads(), "the threads of calls and pushes to end")


def busy_threads() -> list[str]:
    """Threads that serve someone."""
    names = [thread.name for thread in threading.enumerate()]
    return [name for name in names if name.startswith(("call-", "push-"))]


def run(
    arguments: Sequence[str],
    *,
    stdin: str = "",
    cwd: Path | None = None,
    env: dict[str, str] | None = None,
) -> Result:
    """Run a client program to its end."""
    done = subprocess.run(
        arguments,
        input=stdin,
        cwd=cwd,
        env=env,
        text=True,
        capture_output=True,
        errors="replace",
        timeout=60,
        check=False,
    )
    return Result(done.returncode, done.stdout, done.stderr)


def make_key(path: Path, kind: str = "ed25519") -> Path:
    """A key pair; return the private key's path."""
    run([need("ssh-keygen"), "-q", "-t", kind, "-N", "", "-C", "me@example.org", "-f", str(path)])
    return path


def admit(platform: Platform, name: str, key: Path) -> None:
    """Let a key in, without the command."""
    fingerprint, line = parse_public_key(key.with_suffix(".pub").read_text())
    platform.store.ssh_keys.add(name, fingerprint, line, "test")


def echo(session: Session, words: tuple[str, ...]) -> None:
    """For the tests: what a command is given."""
    session.print(repr((session.who, words, session.terminal, session.stdin.read())))


def watch(session: Session, log: str) -> None:
    """For the tests: a command that follows a log."""
    session.follow(log)


def crash(session: Session) -> None:
    """For the tests: a command with a bug."""
    raise ZeroDivisionError("secret detail")


@contextmanager
def open_door(
    platform: Platform, home: Path, commands: Sequence[Command], limits: Limits
) -> Iterator[Door]:
    """A server on a free port that knows one key, and its clients' options."""
    key = make_key(home / "id_ed25519")
    admit(platform, "alice", key)
    builder = ScriptedBuilder()
    server = open_server(platform, CommandTable(commands), builder, limits)
    server.start()
    known = home / "known_hosts"
    public = (platform.settings.home / "host_key.pub").read_text()
    known.write_text(f"[127.0.0.1]:{server.port} {public}")
    options = ["-F", "none", "-o", "IdentitiesOnly=yes", "-o", f"UserKnownHostsFile={known}"]
    options += ["-o", "BatchMode=yes", "-o", "LogLevel=ERROR", "-i", str(key)]
    try:
        yield Door(platform, server, builder, home, options)
    finally:
        server.stop()
