"""Flips from one warm release to the other and back, by real rollbacks, under load."""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from releases.log import follow
from releases.work.queue import RELEASES, ROLL_BACK, SCALE
from tests.faults.stage import SHOP, SLOW, Stage
from tests.load import Request, load_on
from tests.services import wait_for


@dataclass
class Flips:
    """What came of them: of each flip its release's answer, when it was asked for and reported."""

    flips: list[tuple[str, float, float]] = field(default_factory=list)
    requests: Sequence[Request] = ()

    @property
    def failed(self) -> list[Request]:
        """Everything that was not answered with 200."""
        return [one for one in self.requests if one.status != 200]

    @property
    def mixed(self) -> list[Request]:
        """Answers by another release than the one that served all the time they took to begin.

        A request is judged that began after a flip was reported and before the next was asked for.
        """
        found, number = [], 0
        ends = [asked for _, asked, _ in self.flips[1:]] + [float("inf")]
        for one in sorted(self.requests, key=lambda one: one.began):
            while number + 1 < len(self.flips) and self.flips[number + 1][2] <= one.began:
                number += 1
            wanted, _, reported = self.flips[number]
            is_judged = one.status == 200 and reported <= one.began < ends[number]
            if is_judged and one.body.strip() != wanted:
                found.append(one)
        return found

    def row(self) -> str:
        """One line for a person."""
        took = sorted(1000 * (reported - asked) for _, asked, reported in self.flips)
        return (
            f"{len(took)} flips, {len(self.requests)} requests: {len(self.failed)} failed, "
            f"{len(self.mixed)} mixed; asked to reported {took[0]:.0f} / "
            f"{statistics.median(took):.0f} / {took[-1]:.0f} ms (minimum, median, maximum)"
        )


def flip_under_load(stage: Stage, count: int) -> Flips:
    """Go back so many times; each is asked for when the other release is warm, or still serves.

    Without the worker process, which is never kept warm: each flip would wait for a new one.
    """
    _scale_worker(stage, 0)
    try:
        return _flip(stage, count)
    finally:
        _scale_worker(stage, 1)


def _scale_worker(stage: Stage, count: int) -> None:
    store, queue = stage.whole.platform.store, stage.whole.platform.queue
    log = store.logs.new(SHOP)
    queue.request(RELEASES, SCALE, SHOP, {"worker": count}, "ada", log=log)
    follow(store.logs, log, lambda line: None)


def _flip(stage: Stage, count: int) -> Flips:
    store, queue = stage.whole.platform.store, stage.whole.platform.queue
    done = Flips()
    with load_on(stage.whole.settings.http_port, stage.whole.settings.host(SHOP), SLOW) as load:
        wait_for(lambda: load.count("/") > 0, "the load")
        for _ in range(count):
            asked, log = time.monotonic(), store.logs.new(SHOP)
            queue.request(RELEASES, ROLL_BACK, SHOP, 0, "ada", log=log)
            follow(store.logs, log, lambda line: None)
            live, reported = stage.app.live, time.monotonic()
            assert live
            done.flips.append((f"v{live.containers_of}", asked, reported))
    done.requests = load.requests
    return done
