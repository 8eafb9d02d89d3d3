"""When a container counts as healthy, and what is said of one that does not."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from releases.domain.container import Container
from releases.engine.protocol import Condition, Engine
from releases.errors import PaasError
from releases.rollout.checks.checkup import USUAL, Checkup
from releases.rollout.checks.port import accepts_connections, listening
from releases.rollout.checks.probe import Eyes, Probe, Seen

INTERVAL_S = 0.05
SHOWN_LINES = 30
_PARALLEL = 16
_LONGEST_REST_S = 1.0
LAST_LINES_ABOVE = "; its last lines are above"


class UnhealthyRelease(PaasError):
    """A container of the release died or never became healthy."""

    def __init__(self, reason: str, container: Container, output: Sequence[str]) -> None:
        super().__init__(reason)
        self.container = container
        self.output = output


def _threads() -> Executor:
    return ThreadPoolExecutor(_PARALLEL)


@dataclass(frozen=True)
class Patience:
    """How long is waited for what, by which clock, and how a port is tried."""

    boot_timeout_s: float
    settle_s: float  # a process without a port is healthy when it has lived so long
    clock: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = time.sleep
    answers: Callable[[str, int], bool] = accepts_connections
    pool: Callable[[], Executor] = _threads  # where looks are taken side by side


def wait_until_healthy(
    engine: Engine, containers: Sequence[Container], patience: Patience, checkup: Checkup = USUAL
) -> None:
    """Return when every container is healthy; UnhealthyRelease as soon as one cannot be.

    Where the app says nothing else, a web process is healthy when its port accepts a connection,
    any other when it has lived for the settle time. Every look is at all of them: one that died
    after its own check, while others still boot, must not get traffic.
    """
    # One that was there before may have been restarted by Docker once, long ago.
    restarts = restarts_of(engine, [one for one in containers if one.status])
    pool, started = patience.pool(), patience.clock()
    eyes = Eyes(engine, patience.answers, patience.settle_s, checkup.host)
    waiting = [Watch(probe, eyes) for one in containers for probe in checkup.probes(one)]
    try:
        while True:
            age_s = patience.clock() - started
            deaths(engine, containers, restarts)
            look(waiting, pool, age_s)
            waiting = [one for one in waiting if not one.is_over(patience, checkup, age_s)]
            if not waiting:
                return
            patience.pause(max(0.0, INTERVAL_S - (patience.clock() - started - age_s)))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


class Watch:
    """One check of one container while it is waited for: a look at a time."""

    def __init__(self, probe: Probe, eyes: Eyes) -> None:
        self.probe = probe
        self.seen = Seen(False, "it did not answer in time")
        self.looking: Future[Seen] | None = None
        self._eyes = eyes
        self._began_at = 0.0
        self._not_before = 0.0  # a look that took long is not begun again at once

    def begin(self, pool: Executor, age_s: float) -> None:
        """Begin a look unless one is under way."""
        if self.looking is None and age_s >= self._not_before:
            self._began_at = age_s
            self.looking = pool.submit(self.probe.look, self._eyes, age_s)

    def collect(self, age_s: float) -> None:
        """Take what the look has seen, once it has."""
        if self.looking and self.looking.done():
            self.seen, self.looking = self.looking.result(), None
            self._not_before = age_s + min(age_s - self._began_at, _LONGEST_REST_S)

    def is_over(self, patience: Patience, checkup: Checkup, age_s: float) -> bool:
        """Whether nothing has to be waited for; UnhealthyRelease if its time is up."""
        if self.seen.is_well:
            return True
        allowed_s = self.probe.may_take_s(patience.boot_timeout_s)
        if age_s <= allowed_s:
            return False
        failure = _never_healthy(self._eyes.engine, self.probe, self.seen, allowed_s)
        if not self.probe.check.warn:
            raise failure
        checkup.tell(f"Only a warning: {failure}")
        return True


def look(waiting: Sequence[Watch], pool: Executor, age_s: float) -> None:
    """Have every check look, side by side; one that is slow is not waited for."""
    for one in waiting:
        one.begin(pool, age_s)
    wait([one.looking for one in waiting if one.looking], timeout=INTERVAL_S)
    for one in waiting:
        one.collect(age_s)


def restarts_of(engine: Engine, containers: Sequence[Container]) -> dict[str, int]:
    """How often Docker has restarted each up to now, by id."""
    return {one.id: engine.condition(one).restarts for one in containers}


def deaths(engine: Engine, containers: Sequence[Container], restarts: Mapping[str, int]) -> None:
    """Return if all of them have lived since they had been restarted so often; UnhealthyRelease."""
    for one in containers:
        condition = engine.condition(one)
        if condition.has_died_since(restarts.get(one.id, 0)):
            raise _died(engine, one, condition)


def _died(engine: Engine, container: Container, condition: Condition) -> UnhealthyRelease:
    if condition.hangs:
        return UnhealthyRelease(f"{container.slot.name} is {condition.reason}", container, ())
    why = "was killed for memory" if condition.out_of_memory else "exited"
    code = (
        f" with status {condition.exit_code}" if not condition.restarts else " at once, repeatedly"
    )
    return UnhealthyRelease(
        f"{container.slot.name} {why}{code}{LAST_LINES_ABOVE}",
        container,
        engine.tail(container, SHOWN_LINES),
    )


def _never_healthy(engine: Engine, probe: Probe, seen: Seen, waited_s: float) -> UnhealthyRelease:
    one = probe.container
    instead = f" ({_listening_on(engine, one)})" if seen.is_unheard else ""
    if probe.is_default:
        reason = (
            f"{one.slot.name} did not answer on port {probe.port} within {waited_s:g} s{instead}; "
            "it must listen on 0.0.0.0:$PORT"
        )
    else:
        reason = (
            f"{one.slot.name} failed its check {probe.check.title!r} within {waited_s:g} s: "
            f"{seen.what}{instead}{LAST_LINES_ABOVE}"
        )
    return UnhealthyRelease(reason, one, engine.tail(one, SHOWN_LINES))


def _listening_on(engine: Engine, container: Container) -> str:
    found = listening(engine.condition(container).process)
    return f"it listens on {', '.join(found)}" if found else "it listens on no port"
