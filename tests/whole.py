"""The whole platform, real parts only, in a home of its own beside any other that runs here."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from releases.platform import Platform
from releases.settings import PROJECT, Settings
from tests.services import need, redis_process, running, short_directory, wait_for

# Several runs may share one Docker, and a later one removes what a killed one left behind.
PREFIX = "paas-run-"
INSTANCE = f"{PREFIX}{os.getpid()}"
SUBNET = f"10.{216 + os.getpid() // 256 % 8}.{os.getpid() % 256}.0/24"
OTHER_SUBNET = SUBNET.replace("10.2", "10.1", 1)  # for a second platform of the same run
THIRD_SUBNET = SUBNET.replace("10.2", "10.", 1)  # for one on an engine of its own
PERSISTENT = ("--appendonly", "yes", "--appendfsync", "everysec")  # as bin/up starts it
WORKERS = {"builder": 2, "releases": 3}
ROWS = {
    "haproxy": ["router_sync", "haproxy"],
    "router_sync": ["router_sync"],
    "gitreceive": ["gitreceive"],
    "converger": ["releases", "converge"],
    "builder": ["builder"],
    "releases": ["releases"],
}
SSH_CONFIG = """Host paas
  HostName 127.0.0.1
  Port {port}
  User git
  IdentityFile {home}/id_ed25519
  IdentitiesOnly yes
  StrictHostKeyChecking no
  UserKnownHostsFile {home}/known_hosts
  LogLevel ERROR
"""


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(address: str, port: int) -> bool:
    """Whether somebody takes connections there."""
    try:
        with socket.create_connection((address, port), timeout=2):
            return True
    except OSError:
        return False


@dataclass
class Answer:
    """What HTTP said; status 0 if the connection failed."""

    status: int
    body: str


@dataclass
class Whole:
    """A running platform and a client of it."""

    platform: Platform
    environment: Mapping[str, str]
    redis: subprocess.Popen[bytes]
    stack: ExitStack  # what is started ends with it
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def settings(self) -> Settings:
        """As its processes have them."""
        return self.platform.settings

    def get(self, app: str, path: str = "/", timeout_s: float = 10.0) -> Answer:
        """GET through the router."""
        url = f"http://127.0.0.1:{self.settings.http_port}{path}"
        host = app if "." in app else f"{app}.{self.settings.domain}"
        request = urllib.request.Request(url, headers={"Host": host})
        try:
            with urllib.request.urlopen(request, timeout=timeout_s) as answer:  # noqa: S310 - the same
                return Answer(answer.status, answer.read().decode())
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.read().decode(errors="replace"))
        except OSError as error:
            return Answer(0, str(error))

    def ssh(self, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """`ssh paas <words>` by the real client."""
        command = ["ssh", "-F", str(self.settings.home / "ssh_config"), "paas", *words]
        return subprocess.run(
            command, input=stdin, capture_output=True, text=True, timeout=120, check=False
        )

    def git(self, directory: Path, *words: str) -> subprocess.CompletedProcess[str]:
        """`git <words>` by the real client; it finds `paas:` through our ssh config."""
        return subprocess.run(
            ["git", *words],
            cwd=directory,
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
        )

    def popen_git(self, directory: Path, *words: str) -> subprocess.Popen[str]:
        """The same, to be watched while it runs."""
        return subprocess.Popen(
            ["git", *words],
            cwd=directory,
            env={**os.environ, **self.environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def start(self, name: str, number: int = 0) -> None:
        """Start one process of the platform; its output goes to <home>/<name>.log."""
        label = f"{name}-{number}" if number else name
        log = self.settings.home / f"{label}.log"
        environment = [f"{key}={value}" for key, value in self.environment.items()]
        command = ["env", *environment, sys.executable, "-m", *ROWS[name]]
        self.processes[label] = self.stack.enter_context(running(command, log))

    def stop_redis(self) -> None:
        """As a supervisor does it: what it knows is on its disk then."""
        self.redis.terminate()
        self.redis.wait()

    def start_redis(self) -> None:
        """Over the data of the one before."""
        _, self.redis = self.stack.enter_context(redis_process(self.settings.home, *PERSISTENT))

    def kill(self, name: str) -> None:
        """SIGKILL, as the kernel does it when memory is short."""
        self.processes[name].send_signal(signal.SIGKILL)
        self.processes[name].wait()

    def busy(self, room: str) -> tuple[str, list[int]]:
        """The worker of a room that has forked a work horse, and the horse."""
        for name, process in self.processes.items():
            if name.partition("-")[0] == room:
                children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
                if children:
                    return name, [int(child) for child in children.split()]
        raise AssertionError(f"no worker of {room} has anything to do")


@contextmanager
def whole_platform(*prepared: str, **overrides: str) -> Iterator[Whole]:
    """Start every process, wait until each answers, and leave nothing behind.

    The runtimes of the buildpacks `prepared` (python if none) are made beforehand.
    """
    for program in ("docker", "haproxy", "ssh", "git"):
        need(program)
    with ExitStack() as stack:
        whole = begin(stack, **overrides)
        subprocess.run(
            [sys.executable, "-m", "builder", "prepare", *(prepared or ["python"])],
            env={**os.environ, **whole.environment},
            cwd=PROJECT,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        _remove_left_behind()
        stack.callback(_remove, whole.settings.instance)
        for name in ROWS:
            for number in range(WORKERS.get(name, 1)):
                whole.start(name, number)
        wait_until_it_answers(whole)
        yield whole


def begin(stack: ExitStack, **overrides: str) -> Whole:
    """A home, its Redis, and a client whose key is known; nothing else runs yet."""
    home = stack.enter_context(short_directory())
    url, redis = stack.enter_context(redis_process(home, *PERSISTENT))
    environment = _environment(home, url, overrides)
    platform = Platform.from_env(environment)
    _add_key(platform, home)
    return Whole(platform, _client(home, platform.settings) | environment, redis, stack)


def wait_until_it_answers(whole: Whole) -> None:
    """The SSH banner, and the router's own 404."""
    port = whole.settings.ssh_port

    def answers() -> bool:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
                return connection.recv(4) == b"SSH-"
        except OSError:
            return False

    wait_for(answers, "the SSH front door")
    wait_for(lambda: whole.get("no-such-app").status == 404, "the router")
    routes = whole.platform.store.routes
    wait_for(lambda: routes.members(), "the router sync")


def _environment(home: Path, redis_url: str, overrides: Mapping[str, str]) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(PROJECT),
        "HOME": str(home),
        "PAAS_HOME": str(home),
        "PAAS_REDIS_URL": redis_url,
        "PAAS_INSTANCE": INSTANCE,
        "PAAS_SUBNET": SUBNET,
        "PAAS_SSH_PORT": str(free_port()),
        "PAAS_HTTP_PORT": str(free_port()),
        "PAAS_BOOT_TIMEOUT_S": "8",
        "PAAS_STOP_GRACE_S": "3",
        **{name: os.environ[name] for name in ("DOCKER_HOST",) if name in os.environ},
        **overrides,
    }


def _client(home: Path, settings: Settings) -> dict[str, str]:
    config = home / "ssh_config"
    config.write_text(SSH_CONFIG.format(port=settings.ssh_port, home=home))
    return {
        "GIT_SSH_COMMAND": f"ssh -F {config}",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_AUTHOR_NAME": "Ada",
        "GIT_AUTHOR_EMAIL": "ada@example.com",
        "GIT_COMMITTER_NAME": "Ada",
        "GIT_COMMITTER_EMAIL": "ada@example.com",
    }


def _add_key(platform: Platform, home: Path) -> None:
    key = home / "id_ed25519"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    public = key.with_suffix(".pub").read_text()
    kind, blob, *_ = public.split()
    listing = subprocess.run(
        ["ssh-keygen", "-l", "-f", f"{key}.pub"], check=True, capture_output=True, text=True
    )
    fingerprint = listing.stdout.split()[1]
    platform.store.ssh_keys.add("ada", fingerprint, f"{kind} {blob}", "the tests")


def _remove_left_behind() -> None:
    named = '{{.Label "paas.instance"}}'
    for listing in (["ps", "-a"], ["network", "ls"]):
        for instance in set(_docker(*listing, "--format", named)):
            number = instance.removeprefix(PREFIX).partition("-")[0]
            if instance.startswith(PREFIX) and not Path("/proc", number).exists():
                _remove(instance)


def _remove(instance: str) -> None:
    for listing, removal in (
        (["ps", "-aq"], ["rm", "-f", "-v"]),
        (["network", "ls", "-q"], ["network", "rm"]),
    ):
        if found := _docker(*listing, "--filter", f"label=paas.instance={instance}"):
            _docker(*removal, *found)


def _docker(*words: str) -> list[str]:
    docker = shutil.which("docker") or "docker"
    done = subprocess.run([docker, *words], capture_output=True, text=True, check=False)
    return done.stdout.split()
