"""`stack:update` on a whole platform, whose base image and runtime are the test's own."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import docker
import pytest

from builder.bases.stack import Bases
from builder.bases.suite import Suite
from builder.docker.engine import Engine
from releases.settings import PROJECT, Settings
from tests.registry import loopback_registry
from tests.services import need
from tests.whole import Whole, whole_platform

pytestmark = pytest.mark.docker
MANIFEST = """
name: tiny
title: Tiny
order: 1
detect: [serve.pl]
runtime: runtime.Dockerfile
dockerfile: Dockerfile
versions: {"5": bookworm}
default: "5"
"""
RUNTIME = "ARG STACK\nFROM ${STACK}\nRUN useradd --uid 1000 app\nWORKDIR /app\nEXPOSE 5000\n"
DOCKERFILE = 'ARG RUNTIME\nFROM ${RUNTIME}\nUSER app\nCOPY . .\nCMD ["perl", "serve.pl"]\n'
SERVER = """
use IO::Socket::INET;
open(my $file, '<', '/usr/local/share/marker') or die; my $marker = <$file>;
CHECK
my $server = IO::Socket::INET->new(LocalPort => $ENV{PORT}, Listen => 64, ReuseAddr => 1) or die;
while (my $client = $server->accept) {
    while (my $line = <$client>) { last if $line =~ /^\\s*$/ }
    my $length = length $marker;
    print $client "HTTP/1.0 200 OK\\r\\nContent-Length: $length\\r\\n\\r\\n$marker";
    close $client;
}
"""
DOCKER = Settings(Path()).docker_host
FUSSY = "die 'only the first base will do' unless $marker eq 'first';"


@dataclass
class Farm:
    """Apps on a base of the test's own, which can get newer."""

    whole: Whole
    api: docker.APIClient
    below: str
    image: str  # of the base, as it is pulled
    directory: Path

    def offer_base(self, marker: str, **labels: str) -> None:
        """What whoever asks for the newest base gets from now on."""
        push_base(self.api, self.below, self.image, marker, **labels)

    def push(self, app: str, check: str = "") -> subprocess.CompletedProcess[str]:
        """Commit and push the app."""
        directory = self.directory / app
        if not directory.exists():
            directory.mkdir()
            self.whole.git(directory, "init", "-q", "-b", "master")
            self.whole.git(directory, "remote", "add", "paas", f"paas:{app}")
        (directory / "serve.pl").write_text(SERVER.replace("CHECK", check))
        self.whole.git(directory, "add", ".")
        self.whole.git(directory, "commit", "-qm", check or "serve")
        return self.whole.git(directory, "push", "paas", "master")

    def markers(self, *apps: str) -> list[str]:
        """Which base each app says it stands on."""
        return [self.whole.get(app).body for app in apps]

    def release(self, app: str) -> str:
        """`v2`."""
        found = self.whole.platform.store.apps.get(app).live
        return f"v{found.release}" if found else "-"


def push_base(api: docker.APIClient, below: str, image: str, marker: str, **labels: str) -> None:
    """A Debian with a file of ours."""
    lines = [f"FROM {below}", f"RUN printf %s {marker} > /usr/local/share/marker"]
    lines += [f"LABEL {name}={value}" for name, value in labels.items()]
    done = subprocess.run(
        ["docker", "build", "-q", "-t", image, "-"],
        input="\n".join(lines),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    repository, _, tag = image.rpartition(":")
    for message in api.push(repository, tag=tag, stream=True, decode=True):
        assert "error" not in message, message


def buildpacks(directory: Path) -> Path:
    """A folder with one small buildpack, and the stack as we ship it."""
    (directory / "tiny").mkdir(parents=True)
    (directory / "tiny" / "buildpack.yml").write_text(MANIFEST)
    (directory / "tiny" / "runtime.Dockerfile").write_text(RUNTIME)
    (directory / "tiny" / "Dockerfile").write_text(DOCKERFILE)
    stack = (PROJECT / "buildpacks" / "stack.Dockerfile").read_text()
    (directory / "stack.Dockerfile").write_text(stack)
    return directory


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Farm]:
    """Nothing of it is left afterwards, and other platforms' images were not touched."""
    need("docker")
    api = docker.APIClient(version="auto")
    debian = Bases(Engine(DOCKER), Settings(tmp_path, stack="debian"), print)
    with loopback_registry() as registry:
        image = f"{registry}/debian:bookworm"
        below = debian.base("bookworm").name
        push_base(api, below, image, "first")
        settings = {
            "PAAS_STACK": "registry",
            "PAAS_STACK_IMAGE": f"{registry}/debian:{{suite}}",
            "PAAS_BUILDPACKS": str(buildpacks(tmp_path / "buildpacks")),
        }
        with whole_platform("tiny", **settings) as whole:
            try:
                yield Farm(whole, api, below, image, tmp_path)
            finally:
                remove_images(api, whole.settings, image)


def remove_images(api: docker.APIClient, settings: Settings, image: str) -> None:
    """What this platform and this test made."""
    engine = Engine(settings.docker_host)
    for app in ("ant", "bee", "cow"):
        for one in api.containers(all=True, filters={"label": f"paas.app={app}"}):
            if one["Labels"].get("paas.instance") == settings.instance:
                api.remove_container(one["Id"], force=True)
    for one in api.images(filters={"label": f"paas.instance={settings.instance}"}):
        api.remove_image(one["Id"], force=True)
    for name in (image, Suite("bookworm", engine, settings, print).tag("registry")):
        engine.remove(name)


def test_apps_are_brought_onto_a_newer_base_one_by_one_until_one_fails(farm: Farm) -> None:
    for app, check in (("ant", ""), ("bee", FUSSY), ("cow", "")):
        pushed = farm.push(app, check)
        assert pushed.returncode == 0, pushed.stderr
    assert farm.markers("ant", "bee", "cow") == ["first"] * 3
    before = farm.whole.ssh("apps:info", "ant").stdout

    farm.offer_base("the-second")
    stopped = farm.whole.ssh("stack:update")
    assert stopped.returncode == 1
    assert "bee could not be updated and runs as before: web.1" in stopped.stderr
    assert "updated: ant; not touched: cow; mend bee and run stack:update" in stopped.stderr
    assert farm.markers("ant", "bee", "cow") == ["the-second", "first", "first"]
    assert "only the first base will do" in stopped.stdout
    after = farm.whole.ssh("apps:info", "ant").stdout
    assert base_of(before) != base_of(after)

    pushed = farm.push("bee")
    assert pushed.returncode == 0, pushed.stderr
    assert farm.markers("bee") == ["the-second"]  # a push stands on the current base by itself
    ended = farm.whole.ssh("stack:update")
    assert ended.returncode == 0, ended.stderr
    assert farm.markers("ant", "bee", "cow") == ["the-second"] * 3
    assert [farm.release(app) for app in ("ant", "bee", "cow")] == ["v2", "v3", "v2"]
    assert "1 of 3 apps were updated" in ended.stdout

    farm.offer_base("the-second", made="again")  # another image with nothing newer in it
    again = farm.whole.ssh("stack:update", "ant", "cow")
    assert again.returncode == 0, again.stderr
    assert "0 of 2 apps were updated" in again.stdout
    assert [farm.release(app) for app in ("ant", "bee", "cow")] == ["v2", "v3", "v2"]


def base_of(shown: str) -> list[str]:
    """What `apps:info` says of the base."""
    found = dict(line.split(":", 1) for line in shown.splitlines())
    assert found["base"].strip().startswith("paas/runtime-tiny:5-")
    assert (found["debian"].strip(), found["language"].strip()) == ("bookworm", "tiny 5")
    return [found["base"].strip(), found["base image"].strip()]
