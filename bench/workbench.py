"""What the bench of builds works with: a worker of ours, `docker build`, a source for both."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.floor import docker
from bench.repositories import ENVIRONMENT, git
from builder.bases.stack import Bases
from builder.detection.manifest import read_buildpacks
from builder.docker.engine import Engine
from builder.request import request_build
from builder.source.objects import Objects
from releases.domain.build import Build, BuildRequest, BuildStatus
from releases.platform import Platform
from releases.settings import Settings
from tests.services import redis_server, running, short_directory

# Cache mounts outlive a run, and are named by this on both sides.
INSTANCE = f"paas-bench-{os.getpid()}"
IMAGE = "paas-bench/raw"


@dataclass(frozen=True)
class Workbench:
    """One Redis, one worker, and where the engine listens."""

    platform: Platform
    images: Mapping[str, str]  # argument of the python buildpack's Dockerfile -> image

    @property
    def dockerfile(self) -> str:
        """The text of that Dockerfile, for an app of its own that names the images."""
        text = (self.platform.settings.buildpacks / "python" / "Dockerfile").read_text()
        for argument, image in self.images.items():
            text = text.replace(f"ARG {argument}\n", "").replace(f"${{{argument}}}", image)
        return text

    def build(self, app: str, source: "Source") -> tuple[Build, float, float]:
        """Build the newest commit as a push does; the record, when it was asked for and ended."""
        store = self.platform.store
        if not store.apps.exists(app):
            store.apps.create(app, "bench")
        request = BuildRequest(app, source.head(), "refs/heads/master", "bench")
        began = time.time()
        build = request_build(self.platform, request, Objects(source.objects))
        while not build.has_ended:
            time.sleep(0.002)
            build = store.builds.get(app, build.number)
        ended = time.time()
        if build.status is not BuildStatus.SUCCEEDED:
            raise RuntimeError(f"{app}: {build.reason}")
        return build, began, ended


@dataclass(frozen=True)
class Source:
    """A work tree, whose repository is beside it: `docker build` is given nothing but the files."""

    tree: Path
    objects: Path

    @classmethod
    def create(cls, directory: Path, name: str, files: Mapping[str, str]) -> "Source":
        """With one commit."""
        source = cls(directory / name, directory / f"{name}.git")
        source.tree.mkdir()
        git(directory, "init", "-q", "--bare", "-b", "master", str(source.objects))
        source.commit(files)
        return source

    def commit(self, files: Mapping[str, str]) -> None:
        """Write files and commit them."""
        for path, text in files.items():
            (self.tree / path).parent.mkdir(parents=True, exist_ok=True)
            (self.tree / path).write_text(text)
        self._git("add", "-A")
        self._git("commit", "-q", "-m", "bench")

    def head(self) -> str:
        """The newest commit."""
        return git(self.objects, "rev-parse", "master")

    def _git(self, *words: str) -> None:
        command = ["git", "--git-dir", str(self.objects), "--work-tree", str(self.tree), *words]
        subprocess.run(command, env=ENVIRONMENT, check=True, capture_output=True, cwd=self.tree)


def raw_build(name: str, source: Source, dockerfile: Path) -> float:
    """How long `docker build` of BuildKit takes, in seconds."""
    arguments = [
        "-t",
        f"{IMAGE}:{name}",
        "--label",
        f"paas.bench={INSTANCE}",
        "-f",
        str(dockerfile),
    ]
    arguments += ["--build-arg", f"BUILDKIT_CACHE_MOUNT_NS={INSTANCE}/raw"]
    began = time.perf_counter()
    done = subprocess.run(
        [docker(), "build", "-q", *arguments, str(source.tree)],
        env={**os.environ, "DOCKER_BUILDKIT": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    took = time.perf_counter() - began
    if done.returncode:
        raise RuntimeError(f"docker build failed: {done.stderr}")
    return took


def for_raw(dockerfile: str) -> str:
    """The same steps, none of which BuildKit takes from the other side's cache."""
    return re.sub(r"^(FROM .*)", r"\1\nENV PAAS_BENCH=raw", dockerfile, flags=re.MULTILINE)


@contextmanager
def workbench() -> Iterator[Workbench]:
    """A worker as the platform runs it; its images and those of docker build go at the end."""
    with short_directory() as home, redis_server(home) as url:
        settings = Settings(home=home, redis_url=url, instance=INSTANCE)
        environment = {"PAAS_HOME": home, "PAAS_REDIS_URL": url, "PAAS_INSTANCE": INSTANCE}
        variables = [f"{name}={value}" for name, value in environment.items()]
        engine = Engine(settings.docker_host)
        python = next(one for one in read_buildpacks(settings.buildpacks) if one.name == "python")
        platform = Platform.open(settings)
        bases = Bases(engine, settings, lambda lines: print(*lines, sep="\n"), platform.store.locks)
        images = {
            "RUNTIME": bases.runtime(python, python.default).name,
            "TOOLCHAIN": bases.toolchain(python, python.default).name,
        }
        command = ["env", *variables, sys.executable, "-m", "builder"]
        try:
            with running(command, home / "worker.log"):
                yield Workbench(platform, images)
        finally:
            for label in (f"paas.instance={INSTANCE}", f"paas.bench={INSTANCE}"):
                _remove_images(label)


def _remove_images(label: str) -> None:
    """Of this bench only: the images below the apps' have no app."""
    filters = ["--filter", f"label={label}"]
    if label.startswith("paas.instance"):
        filters += ["--filter", "label=paas.app"]
    listing = [docker(), "images", "-q", "--no-trunc", *filters]
    found = subprocess.run(listing, capture_output=True, text=True, check=True).stdout.split()
    if found:
        subprocess.run([docker(), "rmi", "-f", *set(found)], capture_output=True, check=False)
