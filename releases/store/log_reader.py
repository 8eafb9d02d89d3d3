"""How one process follows many logs by one connection: one thread reads, followers share."""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import redis

from releases.store import keys
from releases.store.connection import Client, NoRedis
from releases.store.log_feed import Feed
from releases.store.logs import LogEntry, LogStore, log_entry

PATIENCE_S = 30.0  # a Redis that is away for longer ends the following
_RETRY_S = 0.2
BLOCK_S = 2.0  # less than redis-py waits for an answer (5 s); also if a wake-up was lost
_BATCH = 256  # entries of all logs together that one answer brings
_CATCH_UP = 64  # entries that a slow follower reads by itself at once
_EXTRA_CONNECTIONS = 4  # beside the one that waits

_log = logging.getLogger(__name__)


class LogReader:
    """Follows logs as LogStore does. The thread runs only while someone follows.

    The thread waits on all followed logs and on a stream of one entry in a single command; to
    have it look at another log, an entry is put into that stream.
    """

    def __init__(self, client: Client, logs: LogStore) -> None:
        self._redis = client
        self._logs = logs
        self._feeds: dict[str, Feed] = {}
        self._changing = threading.Lock()
        self._is_running = False
        self._few = threading.BoundedSemaphore(_EXTRA_CONNECTIONS)
        self._away_since: float | None = None

    @property
    def followed(self) -> list[str]:
        """The logs that someone follows now."""
        return list(self._feeds)

    def follow(self, log: str, after: str = "0", idle_s: float = 1.0) -> Iterator[LogEntry | None]:
        """Yield entries as they come, up to the verdict; None after each silence of `idle_s`.

        A Redis that is away is silence too, for PATIENCE_S; then NoRedis.
        """
        with self._joined(log, after) as feed:
            while True:
                entries = self._next(feed, log, after, idle_s)
                if not entries:
                    self._check_patience()
                    yield None
                for entry in entries:
                    yield entry
                    if entry.ended:
                        return  # what a straggler wrote after the verdict is not part of it
                    after = entry.id

    def _next(self, feed: Feed, log: str, after: str, idle_s: float) -> list[LogEntry]:
        entries = feed.take(after, idle_s)
        if entries is not None:
            return entries
        try:
            with self._few:
                entries = self._logs.read_some(log, after, _CATCH_UP)
        except NoRedis:
            feed.wait(idle_s)
            return []
        # nothing there either: a Redis that came back without its memory has lost them
        return entries or feed.take(feed.start, idle_s) or []

    def _check_patience(self) -> None:
        since = self._away_since
        if since and time.monotonic() - since > PATIENCE_S:
            raise NoRedis(f"Redis has been away for {PATIENCE_S:.0f} s; is the platform up?")

    @contextmanager
    def _joined(self, log: str, after: str) -> Iterator[Feed]:
        with self._changing:
            known = self._feeds.get(log)
            feed = known or self._feeds.setdefault(log, Feed(after, self._wake))
            feed.followers += 1
            was_running = self._is_running
            if not was_running:
                threading.Thread(target=self._run, name="log-reader", daemon=True).start()
                self._is_running = True
        try:
            if was_running and not known:
                self._wake()
            yield feed
        finally:
            self._leave(log, feed)

    def _leave(self, log: str, feed: Feed) -> None:
        with self._changing:
            feed.followers -= 1
            if not feed.followers:
                del self._feeds[log]

    def _wake(self) -> None:
        # if Redis is away the thread notices by itself, and looks at all logs again
        with self._few, suppress(NoRedis):
            self._redis.xadd(keys.LOG_READERS, {"": ""}, maxlen=1, approximate=False)

    def _run(self) -> None:
        woken = "0"
        while feeds := self._followed():
            try:
                woken = self._read(feeds, woken)
            except redis.RedisError as error:
                if self._away_since is None:
                    _log.error("cannot read the logs that are followed: %s", error)
                    self._away_since = time.monotonic()
                time.sleep(_RETRY_S)  # nothing tells us when Redis is back
            else:
                self._away_since = None

    def _followed(self) -> dict[str, Feed]:
        with self._changing:
            self._is_running = bool(self._feeds)
            return {keys.log(log): feed for log, feed in self._feeds.items()}

    def _read(self, feeds: dict[str, Feed], woken: str) -> str:
        """Wait for entries and hand them out; return the id of the newest wake-up."""
        places = {key: feed.last for key, feed in feeds.items() if feed.is_wanted}
        answer = self._redis.xread(
            {keys.LOG_READERS: woken, **places},
            block=int(BLOCK_S * 1000),
            count=max(1, _BATCH // (1 + len(places))),
        )
        for key, items in answer:
            if key in feeds:
                feeds[key].add(map(log_entry, items))
            else:
                woken = items[-1][0]
        return woken
