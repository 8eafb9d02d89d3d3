"""Ways to break one invariant by hand, on the real parts, and to mend it again."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager

from releases.domain.container import APP, INSTANCE, Slot
from releases.domain.container import slots as slots_of
from releases.engine.docker import connect
from releases.log import DeployLog
from releases.store import keys
from releases.work.queue import CONVERGE
from router_sync.runtime import Runtime
from router_sync.worker import SlotState
from tests.faults.stage import FOREIGN, SHOP, Stage, client

Commands = Sequence[str]
Break = Callable[[Stage], AbstractContextManager[None]]


@contextmanager
def a_log_without_verdict(stage: Stage) -> Iterator[None]:
    """Somebody follows it for ever."""
    log = DeployLog(stage.whole.platform.store.logs, f"{SHOP}:open")
    log.step("Releasing")
    yield
    log.fail("mended")


@contextmanager
def a_job_that_nobody_takes(stage: Stage) -> Iterator[None]:
    """No worker works off a queue of that name; RQ's own key says that it runs."""
    raw = client(stage)
    raw.zadd("rq:wip:releases", {f"{CONVERGE}:dead": 9e9})
    yield
    raw.zrem("rq:wip:releases", f"{CONVERGE}:dead")


@contextmanager
def a_lock(stage: Stage) -> Iterator[None]:
    """Held by us."""
    with stage.whole.platform.store.locks.hold(SHOP, "Break it"):
        yield


@contextmanager
def _field(stage: Stage, key: str, field: str, value: str) -> Iterator[None]:
    raw = client(stage)
    before = raw.hget(key, field)
    raw.hset(key, field, value)
    yield
    raw.hset(key, field, before) if before else raw.hdel(key, field)


def a_pending_release(stage: Stage) -> AbstractContextManager[None]:
    """An old one begins again."""
    return _field(stage, keys.release(SHOP, 1), "status", "pending")


def two_live_releases(stage: Stage) -> AbstractContextManager[None]:
    """An old one says that it serves."""
    return _field(stage, keys.release(SHOP, 1), "status", "live")


@contextmanager
def a_target(stage: Stage) -> Iterator[None]:
    """A rollout that nobody works on. Under the lock, or the converger would finish it."""
    record = json.dumps({"release": 1, "formation": {}})
    with a_lock(stage), _field(stage, keys.app(SHOP), "target", record):
        yield


@contextmanager
def a_wrong_answer(stage: Stage) -> Iterator[None]:
    """All web processes answer as another release."""
    _write_answer(stage, "v0")
    yield
    _write_answer(stage, "$PAAS_RELEASE")


def _write_answer(stage: Stage, text: str) -> None:
    api = stage.engine.api()
    for one in stage.containers():
        if one.slot in slots_of(stage.app.live) and one.slot.process_type == "web":
            command = ["sh", "-c", f"echo {text} > /www/index.html"]
            api.exec_start(api.exec_create(one.id, command)["Id"])


@contextmanager
def no_image(stage: Stage) -> Iterator[None]:
    """The record names one that is not there."""
    key = keys.release(SHOP, stage.app.live.release if stage.app.live else 0)
    artifact = json.loads(client(stage).hget(key, "artifact"))
    gone = json.dumps({**artifact, "image": "sha256:" + "0" * 64})
    with _field(stage, key, "artifact", gone):
        yield


@contextmanager
def a_stopped_process(stage: Stage) -> Iterator[None]:
    """Frozen by somebody else."""
    api = stage.engine.api()
    worker = next(one for one in stage.containers() if one.slot.process_type == "worker")
    api.pause(worker.id)
    yield
    api.unpause(worker.id)


@contextmanager
def a_container_too_many(stage: Stage) -> Iterator[None]:
    """Of a release that was live once."""
    platform = stage.whole.platform
    engine = connect(platform.settings, platform.store)
    release = platform.store.releases.get(SHOP, 1)
    (made,) = engine.start(release, [Slot(1, 0, "worker", 1)])
    yield
    engine.retire(made, 0)


@contextmanager
def _container(stage: Stage, app: str) -> Iterator[None]:
    api = stage.engine.api()
    labels = {INSTANCE: stage.whole.settings.instance, APP: app}
    made = api.create_container(f"{FOREIGN}:1", ["true"], labels=labels)
    yield
    api.remove_container(made["Id"])


def a_container_of_no_app(stage: Stage) -> AbstractContextManager[None]:
    """Its app is gone."""
    return _container(stage, "ghost")


def a_one_off(stage: Stage) -> AbstractContextManager[None]:
    """Of the app, in no slot."""
    return _container(stage, SHOP)


@contextmanager
def a_network(stage: Stage) -> Iterator[None]:
    """With our label, and nobody on it."""
    api = stage.engine.api()
    labels = {INSTANCE: stage.whole.settings.instance}
    made = api.create_network("faults-stray", labels=labels)
    yield
    api.remove_network(made["Id"])


@contextmanager
def a_wrong_route(stage: Stage) -> Iterator[None]:
    """Written past the store: no router is told."""
    raw, key = client(stage), keys.frontend(stage.whole.settings.host(SHOP))
    raw.rpush(key, "http://192.0.2.7:5000")
    yield
    raw.rpop(key)


@contextmanager
def a_router_that_is_behind(stage: Stage) -> Iterator[None]:
    """A member that says nothing."""
    routes = stage.whole.platform.store.routes
    routes.join("nobody:1")
    yield
    routes.leave("nobody:1")


@contextmanager
def _server(stage: Stage, worse: Commands, better: Commands) -> Iterator[None]:
    runtime = Runtime(stage.layout.master_socket)
    current = runtime.fleet().current
    worker = runtime.load(current, stage.layout.hosts_map)
    slot = next(one for one in worker.active.values() if one.state is SlotState.READY)
    name = f"{slot.backend}/{slot.name}"
    runtime.tell(current, [command.format(name) for command in worse])
    yield
    runtime.tell(current, [command.format(name) for command in better])


def a_server_left_out(stage: Stage) -> AbstractContextManager[None]:
    """HAProxy drains one that is in the routes."""
    return _server(stage, ["set server {} state drain"], ["set server {} state ready"])


def a_server_held_for_down(stage: Stage) -> AbstractContextManager[None]:
    """HAProxy sends it nothing, and no check brings it back."""
    down = ["disable health {}", "set server {} health down"]
    return _server(stage, down, ["set server {} health up", "enable health {}"])


@contextmanager
def a_touched_stranger(stage: Stage) -> Iterator[None]:
    """Somebody else's container is frozen."""
    stage.engine.api().pause(FOREIGN)
    yield
    stage.engine.api().unpause(FOREIGN)


@contextmanager
def a_lost_stranger(stage: Stage) -> Iterator[None]:
    """Somebody else's image has lost its name."""
    api = stage.engine.api()
    api.tag(f"{FOREIGN}:1", f"{FOREIGN}-kept", "1")
    with ExitStack() as mended:
        mended.callback(api.tag, f"{FOREIGN}-kept:1", FOREIGN, "1")
        api.remove_image(f"{FOREIGN}:1", noprune=True)
        yield


# What is broken, and what the check must say of it.
BREAKS: Mapping[Break, str] = {
    a_log_without_verdict: f"log {SHOP}:open has no verdict",
    a_job_that_nobody_takes: "is held for running",
    a_lock: f"{SHOP} is locked by",
    a_pending_release: f"v1 of {SHOP} is pending",
    two_live_releases: "and its releases say [",
    a_target: f"{SHOP} is on its way to v1",
    a_wrong_answer: f"{SHOP} answers 200 'v0",
    no_image: f"the image of what is live of {SHOP} is gone",
    a_stopped_process: "has ['paused']",
    a_container_too_many: f"container worker.1 of {SHOP} v1 is there: running",
    a_container_of_no_app: "is of no app",
    a_one_off: "was left behind",
    a_network: "network faults-stray is nobody's",
    a_wrong_route: "is routed to Route(",
    a_router_that_is_behind: "router nobody:1 has not acknowledged the routes",
    a_server_held_for_down: "for down",
    a_server_left_out: f"HAProxy sends {SHOP}.localhost to",
    a_touched_stranger: "somebody else was touched",
    a_lost_stranger: "somebody else is gone",
}
