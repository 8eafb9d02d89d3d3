"""What a code-only push costs without a platform: OpenSSH, git, docker build, docker run."""

import getpass
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.sshd import sshd
from builder.bases.stack import Bases
from builder.detection.manifest import read_buildpacks
from builder.docker.engine import Engine
from tests.whole import Whole

IMAGE = "paas-bench/floor:latest"
CONTAINER = "paas-bench-floor"
LABEL = "paas.bench=floor"


@dataclass(frozen=True)
class Floor:
    """The tools of the floor."""

    directory: Path
    port: int
    dockerfile: Path
    images: Mapping[str, str]  # build argument -> the image that it names
    network: str

    def push(self, repository: Path) -> None:
        """A plain push to a bare repository."""
        url = f"ssh://{getpass.getuser()}@127.0.0.1:{self.port}{self.directory}/floor.git"
        ssh = (
            f"ssh -i {self.directory}/client_key -o IdentitiesOnly=yes -o LogLevel=ERROR "
            f"-o StrictHostKeyChecking=no -o UserKnownHostsFile={self.directory}/known_hosts"
        )
        self._run(["git", "-C", str(repository), "push", "-q", url, "master"], GIT_SSH_COMMAND=ssh)

    def build(self, context: Path, scope: str = "floor") -> None:
        """The same Dockerfile by BuildKit, with cache mounts of its own as ours have them."""
        dockerfile = self.directory / f"{scope}.Dockerfile"
        text = self.dockerfile.read_text()
        dockerfile.write_text(text.replace("type=cache,", f"type=cache,id={scope},"))
        arguments = [f"--build-arg={name}={image}" for name, image in self.images.items()]
        arguments += ["-f", str(dockerfile)]
        self._run(
            [docker(), "build", "-q", "--label", LABEL, "-t", IMAGE, *arguments, str(context)]
        )

    def run(self) -> str:
        """Start the container and return its address."""
        command = ["--name", CONTAINER, "--network", self.network, "-e", "PORT=5000", IMAGE]
        self._run([docker(), "run", "-d", *command, "python", "server.py"])
        form = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
        return self._run([docker(), "inspect", "-f", form, CONTAINER])

    def remove_container(self) -> None:
        """Outside what is measured."""
        self._run([docker(), "rm", "-f", CONTAINER])

    def _run(self, command: Sequence[str], **environment: str) -> str:
        done = subprocess.run(
            command,
            env={**os.environ, "DOCKER_BUILDKIT": "1", **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{command[0]} failed: {done.stderr}")
        return done.stdout.strip()


def docker() -> str:
    """The engine's own client, where there is one: it has BuildKit without a plugin."""
    own = Path("/usr/bin/docker")
    return str(own) if own.exists() else str(shutil.which("docker"))


@contextmanager
def floor(whole: Whole, directory: Path) -> Iterator[Floor]:
    """An sshd of our own with OpenSSH's defaults, and a bare repository."""
    subprocess.run(["git", "init", "-q", "--bare", str(directory / "floor.git")], check=True)
    with sshd(directory) as (port, _):
        try:
            yield Floor(directory, port, *_build_of(whole), whole.settings.network)
        finally:
            subprocess.run([docker(), "rm", "-f", CONTAINER], capture_output=True, check=False)
            subprocess.run([docker(), "rmi", "-f", IMAGE], capture_output=True, check=False)
            prune = ["image", "prune", "-f", "--filter", f"label={LABEL}"]  # of earlier rounds
            subprocess.run([docker(), *prune], capture_output=True, check=False)


def _build_of(whole: Whole) -> tuple[Path, Mapping[str, str]]:
    """The python buildpack's Dockerfile and the images that it stands on."""
    settings = whole.settings
    python = next(one for one in read_buildpacks(settings.buildpacks) if one.name == "python")
    bases = Bases(Engine(settings.docker_host), settings, print, whole.platform.store.locks)
    images = {
        "RUNTIME": bases.runtime(python, python.default).name,
        "TOOLCHAIN": bases.toolchain(python, python.default).name,
    }
    return settings.buildpacks / "python" / python.dockerfile, images
