"""The loop: what Redis wants, HAProxy is brought to; what HAProxy confirmed, Redis is told."""

import logging
import threading
import time

import redis

from releases.errors import PaasError
from releases.store import Store
from router_sync import files
from router_sync.counting import Counting
from router_sync.proxy import Proxy
from router_sync.reload import ReloadFailed
from router_sync.render import Layout
from router_sync.source import Source

_log = logging.getLogger("router_sync")

TICK_S = 0.5  # the longest that anything missed stays missed
DRAIN_TICK_S = 0.05
COMPARE_S = 30.0  # HAProxy is compared in full so often
ALIVE_S = 2.0  # an acknowledgement is repeated so often
SAVE_S = 0.2  # the files follow a change so much later, off the acknowledgement's path
QUIET_S = 2.0  # a reload that nothing waits for comes after so much quiet
RETRY_S = 5.0  # after a reload that failed


class Complaint:
    """Says a trouble once, and once that it is over."""

    def __init__(self, subject: str) -> None:
        self._subject = subject
        self._said = ""

    def say(self, text: str) -> None:
        """The trouble; nothing if it is the same as before."""
        if text != self._said:
            _log.warning("%s: %s", self._subject, text)
            self._said = text

    def over(self) -> None:
        """All is well."""
        if self._said:
            _log.info("%s: well again", self._subject)
            self._said = ""


class Sync:
    """One router. It holds nothing that could not be read again from Redis and HAProxy."""

    def __init__(self, store: Store, layout: Layout, router: str) -> None:
        self._store = store
        self._layout = layout
        self._router = router
        self._source = Source(files.load(layout))
        self._proxy = Proxy(layout)
        self._counting = Counting(store, router, self._proxy)
        self._concerned: set[str] = set()  # apps whose routes HAProxy does not have yet
        self._inflight: dict[str, int] | None = None  # None: HAProxy has not confirmed the table
        self._acknowledged: tuple[int, dict[str, int]] | None = None
        self._behind_since: float | None = None  # when the table left the files behind
        self._cramped_since: float | None = None  # when a flip could have used more room
        self._compare_at = 0.0
        self._alive_until = 0.0
        self._reload_after = 0.0  # after one that failed
        self._redis_trouble = Complaint("Redis")
        self._haproxy_trouble = Complaint("HAProxy")
        self._disk_trouble = Complaint("the files for HAProxy's next start")

    def run(self) -> None:
        """Never returns."""
        pause = threading.Event()
        while True:
            try:
                self._follow_redis()
            except redis.RedisError as error:
                self._redis_trouble.say(f"{error}; HAProxy goes on with the routes it has")
                self._acknowledged, self._alive_until = None, 0.0
                self._tend_haproxy()
            except Exception:  # noqa: BLE001 - the daemon's loop: it must outlive any fault
                _log.exception("internal error")
                self._proxy.doubt()
            pause.wait(self._pause_s())

    def _follow_redis(self) -> None:
        """Until Redis fails."""
        is_woken = True
        with self._store.router_wakeups() as wakeups:
            self._counting.resume()
            while True:
                is_changed = self._read()
                self._tend_haproxy()
                self._acknowledge()
                if self._proxy.current:
                    self._counting.tend(is_busy=is_changed, is_woken=is_woken)
                is_woken = wakeups.wait(self._pause_s())

    def _read(self) -> bool:
        """Return whether anything changed."""
        concerned = self._source.read(self._store.routes.changes_since)
        self._redis_trouble.over()
        if concerned is None:
            self._proxy.doubt()
            self._alive_until = 0.0
        if concerned is None or concerned:
            self._concerned |= concerned or set()
            self._behind_since = self._behind_since or time.monotonic()
            self._cramped_since = None
            self._counting.route(self._source.table, concerned)
            return True
        return False

    def _tend_haproxy(self) -> None:
        """Whatever fails here is tried again in half a second."""
        if not self._source.is_confirmed:
            return
        now = time.monotonic()
        self._inflight = None
        try:
            self._inflight = self._bring_haproxy_to_the_table(now)
            self._haproxy_trouble.over()
        except PaasError as error:
            self._haproxy_trouble.say(str(error))
            self._proxy.doubt()
        if self._behind_since is not None and now >= self._behind_since + SAVE_S:
            self._save(now)

    def _bring_haproxy_to_the_table(self, now: float) -> dict[str, int]:
        worker = self._proxy.current
        if now >= self._compare_at:
            self._proxy.doubt()
            self._compare_at = now + COMPARE_S
        short = self._proxy.follow(self._source.table, self._concerned)
        self._concerned = set(short)
        if short:
            others = f" and {len(short) - 1} more" if short[1:] else ""
            self._reload(now, f"no room for {short[0]}{others}")
        elif self._cramped_since is not None and now >= self._cramped_since + QUIET_S:
            self._cramped_since = None  # tried once: no acknowledgement waits for it
            self._reload(now, "the next flip is to find room")
        if self._proxy.current != worker:
            self._behind_since = self._behind_since or now  # its files may be older than the table
        return self._proxy.sample(self._source.table)

    def _reload(self, now: float, why: str) -> None:
        if now < self._reload_after:
            raise ReloadFailed(f"{why}, and the last reload failed; trying again soon")
        _log.info("reloading: %s", why)
        self._reload_after = now + RETRY_S
        self._proxy.reload(self._source.table)
        self._reload_after = 0.0
        self._concerned = set()

    def _save(self, now: float) -> None:
        try:
            files.save(self._layout, self._source.table)
        except OSError as error:
            self._disk_trouble.say(f"cannot be written: {error}")
            return
        self._disk_trouble.over()
        self._behind_since = None
        if self._proxy.is_cramped(self._source.table):
            self._cramped_since = now

    def _acknowledge(self) -> None:
        """What HAProxy confirmed; and every two seconds that we live, if HAProxy does."""
        now = time.monotonic()
        if self._source.is_confirmed and self._inflight is None:
            return
        state = (self._source.acknowledgeable, self._inflight or {})
        if now >= self._alive_until:
            self._store.routes.join(self._router)
        elif state == self._acknowledged:
            return
        self._store.routes.acknowledge(self._router, *state)
        self._acknowledged = state
        self._alive_until = now + ALIVE_S

    def _pause_s(self) -> float:
        if self._inflight:
            return DRAIN_TICK_S
        return TICK_S if self._behind_since is None else SAVE_S
