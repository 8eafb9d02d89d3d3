"""Whether the invariants of the design hold: what Docker, Redis and HAProxy say, held together."""

import csv
import socket
import time
from collections.abc import Callable, Iterator, Mapping

import docker
import redis
from rq.registry import StartedJobRegistry
from rq.serializers import JSONSerializer

from releases.domain.app import App
from releases.domain.container import APP, FROZEN, INDEX, INSTANCE, Container, slots
from releases.domain.release import ReleaseStatus
from releases.engine.docker import connect
from releases.errors import PaasError
from releases.rollout.health import accepts_connections
from releases.store import keys
from releases.work.queue import RELEASES
from router_sync.runtime import Runtime
from router_sync.worker import SlotState
from tests.faults.stage import Stage, client, foreign_things

REST_S = 60.0


def check_invariants(stage: Stage, deadline_s: float = REST_S) -> list[str]:
    """A line for each breach, once the platform has come to rest or the time is up."""
    until = time.monotonic() + deadline_s
    while (found := breaches(stage)) and time.monotonic() < until:
        stage.tend()  # each look takes some fifty round trips, so that this does not spin
    return found


def breaches(stage: Stage) -> list[str]:
    """What is not as it should be now; while something is under way, that too."""
    try:
        return [line for check in CHECKS for line in check(stage)]
    except (PaasError, OSError, redis.RedisError, docker.errors.DockerException) as error:
        return [f"something does not answer: {error}"]


def nothing_is_under_way(stage: Stage) -> Iterator[str]:
    """No job waits or runs, or is taken for running, and no log is without its verdict."""
    raw, platform = client(stage), stage.whole.platform
    if waiting := platform.queue.waiting(RELEASES):
        yield f"{waiting} jobs of the release workers wait"
    started = StartedJobRegistry(RELEASES, connection=raw, serializer=JSONSerializer)
    for job in started.get_job_ids(cleanup=False):
        yield f"job {job} is held for running"
    for name in raw.scan_iter(match=keys.log("*"), count=1000):
        log = name.removeprefix(keys.log(""))
        if not platform.store.logs.has_ended(log):
            yield f"log {log} has no verdict"


def nobody_holds_a_lock(stage: Stage) -> Iterator[str]:
    """At rest there is nothing to hold one for; one of a dead holder lasts for its TTL."""
    store = stage.whole.platform.store
    for name in store.apps.names():
        if held := store.locks.holder(name):
            yield f"{name} is locked by {held.holder}: {held.purpose}"


def one_release_is_live(stage: Stage) -> Iterator[str]:
    """The record, and the releases' own states: one live, none pending, no target left."""
    store = stage.whole.platform.store
    for app in store.apps.all():
        states = {release.number: state.status for release, state in store.releases.list(app.name)}
        live = [number for number, status in states.items() if status is ReleaseStatus.LIVE]
        if not app.live or live != [app.live.release]:
            yield f"{app.name} has {app.live} live, and its releases say {live}"
        if app.target:
            yield f"{app.name} is on its way to v{app.target.release}"
        for number, status in states.items():
            if status is ReleaseStatus.PENDING:
                yield f"v{number} of {app.name} is pending"


def what_is_live_answers(stage: Stage) -> Iterator[str]:
    """Through the router, with the release's own answer, and its image is there."""
    for app in stage.whole.platform.store.apps.all():
        if app.live is None:
            continue
        answer, wanted = stage.whole.get(app.name), f"v{app.live.containers_of}"
        if (answer.status, answer.body.strip()) != (200, wanted):
            yield f"{app.name} answers {answer.status} {answer.body[:60]!r}, not {wanted}"
        artifact = stage.whole.platform.store.releases.artifact(app.name, app.live.release)
        if not connect(stage.whole.settings, stage.whole.platform.store).image_exists(
            artifact.image
        ):
            yield f"the image of what is live of {app.name} is gone"


def every_slot_has_its_container(stage: Stage) -> Iterator[str]:
    """One that runs for each slot of what is live, and none beside them but frozen ones."""
    for app in stage.whole.platform.store.apps.all():
        found = stage.containers(app.name)
        for slot in slots(app.live):
            states = [one.state for one in found if one.slot == slot and not one.condemned]
            if states != ["running"]:
                yield f"{slot.name} of {app.name} v{slot.release} has {states or 'no container'}"
        for one in found:
            if one.condemned or (one.slot not in slots(app.live) and not _is_kept(app, one)):
                yield (
                    f"container {one.slot.name} of {app.name} v{one.slot.release} is there: "
                    f"{one.state}{', condemned' if one.condemned else ''}"
                )


def _is_kept(app: App, one: Container) -> bool:
    is_of_before = one.slot in slots(app.previous) and one.slot.process_type == "web"
    return is_of_before and one.state == FROZEN


def nothing_is_without_an_owner(stage: Stage) -> Iterator[str]:
    """All that carries our label belongs to an app that there is."""
    api, settings = stage.engine.api(), stage.whole.settings
    ours = {"label": f"{INSTANCE}={settings.instance}"}
    apps = stage.whole.platform.store.apps.names()
    for item in api.containers(all=True, filters=ours):
        if item["Labels"].get(APP) not in apps:
            yield f"container {item['Names'][0]} is of no app"
        elif INDEX not in item["Labels"]:
            yield f"one-off {item['Names'][0]} was left behind"
    for network in api.networks(filters=ours):
        if network["Name"] != settings.network:
            yield f"network {network['Name']} is nobody's"


def routes_are_what_is_live(stage: Stage) -> Iterator[str]:
    """Redis names exactly the web containers of what is live, and each takes connections."""
    platform = stage.whole.platform
    routes = platform.store.routes.changes_since(0).routes
    for app in platform.store.apps.all():
        web = [
            one
            for one in stage.containers(app.name)
            if one.slot in slots(app.live) and one.slot.process_type == "web" and not one.condemned
        ]
        host = platform.settings.host(app.name)
        route = routes.get(host)
        if not route or sorted(route.backends) != sorted(one.backend for one in web):
            yield f"{host} is routed to {route}, and web of {app.name} is {web}"
        for one in web:
            if not accepts_connections(one.address, one.port):
                yield f"{one.slot.name} of {app.name} takes no connection at {one.backend}"
    for router in platform.store.routes.unacknowledged(_newest(platform.store.apps.all())):
        yield f"router {router} has not acknowledged the routes"


def _newest(apps: list[App]) -> int:
    return max((app.live.routed_at for app in apps if app.live), default=0)


def haproxy_has_the_routes(stage: Stage) -> Iterator[str]:
    """The servers that take requests, in the worker that has the connections, are the routes."""
    runtime = Runtime(stage.layout.master_socket)
    worker = runtime.load(runtime.fleet().current, stage.layout.hosts_map)
    down = set(_down(str(stage.layout.admin_socket)))
    for host, route in stage.whole.platform.store.routes.changes_since(0).routes.items():
        backend = worker.hosts.get(host, "").partition("/")[0]
        slots_there = worker.backends.get(backend, {}).values()
        ready = [slot for slot in slots_there if slot.state is SlotState.READY]
        wanted = sorted(one.removeprefix("http://") for one in (route.backends if route else ()))
        if sorted(slot.address for slot in ready) != wanted:
            yield f"HAProxy sends {host} to {ready}, and Redis says {wanted}"
        for slot in ready:
            if (backend, slot.name) in down:
                yield f"HAProxy holds {slot.address} of {host} for down"


def _down(admin_socket: str) -> Iterator[tuple[str, str]]:
    """Servers that were taken out for failing."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(admin_socket)
        connection.sendall(b"show stat -1 4 -1\n")
        text = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
    for row in csv.DictReader(text.lstrip("# ").strip().splitlines()):
        if row["status"].startswith("DOWN"):
            yield row["pxname"], row["svname"]


def what_is_not_ours_is_as_it_was(stage: Stage) -> Iterator[str]:
    """A container and an image that somebody else has on the same engine."""
    try:
        found: Mapping[str, object] = foreign_things(stage.engine.api())
    except docker.errors.NotFound as error:
        yield f"something of somebody else is gone: {error}"
        return
    if found != stage.foreign:
        yield f"something of somebody else was touched: {stage.foreign} is {found}"


Check = Callable[[Stage], Iterator[str]]
CHECKS: tuple[Check, ...] = (
    nothing_is_under_way,
    nobody_holds_a_lock,
    one_release_is_live,
    what_is_live_answers,
    every_slot_has_its_container,
    nothing_is_without_an_owner,
    routes_are_what_is_live,
    haproxy_has_the_routes,
    what_is_not_ours_is_as_it_was,
)
