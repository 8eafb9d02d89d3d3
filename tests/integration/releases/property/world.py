"""The platform in one process: jobs as release workers run them, which may be killed anywhere."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from releases.domain.build import Build, BuildStatus
from releases.domain.container import Container
from releases.domain.release import Artifact
from releases.errors import PaasError
from releases.log import DeployLog
from releases.platform import Platform
from releases.rollout.converge import converge as converge_app
from releases.rollout.health import Patience
from releases.rollout.rollout import Rollout
from releases.settings import Settings
from releases.store import Store, keys
from releases.store.locks import LockLost
from releases.upkeep.lost import settle_change
from releases.upkeep.retire import Retirement
from releases.vault import Vault
from releases.work.queue import JobQueue
from tests.builds import end_build, start_build
from tests.integration.releases.property.fate import Fate, Killed, MortalEngine, MortalRedis, Strike
from tests.integration.releases.property.machine import Machine
from tests.services import wait_for

_AHEAD = 10**9  # a version of the routes that is never reached


@dataclass(frozen=True)
class Outcome:
    """How a job ended: done, refused with a reason, or its worker was killed."""

    log: str
    refused: str = ""
    killed: bool = False

    @property
    def done(self) -> bool:
        return not self.refused and not self.killed


class _Upkeep(MortalEngine):
    """What is told to stop is gone when the test says so, and not in the middle of a look."""

    def __init__(self, engine: Machine, fate: Fate) -> None:
        super().__init__(engine, fate)
        self.told: set[str] = set()

    def retire(self, container: Container, grace_s: float) -> None:
        self.told.add(container.id)


class World:
    """Apps, a machine and routers around one Redis, and a worker that may die."""

    def __init__(self, settings: Settings, client: MortalRedis, vault: Vault) -> None:
        self.settings = settings
        self.redis = client
        self.fate = client.fate
        self.store = Store(client, vault)
        queue = JobQueue(settings.redis, settings.release_timeout_s)
        self.platform = Platform(settings, self.store, queue)
        self.machine = Machine()
        self.engine: Any = MortalEngine(self.machine, self.fate)
        self._seconds = 0.0

    # Jobs.

    def run(
        self,
        app: str,
        act: Callable[[Rollout], str],
        strike: Strike | None = None,
        *,
        log: str = "",
        meanwhile: Callable[[], None] | None = None,
    ) -> Outcome:
        """One job, as `releases.jobs` runs it; at the strike its worker dies, or stalls."""
        log = log or self.store.logs.new(app)
        told = self._confirm_ahead()
        self.fate.arm(strike, meanwhile)
        try:
            return self._run(app, act, log)
        except Killed:
            self.fate.disarm()
            self._lock_expires(app)
            settle_change(self.store, app, log)
            return Outcome(log, killed=True)
        finally:
            self.fate.disarm()
            self._unconfirm(told)

    def _run(self, app: str, act: Callable[[Rollout], str], log: str) -> Outcome:
        deploy_log = DeployLog(self.store.logs, log)
        try:
            with self.store.locks.hold(app, "a job") as lock:
                tools = (self.settings, self.store, self.engine, lock, deploy_log, self._patience())
                line = act(Rollout(*tools))
        except LockLost as error:
            settle_change(self.store, app, log, str(error))
            return Outcome(log, killed=True)
        except PaasError as error:
            deploy_log.fail(str(error))
            return Outcome(log, refused=str(error))
        deploy_log.succeed(line)
        return Outcome(log)

    def converge(self, app: str, strike: Strike | None = None) -> Outcome:
        """As the upkeep asks for it: under the log of what was interrupted."""

        def act(rollout: Rollout) -> str:
            converge_app(rollout)
            return f"{app} is as it should be"

        target = self.store.apps.get(app).target
        return self.run(app, act, strike, log=target.log if target else "")

    def stalled(self, app: str, meanwhile: Callable[[], None]) -> Callable[[], None]:
        """What happens to a worker that stalls: its lock expires, and others go on without it.

        Before it has the lock and after it let go, nothing does.
        """

        def happens() -> None:
            self.fate.disarm()
            if self.store.locks.holder(app) is None:
                return
            self._lock_expires(app)
            meanwhile()

        return happens

    def _lock_expires(self, app: str) -> None:
        self.redis.delete(keys.lock(app))

    def _patience(self) -> Patience:
        return Patience(
            1.0,
            0.1,
            clock=lambda: self._seconds,
            pause=self._pause,
            answers=self.machine.answers,
        )

    def _pause(self, seconds: float) -> None:
        self._seconds += seconds

    # Builds.

    def built(self, app: str, image: str, commit: str, processes: dict[str, str | None]) -> Build:
        """A build that succeeded; an image that was there already will do."""
        build = start_build(self.store, app, commit=commit, who="ada")
        made = Artifact(image, commit, build.number, processes, 5000)
        return end_build(self.store, build, artifact=made)

    def failed_build(self, app: str, commit: str) -> Build:
        """A build that made no image."""
        build = start_build(self.store, app, commit=commit, who="ada")
        return end_build(self.store, build, status=BuildStatus.FAILED, reason="no such file")

    # The upkeep, and time.

    def look(self, strike: Strike | None = None, *, stops: bool = True) -> bool:
        """One look; what is told to stop is gone afterwards, or takes longer."""
        upkeep: Any = _Upkeep(self.machine, self.fate)
        retirement = Retirement(self.platform, upkeep, clock=time.time)
        self.fate.arm(strike)
        try:
            is_busy = retirement.look()
        except Killed:
            self.fate.disarm()
            for app in self.store.apps.names():
                self._lock_expires(app)
            is_busy = True
        self.fate.disarm()
        wait_for(retirement.is_idle, "containers to stop")
        for identifier in sorted(upkeep.told) if stops else ():
            self.machine.running.pop(identifier, None)
        return is_busy

    def resync(self) -> None:
        """What the upkeep loop does every half minute: every app is looked at again."""
        for app in self.store.apps.names():
            self.store.retire_later(app)

    def passes(self, seconds: float) -> None:
        """Time passes: flips read the real clock, so it is the past that moves."""
        for app in self.store.apps.names():
            for field in ("flipped_at", "live_since"):
                if self.redis.hexists(keys.app(app), field):
                    self.redis.hincrbyfloat(keys.app(app), field, -seconds)

    # Routers. None of them is waited for: that would take ten seconds of real time.

    def _confirm_ahead(self) -> dict[str, str]:
        told: dict[str, str] = self.redis.hgetall(keys.ROUTER_ACKS)
        members = self.store.routes.members()
        if members:
            self.redis.hset(keys.ROUTER_ACKS, mapping=dict.fromkeys(members, _AHEAD))
        return told

    def _unconfirm(self, told: dict[str, str]) -> None:
        self.redis.delete(keys.ROUTER_ACKS)
        if told:
            self.redis.hset(keys.ROUTER_ACKS, mapping=told)

    def routes(self) -> dict[str, tuple[str, tuple[str, ...]]]:
        """Host -> app and addresses, as a router reads them."""
        found = self.store.routes.changes_since(0).routes
        return {host: (one.app, one.backends) for host, one in found.items() if one}
