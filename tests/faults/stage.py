"""A platform over an engine of its own, both of which may be killed, and one app that changes."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import redis

from releases.domain.app import App
from releases.domain.build import BuildOptions
from releases.domain.container import APP, Container
from releases.domain.container import slots as slots_of
from releases.domain.release import Artifact, ReleaseStatus
from releases.engine.docker import connect
from releases.work.queue import DEPLOY, RELEASES
from router_sync.render import Layout
from tests.builds import end_build, start_build
from tests.docker.images import busybox_image, plain_image
from tests.engines import OwnEngine, own_engine
from tests.services import need, wait_for
from tests.whole import ROWS, THIRD_SUBNET, WORKERS, Whole, begin, wait_until_it_answers

SHOP = "shop"
PROCESSES: dict[str, str | None] = {
    "web": "echo $PAAS_RELEASE > /www/index.html; exec httpd -f -p $PORT -h /www",
    "worker": "exec sleep 86400",
}
FORMATION = {"web": 2, "worker": 1}
SLOW = "/cgi-bin/slow?3"
NOT_BUILDING = [name for name in ROWS if name != "builder"]
FOREIGN = "faults-foreign"  # a container and an image that are not the platform's


@dataclass
class Stage:
    """What a fault strikes, and what is looked at afterwards."""

    whole: Whole
    engine: OwnEngine
    image: str
    foreign: dict[str, object] = field(default_factory=dict)  # as it was planted

    @property
    def redis_url(self) -> str:
        """For those who look past the store."""
        return self.whole.settings.redis

    @property
    def layout(self) -> Layout:
        """Where HAProxy's sockets are."""
        settings = self.whole.settings
        return Layout(settings.router_dir, settings.bind, settings.http_port)

    @property
    def app(self) -> App:
        """The shop as Redis has it."""
        return self.whole.platform.store.apps.get(SHOP)

    def containers(self, app: str = SHOP) -> list[Container]:
        """The app's containers as Docker has them."""
        return connect(self.whole.settings, self.whole.platform.store).containers(app)

    def built(self) -> tuple[int, str]:
        """A finished build, as a push leaves it: its number, and the log that its deploy ends."""
        store = self.whole.platform.store
        log, again = store.logs.new(SHOP), BuildOptions(redeploy=True)
        build = start_build(store, SHOP, who="ada", log=log, options=again)
        artifact = Artifact(self.image, build.commit, build.number, PROCESSES, 5000)
        return end_build(store, build, artifact=artifact).number, log

    def deploy(self) -> str:
        """Queue what a push queues at its end; return the log."""
        number, log = self.built()
        self.whole.platform.queue.request(RELEASES, DEPLOY, SHOP, number, log=log)
        return log

    def tend(self) -> None:
        """Start again whatever has ended, as a supervisor does: some end when Redis goes away."""
        for label, process in list(self.whole.processes.items()):
            if process.poll() is not None:
                name, _, number = label.partition("-")
                self.whole.start(name, int(number or 0))

    def deployed(self) -> None:
        """One more release is live, and the one before it, where there is one, is frozen."""
        log, logs = self.deploy(), self.whole.platform.store.logs
        wait_for(lambda: logs.has_ended(log), "a deploy to end", 60)
        assert logs.read(log)[-1].ok, logs.read(log)
        if self.app.previous:
            wait_for(self.is_warm, "the release before to be frozen", 60)

    def is_warm(self) -> bool:
        """Whether a rollback would be a thaw: web of the release before is frozen, all of it."""
        web = {slot for slot in slots_of(self.app.previous) if slot.process_type == "web"}
        frozen = {one.slot for one in self.containers() if one.state == "paused"}
        return bool(web) and web == frozen

    def cold(self) -> int:
        """A release to go back to that has no container any more."""
        previous = self.app.previous  # it may run containers of an earlier release
        there = {one.slot.release for one in self.containers()}
        there |= {previous.release} if previous else set()
        for release, state in self.whole.platform.store.releases.list(SHOP):
            if state.status is ReleaseStatus.SUPERSEDED and release.number not in there:
                return release.number
        raise AssertionError("no release without containers")

    def tell(self) -> None:
        """Print what a person would look at; pytest shows it where a test failed."""
        for release, state in self.whole.platform.store.releases.list(SHOP)[:3]:
            print(release.name, release.why, state.status, state.reason)
        for one in self.containers():
            print(one.slot, one.address, one.state, "condemned" if one.condemned else "")
        for log in sorted(self.whole.settings.home.glob("*.log")):
            lines = [line for line in log.read_text().splitlines() if not line.startswith("{")]
            print(f"--- {log.name}", *lines[-12:], sep="\n")

    def plant(self) -> None:
        """A container and an image that are not ours and look a little like it."""
        api = self.engine.api()
        plain_image(api, f"{FOREIGN}:1")
        sleep = ["/bin/sleep", "86400"]
        made = api.create_container(f"{FOREIGN}:1", sleep, name=FOREIGN, labels={APP: SHOP})
        api.start(made["Id"])
        self.foreign = foreign_things(api)


def foreign_things(api: Any) -> dict[str, object]:
    """What there is to see of them."""
    found = api.inspect_container(FOREIGN)
    image = api.inspect_image(f"{FOREIGN}:1")
    return {
        "id": found["Id"],
        "running": found["State"]["Running"],
        "paused": found["State"]["Paused"],
        "pid": found["State"]["Pid"],
        "image": image["Id"],
    }


@contextmanager
def staged() -> Iterator[Stage]:
    """Everything but builders, on an engine that keeps containers running while it is away."""
    for program in ("haproxy", "ssh", "redis-server", "busybox"):
        need(program)
    with ExitStack() as stack:
        engine = stack.enter_context(own_engine("--live-restore"))
        own = {"PAAS_DOCKER_HOST": engine.host, "PAAS_SUBNET": THIRD_SUBNET}
        whole = begin(stack, PAAS_SETTLE_S="0.2", **own)
        _open_the_way(engine, whole.settings.subnet)
        stack.callback(_remove_containers, engine)
        for name in NOT_BUILDING:
            for number in range(WORKERS.get(name, 1)):
                whole.start(name, number)
        wait_until_it_answers(whole)
        stage = Stage(whole, engine, busybox_image(engine.api(), whole.settings, SHOP))
        stage.plant()
        whole.platform.store.apps.create(SHOP, "ada")
        whole.platform.store.apps.set_formation(SHOP, FORMATION)
        yield stage


def _open_the_way(engine: OwnEngine, subnet: str) -> None:
    """From this machine to the containers, which are behind a cable here and next door elsewhere.

    It goes with the cable and with the engine's namespace.
    """
    enter = ["nsenter", f"--net=/run/netns/{engine.namespace}", "iptables"]
    subprocess.run([*enter, "-I", "DOCKER-USER", "-j", "ACCEPT"], check=True)
    subprocess.run(["ip", "route", "replace", subnet, "via", engine.address], check=True)


def _remove_containers(engine: OwnEngine) -> None:
    """They would outlive it."""
    api = engine.api()
    for one in api.containers(all=True):
        api.remove_container(one["Id"], force=True, v=True)


def client(stage: Stage) -> Any:
    """Redis itself, with text answers."""
    return redis.Redis.from_url(stage.redis_url, decode_responses=True, protocol=2)
