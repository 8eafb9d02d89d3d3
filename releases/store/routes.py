"""How routes are flipped, read by routers, acknowledged and drained."""

import json
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace

from releases.domain.desired import Desired
from releases.domain.release import NEXT_STATUS
from releases.domain.route import (
    BadWeights,
    Route,
    RouteChanges,
    Router,
    read_weights,
    weights_text,
)
from releases.errors import PaasError
from releases.store import keys, scripts
from releases.store.apps import canary_text
from releases.store.connection import Client
from releases.store.locks import Lock, LockLost
from releases.vault import Vault

_HAS_ENDED = -2
_ENDED = [status for status, after in NEXT_STATUS.items() if not after]
ALIVE_S = 5


class ReleaseEnded(PaasError):
    """A flip to a release that was live before, or failed."""


class RouteStore:
    """Routes as the release manager writes them and routers read them."""

    def __init__(self, client: Client, vault: Vault) -> None:
        self._redis = client
        self._vault = vault
        self._flip = client.register_script(scripts.FLIP)
        self._publish = client.register_script(scripts.PUBLISH)
        self._unroute = client.register_script(scripts.UNROUTE)
        self._changes = client.register_script(scripts.CHANGES)
        self._claim = client.register_script(scripts.CLAIM)
        self._give_back = client.register_script(scripts.GIVE_BACK)

    def flip(
        self,
        lock: Lock,
        live: Desired,
        config: Mapping[str, str],
        routes: Sequence[Route],
        watch_s: float = 0.0,
        *,
        due: bool = False,
    ) -> int:
        """Move `live`, the config and the routes in one transaction; return the routes' version.

        A release that is to be watched is, for so many seconds, if one was live before it.
        `due`: something has to be run because it serves; that stands in the app's record until
        then.

        LockLost if the lock is no longer this one, ReleaseEnded if the release has been live
        or has failed: then nothing was changed.
        """
        app = lock.app
        names = [keys.lock(app), keys.app(app), keys.config(app), keys.hosts(app)]
        names += [keys.RETIRING, keys.release(app, ""), keys.staged(app), keys.ROUTER_WATCHED]
        watch_until = time.time() + watch_s if live.is_watched and watch_s else 0
        extras = {"token": str(lock.token), "app": app, "due": due, "watch_until": watch_until}
        document = json.dumps({**_document(live, routes), **extras})
        version = int(self._flip(keys=names, args=[document, self._vault.seal(config)]))
        if version == _HAS_ENDED:
            raise ReleaseEnded(
                f"v{live.release} of {app} has ended and cannot become live again; roll back to it"
            )
        if version < 0:
            raise LockLost(f"lost the lock of {app} during the rollout; nothing was switched")
        return version

    def publish(self, lock: Lock, routes: Sequence[Route]) -> int:
        """Write the app's routes and move neither `live` nor the config; return the version.

        Containers that are in no route any more retire by that version. For a canary: both
        releases' backends, with weights. Hosts that are not in `routes` are taken out. LockLost
        if the lock is no longer this one: then nothing was changed.
        """
        names = [keys.lock(lock.app), keys.hosts(lock.app), keys.app(lock.app)]
        wanted = json.dumps(_wanted(routes))
        arguments = [lock.token, lock.app, wanted, uuid.uuid4().hex, time.time()]
        version = int(self._publish(keys=names, args=arguments))
        if version < 0:
            raise LockLost(f"lost the lock of {lock.app}; its routes were not changed")
        return version

    def unroute(self, app: str) -> int:
        """Take all hosts of an app out of the routes; return the version."""
        return int(self._unroute(keys=[keys.hosts(app)], args=[app, uuid.uuid4().hex]))

    def hosts(self, app: str) -> list[str]:
        """Hosts that route to the app now, sorted."""
        return sorted(self._redis.smembers(keys.hosts(app)))

    # Domains: who may route a host.

    def claim_domain(self, app: str, host: str) -> bool:
        """Give the host to the app; False if another app has it."""
        return bool(self._claim(keys=[keys.DOMAINS, keys.domains(app)], args=[host, app]))

    def release_domain(self, app: str, host: str) -> bool:
        """Take the host from the app; False if it was not the app's."""
        return bool(self._give_back(keys=[keys.DOMAINS, keys.domains(app)], args=[host]))

    def domain_owner(self, host: str) -> str | None:
        """The app that claimed the host."""
        owner: str | None = self._redis.hget(keys.DOMAINS, host)
        return owner

    def domains(self, app: str) -> list[str]:
        """The app's own domains, sorted."""
        return sorted(self._redis.smembers(keys.domains(app)))

    # What a router does.

    def join(self, router: str) -> None:
        """Enter the list of routers whose acknowledgement a rollout waits for."""
        self._redis.sadd(keys.ROUTER_MEMBERS, router)

    def leave(self, router: str) -> None:
        """Leave it; only by command, never because a router is silent: it may still serve.

        Rollouts that wait for it are woken.
        """
        with self._redis.pipeline(transaction=True) as pipe:
            pipe.srem(keys.ROUTER_MEMBERS, router)
            pipe.hdel(keys.ROUTER_ACKS, router)
            pipe.delete(keys.inflight(router), keys.alive(router))
            pipe.delete(keys.traffic(router), keys.marks(router))
            pipe.publish(keys.ROUTER_ACKED, "")
            pipe.execute()

    def changes_since(self, version: int) -> RouteChanges:
        """All hosts changed after the version (0: every host there ever was), in one round trip."""
        epoch, newest, *hosts = self._changes(keys=[], args=[version])
        routes: dict[str, Route | None] = {}
        refused = []
        for host, weights, items in hosts:
            routes[host] = Route(host, items[0], tuple(items[1:])) if items else None
            try:
                routes[host] = _weighed(routes[host], weights)
            except BadWeights as error:
                refused.append(f"weights of {host[:80]!r} left out: {error}")
        return RouteChanges(epoch, int(newest), routes, tuple(refused))

    def acknowledge(self, router: str, version: int, inflight: Mapping[str, int]) -> None:
        """Say what HAProxy has confirmed, with the requests in flight at every draining address.

        `inflight` is complete: an address that is not in it ("10.213.0.7:5000") is idle.
        """
        with self._redis.pipeline(transaction=True) as pipe:
            pipe.delete(keys.inflight(router))
            if inflight:
                pipe.hset(keys.inflight(router), mapping=dict(inflight))
            pipe.hset(keys.ROUTER_ACKS, router, version)
            pipe.set(keys.alive(router), "1", ex=ALIVE_S)
            pipe.publish(keys.ROUTER_ACKED, str(version))
            pipe.execute()

    # What the release manager waits for.

    def members(self) -> list[str]:
        """Routers that take part, sorted."""
        return sorted(self._redis.smembers(keys.ROUTER_MEMBERS))

    def unacknowledged(self, version: int) -> list[str]:
        """Routers that have not confirmed the version yet."""
        acks = self._redis.hgetall(keys.ROUTER_ACKS)
        return [router for router in self.members() if int(acks.get(router, -1)) < version]

    def routers(self) -> tuple[int, list[Router]]:
        """The newest version of the routes, and every router with what it has confirmed."""
        members = self.members()
        with self._redis.pipeline(transaction=True) as pipe:
            pipe.get(keys.ROUTER_VERSION)
            pipe.hgetall(keys.ROUTER_ACKS)
            for name in members:
                pipe.exists(keys.alive(name))
            newest, acks, *alive = pipe.execute()
        routers = [
            Router(name, bool(is_alive), int(acks.get(name, 0)))
            for name, is_alive in zip(members, alive, strict=True)
        ]
        return int(newest or 0), routers

    def awake(self) -> list[str]:
        """Routers that acknowledged something in the last seconds; for display only."""
        return [router for router in self.members() if self._redis.exists(keys.alive(router))]

    def inflight(self) -> dict[str, int]:
        """Requests in flight per draining address, all routers together."""
        total: dict[str, int] = {}
        for router in self.members():
            for address, count in self._redis.hgetall(keys.inflight(router)).items():
                total[address] = total.get(address, 0) + int(count)
        return total


def _for_once(live: Desired) -> str:
    """The app's setting that has served with this flip, and goes unless another was made since."""
    canary = live.canary
    return canary_text(replace(canary, began_at=0.0)) if canary and canary.once else ""


def _document(live: Desired, routes: Sequence[Route]) -> dict[str, object]:
    """What the script `FLIP` reads of what is to be live."""
    return {
        "release": live.release,
        "live": json.dumps(asdict(live)),
        "formation": dict(live.formation),
        "wanted": _wanted(routes),
        "staged": str(live.staged),
        "blames": live.blames,
        "ends_canary": _for_once(live),
        "ended": _ENDED,
        "epoch": uuid.uuid4().hex,
        "now": str(time.time()),
        "wake": keys.WAKE_CONVERGER,
    }


def _wanted(routes: Sequence[Route]) -> dict[str, object]:
    """The routes as the script `publish` reads them."""
    return {
        route.host: {"list": [route.app, *route.backends], "weights": weights_text(route)}
        for route in routes
    }


def _weighed(route: Route | None, weights: str) -> Route | None:
    return replace(route, weights=read_weights(weights, route.backends)) if route else None
