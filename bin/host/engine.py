"""How the Docker Engine is reached, started where nothing else starts it, and stopped again."""

import getpass
import http.client
import os
import shutil
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

from host import process_list, systemd, waiting
from host.processes import PATH
from releases.errors import PaasError

_START_S = 60
_STOP_S = 60
_ANSWER_S = 10
_LOG_BYTES = 10 * 1024 * 1024


class NoDocker(PaasError):
    """There is no Docker Engine that we may use."""


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("docker", timeout=_ANSWER_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(_ANSWER_S)
        self.sock.connect(self._path)


@dataclass(frozen=True)
class Engine:
    """A Docker Engine at an address, and the files of the dockerd that we may start for it."""

    address: str  # unix:///var/run/docker.sock
    pid_file: Path
    log: Path
    exec_root: Path = Path("/var/run/docker")
    options: tuple[str, ...] = ()
    launcher: tuple[str, ...] = ()  # `unshare --net`: a dockerd apart, which shares no bridge

    @classmethod
    def of(cls, home: Path, address: str) -> "Engine":
        """The engine at the address, with our files under home."""
        return cls(address, home / "run" / "dockerd.pid", home / "log" / "dockerd.log")

    def answers(self) -> bool:
        """Whether the engine can be used right now."""
        return self._failure() is None

    def check(self) -> None:
        """Raise NoDocker, with what to do, if the engine neither answers nor can be started."""
        failure = self._failure()
        if failure is None:
            return
        if isinstance(failure, PermissionError):
            user = getpass.getuser()
            raise NoDocker(
                f"{user} may not use Docker: run `sudo usermod -aG docker {user}`, log in again "
                "and repeat; or run this as root"
            )
        if not self.address.startswith("unix://"):
            raise NoDocker(
                f"no Docker Engine answers at {self.address} ({failure}); "
                "is setting docker_host (PAAS_DOCKER_HOST) right?"
            )
        if not _dockerd():
            raise NoDocker("Docker is not installed: apt-get install docker.io, then repeat")
        if os.geteuid() != 0:
            raise NoDocker(
                "Docker is not running, and only root can start it: "
                "run `sudo systemctl start docker` (or `sudo ./bin/up`), then repeat"
            )

    @property
    def pid(self) -> int | None:
        """The dockerd that we started, if it still runs."""
        return process_list.running(self.pid_file, str(self.pid_file))

    def start(self) -> None:
        """Start the engine and return once it answers."""
        if systemd.rules() and systemd.has_unit("docker.service"):
            systemd.start("docker.service")
            pid = None
        else:
            pid = self.pid or self._launch()
        if not waiting.until(self.answers, _START_S, pid):
            raise NoDocker(f"Docker does not start; the reason is at the end of {self.log}")

    def stop(self) -> bool:
        """Stop the dockerd that we started; False if there is none."""
        pid = self.pid
        if pid is not None:
            waiting.end([pid], _STOP_S)
        self.pid_file.unlink(missing_ok=True)
        return pid is not None

    def _failure(self) -> OSError | http.client.HTTPException | None:
        scheme, _, place = self.address.partition("://")
        connection = (
            _UnixConnection(place)
            if scheme == "unix"
            else http.client.HTTPConnection(place, timeout=_ANSWER_S)
        )
        try:
            connection.request("GET", "/_ping")
            connection.getresponse().read()
        except (OSError, http.client.HTTPException) as error:
            return error
        finally:
            connection.close()
        return None

    def _launch(self) -> int:
        self._clear_stale()
        if self.log.exists() and self.log.stat().st_size > _LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        arguments = [
            *self.launcher,
            _dockerd(),
            "--host",
            self.address,
            "--pidfile",
            str(self.pid_file),
        ]
        # With live-restore containers outlive dockerd: those of other people stay when we stop it.
        arguments += ["--live-restore", "--exec-root", str(self.exec_root), *self.options]
        with self.log.open("ab") as output:
            process = subprocess.Popen(
                arguments,
                env={"PATH": PATH, "LANG": "C.UTF-8"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        return process.pid

    def _clear_stale(self) -> None:
        # Both daemons take any live process with the number in their pid file for themselves:
        # after a crash or a reboot that may be a stranger, and Docker would never start.
        self.pid_file.unlink(missing_ok=True)
        containerd = self.exec_root / "containerd" / "containerd.pid"
        if process_list.running(containerd, str(containerd.with_name("containerd.toml"))) is None:
            containerd.unlink(missing_ok=True)


def _dockerd() -> str:
    return shutil.which("dockerd", path=PATH) or ""
