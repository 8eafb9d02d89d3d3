"""A dockerd that ends with all its containers, as with the machine: what comes back, and how."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from releases.domain.container import FROZEN, slots
from releases.domain.release import Artifact
from releases.engine.docker import DockerEngine, connect
from releases.log import DeployLog
from releases.platform import Platform
from releases.rollout import changes
from releases.rollout.converge import converge
from releases.rollout.health import Patience
from releases.rollout.rollout import Rollout
from releases.upkeep.attention import Attention
from releases.upkeep.listening import pass_on
from releases.upkeep.retire import Retirement
from tests.builds import end_build, start_build
from tests.docker.images import busybox_image
from tests.engines import OwnEngine, own_engine
from tests.services import wait_for

pytestmark = pytest.mark.docker
# The engine's network is a namespace of its own: what listens there is not reached from here.
PATIENCE = Patience(10.0, 0.0, answers=lambda address, port: True)


@dataclass
class Host:
    """An app over an engine that may be ended, and what keeps it as it should be."""

    own: OwnEngine
    platform: Platform
    engine: DockerEngine
    attention: Attention

    def deploy(self, letter: str) -> None:
        """Two of web and a worker, a new commit each time."""
        store = self.platform.store
        image = busybox_image(self.own.api(), self.platform.settings, "shop", body=letter)
        build = start_build(store, "shop", commit=letter * 40)
        types: dict[str, str | None] = {"web": None, "worker": "sleep 600"}
        made = Artifact(image, letter * 40, build.number, types, 5000)
        with store.locks.hold("shop", "a test") as lock:
            log = DeployLog(store.logs, store.logs.new("shop"))
            rollout = Rollout(self.platform.settings, store, self.engine, lock, log, PATIENCE)
            changes.deploy(rollout, end_build(store, build, artifact=made))

    def mend(self) -> None:
        """As a worker does that takes the job."""
        store = self.platform.store
        with store.locks.hold("shop", "a test") as lock:
            log = DeployLog(store.logs, store.logs.new("shop"))
            converge(Rollout(self.platform.settings, store, self.engine, lock, log, PATIENCE))

    def retire(self) -> None:
        """One look, until what it ends is gone."""
        self.platform.store.retire_later("shop")
        retirement = Retirement(self.platform, self.engine)
        retirement.look()
        wait_for(retirement.is_idle, "containers to stop")

    def living(self) -> dict[str, tuple[str, str]]:
        """Id and address of what runs of what is live."""
        live = slots(self.platform.store.apps.get("shop").live)
        return {
            one.slot.name: (one.id, one.address)
            for one in self.engine.containers("shop")
            if one.state == "running" and one.slot in live
        }


@pytest.fixture
def host(platform: Platform) -> Iterator[Host]:
    """With the app created, and its engine's events followed."""
    platform.store.apps.create("shop", "ada")
    platform.store.apps.set_formation("shop", {"web": 2, "worker": 1})
    ended = threading.Event()
    with own_engine() as own:
        settings = replace(platform.settings, docker_host=own.host, stop_grace_s=1.0)
        there = replace(platform, settings=settings)
        engine = connect(settings, platform.store)
        attention = Attention(there, engine)
        arguments = (engine, attention, ended)
        threading.Thread(target=pass_on, args=arguments, daemon=True).start()
        yield Host(own, there, engine, attention)
        ended.set()


def test_after_a_restart_of_docker_all_come_back_with_their_addresses_and_nothing_else(
    host: Host,
) -> None:
    for letter in "ab":
        host.deploy(letter)
        host.retire()
    before = host.living()
    assert len(before) == 3
    assert [one.state for one in host.engine.frozen()] == [FROZEN, FROZEN]  # web of v1
    host.attention.look()

    assert host.own.process
    host.own.process.terminate()
    host.own.process.wait(30)
    host.own.start()
    wait_for(lambda: host.attention.wait_s() == 0, "everything to be looked at")
    host.attention.look()
    host.mend()
    host.retire()

    assert host.living() == before
    routes = host.platform.store.routes.changes_since(0).routes["shop.localhost"]
    assert routes
    assert [backend.split(":")[1][2:] for backend in routes.backends] == [
        before["web.1"][1],
        before["web.2"][1],
    ]
    left = [one for one in host.engine.containers("shop") if one.slot.release == 1]
    assert [one.state for one in left if one.state != FROZEN] == []
