"""A Docker Engine of a test's own, in its own network namespace: it may be killed and filled up."""

import os
import secrets
import shutil
import signal
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import docker
import pytest

from tests.services import need, short_directory, wait_for

_BRIDGE = "builds0"  # of the engine itself; its own namespace has nobody else's


@dataclass
class OwnEngine:
    """A dockerd that is started, killed and started again over the same data root."""

    directory: Path  # everything of it lives here; the data root is `directory/data`
    namespace: str  # of the network, below /run/netns
    address: str  # of the namespace, as this machine and the namespace itself reach it
    arguments: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = None

    @property
    def host(self) -> str:
        """What `docker_host` is set to."""
        return f"unix://{self.directory}/docker.sock"

    @property
    def data_root(self) -> Path:
        """Where images and build steps take their space."""
        return self.directory / "data"

    def api(self) -> docker.APIClient:
        """A client of this engine."""
        return docker.APIClient(base_url=self.host, version="auto", timeout=60)

    def start(self) -> None:
        """Start dockerd and wait until it answers."""
        # containerd died with dockerd, perhaps as a zombie: it must not be taken for a live one.
        for stale in ("docker.pid", "docker.sock", "exec/containerd/containerd.pid"):
            (self.directory / stale).unlink(missing_ok=True)
        command = [need("nsenter"), f"--net=/run/netns/{self.namespace}", need("dockerd")]
        command += [
            f"--data-root={self.data_root}",
            f"--exec-root={self.directory / 'exec'}",
            f"--pidfile={self.directory / 'docker.pid'}",
            f"--host={self.host}",
            f"--bridge={_BRIDGE}",
            "--log-level=warn",
            *self.arguments,
        ]
        with (self.directory / "dockerd.log").open("ab") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
            )
        wait_for(self._answers, f"dockerd in {self.namespace}", timeout_s=60)

    def kill(self) -> None:
        """kill -9 of dockerd, and so of its containerd; containers and their shims live on."""
        assert self.process
        self.process.kill()
        self.process.wait()

    def shut_down(self) -> None:
        """End dockerd the regular way; with --live-restore its containers live on."""
        if self.process and self.process.poll() is None:
            self.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(30)
            self.process.kill()
            self.process.wait()

    def stop(self) -> None:
        """The same, and by force what is left of it."""
        self.shut_down()
        _end_steps_of(self.data_root)
        for pid in _processes_of(self.directory):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not list(_processes_of(self.directory)), "the engine's processes to end")

    def _answers(self) -> bool:
        assert self.process
        if self.process.poll() is not None:
            raise AssertionError((self.directory / "dockerd.log").read_text()[-2000:])
        with suppress(docker.errors.DockerException):
            return bool(self.api().ping())
        return False


@contextmanager
def own_engine(*arguments: str, disk_mb: int = 0) -> Iterator[OwnEngine]:
    """A running engine; all of it is gone afterwards. Its builds reach this machine only.

    With `disk_mb` its data root is a file system of that size. `arguments` are dockerd's.
    """
    if os.geteuid() != 0:
        pytest.skip("only root may start a second dockerd")
    with ExitStack() as stack:
        directory = stack.enter_context(short_directory())
        stack.callback(_unmount_below, directory)
        (directory / "data").mkdir()
        if disk_mb:
            _mount_disk(directory, disk_mb)
        namespace, address = stack.enter_context(_network_namespace())
        engine = OwnEngine(directory, namespace, address, arguments)
        stack.callback(engine.stop)
        engine.start()
        yield engine


@contextmanager
def _network_namespace() -> Iterator[tuple[str, str]]:
    """A namespace with a cable to this machine; yields its name and its address."""
    name, number = f"paas-{uuid.uuid4().hex[:8]}", _free_number()
    ours, its = f"198.18.{number}.1", f"198.18.{number}.2"
    inside = ["nsenter", f"--net=/run/netns/{name}", "ip"]
    _run("ip", "netns", "add", name)
    try:
        _run("ip", "link", "add", f"{name}o", "type", "veth", "peer", "eth0", "netns", name)
        _run("ip", "address", "add", f"{ours}/24", "dev", f"{name}o")
        _run("ip", "link", "set", f"{name}o", "up")
        _run(*inside, "address", "add", f"{its}/24", "dev", "eth0")
        _run(*inside, "link", "add", _BRIDGE, "type", "bridge")
        _run(*inside, "address", "add", "198.19.0.1/16", "dev", _BRIDGE)
        for device in ("lo", "eth0", _BRIDGE):
            _run(*inside, "link", "set", device, "up")
        _run(*inside, "route", "add", "default", "via", ours)
        yield name, its
    finally:
        # The cable goes with the namespace, but not at once: its number is free again now.
        subprocess.run(["ip", "link", "delete", f"{name}o"], capture_output=True, check=False)
        _run("ip", "netns", "delete", name)


def _free_number() -> int:
    """Of a network 198.18.N.0/24 (set aside for tests of networks) that nobody here has.

    Any of them: another run of the tests may look at the same moment.
    """
    taken = subprocess.run(
        ["ip", "-4", "-oneline", "address"], capture_output=True, text=True, check=True
    ).stdout
    free = [number for number in range(1, 255) if f" 198.18.{number}.1/" not in taken]
    return secrets.choice(free)


def _mount_disk(directory: Path, disk_mb: int) -> None:
    disk = directory / "disk"
    with disk.open("wb") as file:
        file.truncate(disk_mb * 1024 * 1024)
    _run(need("mkfs.ext4"), "-q", "-m", "0", str(disk))
    mount = ["mount", "-o", "loop", str(disk), str(directory / "data")]
    mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
    if mounted.returncode:
        reason = f"no file system can be mounted from a file: {mounted.stderr.strip()}"
        if os.environ.get("CI") and "not permitted" not in mounted.stderr:  # as in a container
            pytest.fail(reason)
        pytest.skip(reason)


def _unmount_below(directory: Path) -> None:
    mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    for place in [line.split()[4] for line in reversed(mounts)]:
        if place.startswith(f"{directory}/"):
            subprocess.run(["umount", "--lazy", place], capture_output=True, check=False)
    shutil.rmtree(directory / "exec", ignore_errors=True)  # sockets and network namespaces


def _processes_of(directory: Path) -> Iterator[int]:
    """dockerd, containerd and its shims: all are started with a path of the engine's own."""
    mark = f"{directory}/".encode()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        pid = int(path.parent.name)
        with suppress(OSError):
            if pid != os.getpid() and mark in path.read_bytes():
                yield pid


def _end_steps_of(data_root: Path) -> None:
    """Build steps outlive a dockerd that is killed; runc knows them."""
    for state in Path("/run/runc").glob("*/state.json"):
        with suppress(FileNotFoundError):
            if f"{data_root}/" in state.read_text():
                _run("runc", "delete", "--force", state.parent.name)


def _run(*arguments: str) -> None:
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(arguments)}: {done.stderr.strip()}"
