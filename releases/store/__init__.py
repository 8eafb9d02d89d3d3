"""The store: the only package that knows the names of keys in Redis."""

from collections.abc import Iterator
from contextlib import contextmanager

from releases.settings import Settings
from releases.store import keys
from releases.store.apps import AppStore
from releases.store.bases import BaseStore
from releases.store.builds import BuildStore
from releases.store.configs import ConfigStore
from releases.store.connection import Client, Wakeups, connect, wakeups
from releases.store.crashes import CrashStore
from releases.store.events import EventStore
from releases.store.locks import LockStore
from releases.store.log_reader import LogReader
from releases.store.logs import LogStore
from releases.store.open_builds import OpenBuilds
from releases.store.parked import ParkedCalls
from releases.store.releases import ReleaseStore
from releases.store.routes import RouteStore
from releases.store.ssh_keys import SshKeyStore
from releases.store.traffic import TrafficStore
from releases.vault import Vault


class Store:
    """Everything the platform keeps, one noun each."""

    def __init__(self, client: Client, vault: Vault) -> None:
        self._redis = client
        self.apps = AppStore(client)
        self.configs = ConfigStore(client, vault)
        self.releases = ReleaseStore(client, vault)
        self.crashes = CrashStore(client)
        self.builds = BuildStore(client)
        self.bases = BaseStore(client)
        self.open_builds = OpenBuilds(client)
        self.routes = RouteStore(client, vault)
        self.traffic = TrafficStore(client)
        self.locks = LockStore(client)
        self.parked = ParkedCalls(client)
        self.logs = LogStore(client)
        self.log_reader = LogReader(client, self.logs)
        self.ssh_keys = SshKeyStore(client)
        self.events = EventStore(client)

    @classmethod
    def open(cls, settings: Settings, patience_s: float = 0.0) -> "Store":
        """The store that the settings name; it connects on first use.

        A caller with patience waits about so long for a Redis that went away.
        """
        return cls(connect(settings.redis, patience_s), Vault.open(settings.secret_key))

    def ping(self) -> None:
        """Return if Redis answers; NoRedis."""
        self._redis.ping()

    def next_address(self) -> int:
        """A number that goes up for ever: addresses go round the subnet, not re-used soon."""
        return int(self._redis.incr(keys.ADDRESSES))

    def retiring(self) -> list[str]:
        """Apps that may have containers to retire."""
        return sorted(self._redis.smembers(keys.RETIRING))

    def retired(self, *apps: str) -> None:
        """Nothing of the apps is left to retire."""
        if apps:
            self._redis.srem(keys.RETIRING, *apps)

    def retire_later(self, *apps: str) -> None:
        """Something of the apps is left to retire."""
        if apps:
            self._redis.sadd(keys.RETIRING, *apps)

    def retire_now(self, app: str) -> None:
        """The same, and the converger is to look at it now."""
        self.retire_later(app)
        self._redis.publish(keys.WAKE_CONVERGER, app)

    def wake_converger(self) -> None:
        """The converger has something to look at now."""
        self._redis.publish(keys.WAKE_CONVERGER, "")

    @contextmanager
    def router_wakeups(self) -> Iterator[Wakeups]:
        """Told when routes changed, or an app is to be watched."""
        with wakeups(self._redis, keys.WAKE_ROUTERS) as subscription:
            yield subscription

    @contextmanager
    def acknowledgements(self) -> Iterator[Wakeups]:
        """Told when a router acknowledged, or its in-flight counts changed."""
        with wakeups(self._redis, keys.ROUTER_ACKED) as subscription:
            yield subscription

    @contextmanager
    def canary_words(self, app: str) -> Iterator[Wakeups]:
        """Told when somebody said how the app's canary is to end."""
        with wakeups(self._redis, keys.canary_word(app)) as subscription:
            yield subscription

    @contextmanager
    def converger_wakeups(self) -> Iterator[Wakeups]:
        """Told when an app may have something to retire, or a router acknowledged."""
        with wakeups(self._redis, keys.WAKE_CONVERGER, keys.ROUTER_ACKED) as subscription:
            yield subscription
