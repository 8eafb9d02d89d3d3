"""Who may change what runs for an app: one writer, named, fenced, gone when its holder dies."""

import json
import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

import redis

from releases.errors import PaasError
from releases.process import is_dead, own_name
from releases.store import keys
from releases.store.connection import Client, wakeups

_RELEASE = """
local held = redis.call('GET', KEYS[1])
if held and tostring(cjson.decode(held).token) == ARGV[1] then
  redis.call('DEL', KEYS[1])
  redis.call('PUBLISH', KEYS[2], '1')
end
"""
_RENEW = """
local held = redis.call('GET', KEYS[1])
if held and tostring(cjson.decode(held).token) == ARGV[1] then
  return redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return 0
"""


@dataclass(frozen=True)
class Lease:
    """What becomes of a lock whose holder says nothing more."""

    ttl_s: float  # it expires after so long
    comes_back: bool  # the holder takes it again if it expired unseen, while Redis was away
    passes_on: bool = False  # to the next at once, if the holder's process is known to be dead


LEASE = Lease(ttl_s=10.0, comes_back=False, passes_on=True)


class LockBusy(PaasError):
    """Somebody else holds the lock for longer than one would wait."""


class LockLost(PaasError):
    """The lock expired and someone else may have it: nothing more may be changed."""


@dataclass(frozen=True)
class Lock:
    """A held lock. No other has its `token`; the flip checks it."""

    app: str
    token: int
    holder: str
    purpose: str  # "Deploy 3f9ac21 by alice"
    since: float  # Unix seconds, when it was asked for


class LockStore:
    """Takes, shows and renews the locks of apps."""

    def __init__(self, client: Client) -> None:
        self._redis = client
        self._release = client.register_script(_RELEASE)
        self._renew = client.register_script(_RENEW)

    def holder(self, app: str) -> Lock | None:
        """Who holds the lock now."""
        held = self._redis.get(keys.lock(app))
        return Lock(**json.loads(str(held))) if held else None

    def check(self, lock: Lock) -> None:
        """Return if the lock is still this one; LockLost."""
        held = self.holder(lock.app)
        if held is None or held.token != lock.token:
            raise LockLost(f"lost the lock of {lock.app}; whoever has it now goes on")

    def held(self, apps: Iterable[str]) -> set[str]:
        """Which of the locks somebody holds now, in one round trip."""
        names = list(apps)
        found = self._redis.mget([keys.lock(name) for name in names]) if names else []
        return {name for name, value in zip(names, found, strict=True) if value}

    def break_off(self, lock: Lock) -> None:
        """Let a lock go whose holder is known to be dead; it may have passed on already."""
        self._let_go(lock)

    @contextmanager
    def hold(
        self,
        app: str,
        purpose: str,
        on_wait: Callable[[Lock], None] | None = None,
        patience_s: float = math.inf,
    ) -> Iterator[Lock]:
        """Hold the app's lock; LockBusy where it is not to be had in time.

        `on_wait` is told once who holds it. The lock is renewed in the background and expires
        ten seconds after this process dies; on this host the next one need not wait for that.
        """
        with self._kept(self._acquire(app, purpose, on_wait, patience_s), LEASE) as lock:
            yield lock

    @contextmanager
    def try_hold(self, app: str, purpose: str, lease: Lease = LEASE) -> Iterator[Lock | None]:
        """Hold the lock if it is free; None if it is not."""
        lock = self._lock(app, purpose)
        if not self._take(lock, lease):
            yield None
            return
        with self._kept(lock, lease):
            yield lock

    @contextmanager
    def _kept(self, lock: Lock, lease: Lease) -> Iterator[Lock]:
        stopped = threading.Event()
        renewer = threading.Thread(target=self._keep, args=(lock, lease, stopped), daemon=True)
        renewer.start()
        try:
            yield lock
        finally:
            stopped.set()
            renewer.join()  # or it would take again what is let go here
            self._let_go(lock)

    def _acquire(
        self, app: str, purpose: str, on_wait: Callable[[Lock], None] | None, patience_s: float
    ) -> Lock:
        lock = self._lock(app, purpose)
        if self._take(lock):
            return lock
        deadline = time.monotonic() + patience_s
        with wakeups(self._redis, keys.unlocked(app)) as unlocked:
            while not self._take(lock):
                held = self.holder(app)
                if held and on_wait:
                    on_wait(held)
                    on_wait = None
                left_s = deadline - time.monotonic()
                if left_s <= 0:
                    raise LockBusy(f"{app} is being changed: {held.purpose if held else '?'}")
                unlocked.wait(min(1.0, left_s))  # expiry tells nobody: look again every second
        return lock

    def _lock(self, app: str, purpose: str) -> Lock:
        token = int(self._redis.incr(keys.FENCE))
        return Lock(app, token, own_name(), purpose, time.time())

    def _let_go(self, lock: Lock) -> None:
        self._release(keys=[keys.lock(lock.app), keys.unlocked(lock.app)], args=[lock.token])

    def _take(self, lock: Lock, lease: Lease = LEASE) -> bool:
        value, ttl_ms = json.dumps(asdict(lock)), int(lease.ttl_s * 1000)
        if self._redis.set(keys.lock(lock.app), value, nx=True, px=ttl_ms):
            return True
        held = self.holder(lock.app) if lease.passes_on else None
        if held is None or not is_dead(held.holder):
            return False
        self._let_go(held)  # by its token: whoever was quicker keeps it
        return bool(self._redis.set(keys.lock(lock.app), value, nx=True, px=ttl_ms))

    def _keep(self, lock: Lock, lease: Lease, stopped: threading.Event) -> None:
        arguments = [lock.token, int(lease.ttl_s * 1000)]
        while not stopped.wait(lease.ttl_s / 3):
            try:
                is_held = self._renew(keys=[keys.lock(lock.app)], args=arguments)
                if not is_held and not (lease.comes_back and self._take(lock, lease)):
                    return  # it is somebody else's, and so is what it stands for
            except redis.RedisError:
                continue  # Redis may be back before the lock expires; the fence decides
