"""`stack:update` on a whole platform, whose base image and runtime are the test's own."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.docker.hosts.tiny import push, push_base, remove_made, server, write_buildpacks
from tests.registry import loopback_registry
from tests.services import need
from tests.whole import Whole, whole_platform

pytestmark = pytest.mark.docker
FUSSY = "die 'only the first base will do' unless $marker eq 'first';"


@dataclass
class Farm:
    """Apps on a base of the test's own, which can get newer."""

    whole: Whole
    image: str  # of the base, as it is pulled
    directory: Path

    def offer_base(self, marker: str, **labels: str) -> None:
        """What whoever asks for the newest base gets from now on."""
        push_base(self.image, marker, **labels)

    def push(self, app: str, check: str = "") -> subprocess.CompletedProcess[str]:
        """Commit and push the app."""
        return push(self.whole, self.directory / app, {"serve.pl": server(check)})

    def markers(self, *apps: str) -> list[str]:
        """Which base each app says it stands on."""
        return [self.whole.get(app).body for app in apps]

    def release(self, app: str) -> str:
        """`v2`."""
        found = self.whole.platform.store.apps.get(app).live
        return f"v{found.release}" if found else "-"


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Farm]:
    """Nothing of it is left afterwards, and other platforms' images were not touched."""
    need("docker")
    with loopback_registry() as registry:
        image = f"{registry}/debian:bookworm"
        push_base(image, "first")
        settings = {
            "PAAS_STACK": "registry",
            "PAAS_STACK_IMAGE": f"{registry}/debian:{{suite}}",
            "PAAS_BUILDPACKS": str(write_buildpacks(tmp_path / "buildpacks")),
        }
        with whole_platform("tiny", **settings) as whole:
            yield Farm(whole, image, tmp_path)
        remove_made(whole.settings)  # after the platform, which replaces what is removed


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
