"""Changes of an app that is being changed wait their turn and keep no worker from other apps."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.sample import Sample
from tests.services import wait_for
from tests.whole import WORKERS, Whole

pytestmark = pytest.mark.docker


def test_more_changes_than_workers_wait_for_one_app_and_another_goes_on(
    whole: Whole, live: Sample, sample: Callable[..., Sample]
) -> None:
    other = sample()
    assert whole.git(other.directory, "push", "paas", "master").returncode == 0
    store, count = whole.platform.store, WORKERS["releases"] + 1

    def has_parked() -> bool:
        call = store.parked.next(live.app)
        return call is not None

    with ThreadPoolExecutor(count) as pool:
        with store.locks.hold(live.app, "A long deploy"):
            waiting = [
                pool.submit(whole.ssh, "config:set", live.app, f"N{number}=1")
                for number in range(count)
            ]
            wait_for(has_parked, "a change to wait")
            assert whole.ssh("config:set", other.app, "GREETING=hi").returncode == 0
            assert whole.get(other.app).body == "one hi"
        pushed_on = whole.ssh("ps:restart", live.app)  # whoever comes now, too
        done = [one.result() for one in waiting]

    assert [one.returncode for one in [*done, pushed_on]] == [0] * (count + 1)
    assert "Waiting for: A long deploy (" in done[0].stdout
    names = {f"N{number}" for number in range(count)}
    assert names <= store.configs.config(live.app).keys()
