"""A build host has a network, a Docker and a home of its own, and needs no more of this machine."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import docker
import pytest

from builder.bases.stack import Bases
from builder.detection.folders import all_buildpacks
from builder.docker.engine import Engine
from releases.domain.build import Build, BuildStatus
from releases.settings import PROJECT
from tests.docker.fresh import mark
from tests.docker.hosts.tiny import commit, push, push_base, remove_made, server, write_buildpacks
from tests.engines import OwnEngine, own_engine
from tests.registry import tls_registry
from tests.services import need, redis_process, running, short_directory, wait_for
from tests.whole import Whole, free_port, listens, whole_platform

pytestmark = pytest.mark.docker
PASSWORD = "not-a-secret"  # noqa: S105 - of a Redis that lives for one test
# A step of a build that waits for a word from the test.
WAITING = """ARG STACK
FROM ${STACK}
RUN perl -MIO::Socket::INET -e 'IO::Socket::INET->new("ADDRESS")->getline eq "go\\n" or die' # MARK
COPY . .
CMD ["perl", "serve.pl"]
"""


@dataclass
class Hosts:
    """The platform on this machine, and a build host beside it."""

    whole: Whole
    engine: OwnEngine  # the build host's
    api: docker.APIClient  # this machine's
    environment: dict[str, str]  # the build host's settings
    processes: list[subprocess.Popen[bytes]]
    directory: Path

    @property
    def machine(self) -> str:
        """This machine's address, as the build host reaches it."""
        return ours(self.engine)

    def push(self, app: str, marker: str) -> subprocess.CompletedProcess[str]:
        """Push an app that answers with the marker."""
        files = {"serve.pl": server(marker="/app/marker"), "marker": marker}
        return push(self.whole, self.directory / app, files)

    def build(self, app: str) -> Build:
        """The newest one."""
        return self.whole.platform.store.builds.list(app)[0]

    def start_builder(self) -> None:
        """`python -m builder`, as it runs on the build host."""
        command = [need("nsenter"), f"--net=/run/netns/{self.engine.namespace}", "env"]
        command += [f"{name}={value}" for name, value in self.environment.items()]
        log = Path(self.environment["PAAS_HOME"]) / "builder.log"
        process = running([*command, sys.executable, "-m", "builder"], log)
        self.processes.append(self.whole.stack.enter_context(process))

    def die(self) -> None:
        """As when its power fails: builder and Docker are gone at once."""
        for process in self.processes:
            os.killpg(process.pid, signal.SIGKILL)
        self.engine.kill()


def ours(engine: OwnEngine) -> str:
    """The other end of the build host's cable."""
    return f"{engine.address.rpartition('.')[0]}.1"


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosts]:
    """No builder runs on this machine: what is built, the build host builds."""
    directory = tmp_path_factory.mktemp("apps")
    with ExitStack() as stack:
        engine = stack.enter_context(own_engine())
        registry = stack.enter_context(tls_registry(ours(engine)))
        push_base(f"{registry}/debian:bookworm", "first")
        shared = {
            "PAAS_REDIS_URL": stack.enter_context(redis_over_tcp(ours(engine))),
            "PAAS_REGISTRY": registry,
            "PAAS_STACK": "registry",
            "PAAS_STACK_IMAGE": f"{registry}/debian:{{suite}}",
            "PAAS_BUILDPACKS": str(write_buildpacks(directory / "buildpacks")),
            "PAAS_WARM_S": "0",  # a rollback is to need the image
        }
        made = stack.enter_context(ExitStack())  # ends after the platform
        whole = stack.enter_context(whole_platform("tiny", PAAS_BIND="0.0.0.0", **shared))  # noqa: S104 - the build host is outside
        for name in ("builder", "builder-1"):
            whole.kill(name)
        api = docker.APIClient(version="auto")
        made.callback(remove_made, whole.settings)
        home = stack.enter_context(short_directory())
        let_in(whole, home)
        environment = {
            **shared,
            "PAAS_HOME": str(home),
            "PAAS_INSTANCE": whole.settings.instance,
            "PAAS_FRONT_DOOR": f"{ours(engine)}:{whole.settings.ssh_port}",
            "PAAS_DOCKER_HOST": engine.host,
            "PYTHONPATH": str(PROJECT),
        }
        hosts = Hosts(whole, engine, api, environment, [], directory)
        hosts.start_builder()
        yield hosts


@contextmanager
def redis_over_tcp(address: str) -> Iterator[str]:
    """A Redis with a password that other hosts reach."""
    port = free_port()
    more = ("--port", str(port), "--bind", address, "--requirepass", PASSWORD)
    with short_directory() as directory, redis_process(directory, *more):
        wait_for(lambda: listens(address, port), "redis-server")
        yield f"redis://:{PASSWORD}@{address}:{port}"


def let_in(whole: Whole, home: Path) -> None:
    """What an administrator does once for a build host: two keys."""
    key = home / "builder_key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    shutil.copy(whole.settings.home / "host_key.pub", home / "front_door.pub")
    public = key.with_suffix(".pub").read_text()
    added = whole.ssh("keys:add", "--build-host", "builder-2", stdin=public)
    assert added.returncode == 0, added.stderr


def test_a_build_host_builds_and_this_machine_runs_it(hosts: Hosts) -> None:
    pushed = hosts.push("far", "one")
    assert pushed.returncode == 0, pushed.stderr
    assert hosts.whole.get("far").body == "one"
    build = hosts.build("far")
    assert build.artifact
    there = hosts.engine.api().inspect_image(build.tag)
    assert there["Id"] == build.artifact.image
    here = hosts.api.inspect_image(build.artifact.image)
    assert here["RepoTags"] == []  # it was not built here
    assert here["RepoDigests"] == [build.artifact.reference]


def test_all_builders_stand_on_the_very_same_images(hosts: Hosts) -> None:
    assert hosts.push("same", "one").returncode == 0
    build = hosts.build("same")
    for api in (hosts.api, hosts.engine.api()):
        assert api.inspect_image(build.base)["Id"] == build.base_image


def test_the_build_host_keeps_no_source(hosts: Hosts) -> None:
    assert hosts.push("clean", "one").returncode == 0
    assert list((Path(hosts.environment["PAAS_HOME"]) / "sources").glob("*/*")) == []


def test_a_rollback_pulls_what_this_machine_has_lost(hosts: Hosts) -> None:
    for marker in ("one", "two"):
        assert hosts.push("back", marker).returncode == 0
    first = hosts.whole.platform.store.builds.get("back", 1).artifact
    assert first
    wait_for(lambda: len(hosts.api.containers(filters={"label": "paas.app=back"})) == 1, "retire")
    hosts.api.remove_image(first.reference, force=True)
    rolled = hosts.whole.ssh("rollback", "back")
    assert rolled.returncode == 0, rolled.stderr
    assert "Pulling the image of" in rolled.stdout
    assert hosts.whole.get("back").body == "one"


def test_an_update_by_one_builder_gives_all_of_them_the_same_new_base(hosts: Hosts) -> None:
    assert hosts.push("newer", "one").returncode == 0
    before = hosts.build("newer")
    push_base(f"{hosts.whole.settings.registry}/debian:bookworm", "second")
    updated = hosts.whole.ssh("stack:update", "newer")
    assert updated.returncode == 0, updated.stderr
    build, settings = hosts.build("newer"), hosts.whole.settings
    assert build.base_image != before.base_image
    [tiny] = [one for one in all_buildpacks(settings).usable if one.name == "tiny"]
    said: list[str] = []
    runtime = Bases(Engine(settings.docker_host), settings, said.extend).runtime(tiny)
    assert (runtime.name, runtime.id) == (build.base, build.base_image)
    assert not any("Making" in line for line in said)  # all that was needed was pulled


def test_another_builder_takes_over_when_the_build_host_dies(hosts: Hosts) -> None:
    with door_bell(hosts.machine) as (address, rung):
        directory = hosts.directory / "spare"
        dockerfile = WAITING.replace("ADDRESS", address).replace("MARK", mark())
        files = {"Dockerfile": dockerfile, "serve.pl": server(marker="marker"), "marker": "spare"}
        commit(hosts.whole, directory, files)
        pushing = hosts.whole.popen_git(directory, "push", "paas", "master")
        first = rung()  # the step runs on the build host and gets no word
        hosts.die()
        hosts.whole.start("builder")
        rung().sendall(b"go\n")
        output, _ = pushing.communicate(timeout=100)
        first.close()
    assert pushing.returncode == 0, output
    assert hosts.whole.get("spare").body == "spare"
    build = hosts.build("spare")
    assert (build.status, build.attempt) == (BuildStatus.SUCCEEDED, 2)
    assert "it is started again" in output


@contextmanager
def door_bell(machine: str) -> Iterator[tuple[str, Callable[[], socket.socket]]]:
    """Where to ring, and how to wait until somebody does."""
    with socket.create_server((machine, 0)) as bell:
        bell.settimeout(60)
        yield f"{machine}:{bell.getsockname()[1]}", lambda: bell.accept()[0]
