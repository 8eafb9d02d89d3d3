"""Who may change what runs for an app: one, by name, fenced, gone when its process dies."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import redis

from releases.settings import Settings
from releases.store import Store
from releases.store.locks import Lease, Lock
from tests.services import running, wait_for

pytestmark = pytest.mark.integration
KEY = "paas:app:myapp:lock"
QUICK = Lease(ttl_s=0.6, comes_back=True)
HOLDER = """
import signal, sys
from pathlib import Path
from releases.settings import Settings
from releases.store import Store
store = Store.open(Settings(home=Path(sys.argv[1]), redis_url=sys.argv[2]))
with store.locks.hold("myapp", "Deploy 3f9ac21"):
    signal.pause()
"""


@contextmanager
def holding_process(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """A process that holds the lock."""
    arguments = [sys.executable, "-c", HOLDER, str(settings.home), settings.redis_url]
    with running(arguments, Path(settings.home) / "holder.log") as process:
        yield process


class Waiter:
    """A thread that waits for the lock, and what it was told meanwhile."""

    def __init__(self, store: Store) -> None:
        self.told: list[Lock] = []
        self.got: Lock | None = None
        self._store = store
        self.thread = threading.Thread(target=self._wait, daemon=True)
        self.thread.start()

    def _wait(self) -> None:
        with self._store.locks.hold("myapp", "Scale by bob", self.told.append) as lock:
            self.got = lock


def test_the_holder_is_named_with_purpose_and_start(store: Store) -> None:
    assert store.locks.holder("myapp") is None
    with store.locks.hold("myapp", "Deploy 3f9ac21 by alice") as lock:
        assert store.locks.holder("myapp") == lock
        assert lock.purpose == "Deploy 3f9ac21 by alice"
        assert lock.holder.endswith(f":{os.getpid()}")
        assert lock.since > 1_700_000_000
    assert store.locks.holder("myapp") is None


def test_a_second_one_waits_and_is_told_once_for_whom(store: Store) -> None:
    with store.locks.hold("myapp", "Deploy 3f9ac21 by alice") as first:
        waiter = Waiter(store)
        wait_for(lambda: waiter.told, "the waiter to be told")
        assert waiter.got is None
    waiter.thread.join(5.0)
    assert waiter.told == [first]
    assert waiter.got
    assert waiter.got.token > first.token


def test_apps_do_not_wait_for_each_other(store: Store) -> None:
    with store.locks.hold("myapp", "Deploy") as one, store.locks.hold("other", "Deploy") as two:
        assert {one.app, two.app} == {"myapp", "other"}


def test_the_lock_is_let_go_when_the_work_fails(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.locks.hold("myapp", "Deploy"):
        _ = 1 / 0
    assert store.locks.holder("myapp") is None


def test_of_many_that_wait_each_has_it_alone(store: Store) -> None:
    inside: list[int] = []
    most: list[int] = []

    def work(number: int) -> None:
        with store.locks.hold("myapp", f"Change {number}"):
            inside.append(number)
            most.append(len(inside))
            inside.remove(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 8


def test_a_lock_is_renewed_while_its_holder_lives(
    store: Store, settings: Settings, raw: redis.Redis
) -> None:
    with holding_process(settings):
        wait_for(lambda: store.locks.holder("myapp"), "the other process to hold the lock")
        raw.pexpire(KEY, 5_000)
        wait_for(lambda: raw.pttl(KEY) > 5_000, "the lock to be renewed")


def dies_with_the_lock(store: Store, settings: Settings) -> None:
    """A process that held it was killed."""
    with holding_process(settings) as process:
        wait_for(lambda: store.locks.holder("myapp"), "the other process to hold the lock")
        process.kill()
        process.wait()


def test_a_lock_of_a_process_that_died_on_this_host_passes_on_at_once(
    store: Store, settings: Settings
) -> None:
    dies_with_the_lock(store, settings)
    with store.locks.try_hold("myapp", "Scale by bob") as lock:
        assert lock
        assert store.locks.holder("myapp") == lock


def test_a_lease_that_its_holder_takes_again_does_not_pass_on(
    store: Store, settings: Settings
) -> None:
    """Of a build's turn others make sure first that its process is dead, and then take it back."""
    dies_with_the_lock(store, settings)
    with store.locks.try_hold("myapp", "Build 2", QUICK) as lock:
        assert lock is None


def test_a_lock_ends_by_itself_when_its_holder_dies_on_another_host(
    store: Store, settings: Settings, raw: redis.Redis
) -> None:
    dies_with_the_lock(store, settings)
    held = json.loads(str(raw.get(KEY)))
    raw.set(KEY, json.dumps({**held, "holder": "elsewhere:1"}), keepttl=True)
    waiter = Waiter(store)
    wait_for(lambda: waiter.told, "the waiter to be told")
    assert waiter.told[0].holder == "elsewhere:1"
    assert 0 < raw.pttl(KEY) <= 10_000
    raw.pexpire(KEY, 1)  # so that nobody has to wait for it here
    waiter.thread.join(5.0)
    assert waiter.got


def test_who_lost_the_lock_does_not_take_it_from_the_next(store: Store, raw: redis.Redis) -> None:
    with ExitStack() as until_the_end:
        with store.locks.hold("myapp", "Stalled"):
            raw.delete(KEY)
            later = until_the_end.enter_context(store.locks.hold("myapp", "Deploy"))
        assert store.locks.holder("myapp") == later


def test_try_hold_takes_what_is_free_and_lets_it_go(store: Store) -> None:
    with store.locks.try_hold("myapp", "Stop old containers") as lock:
        assert lock
        assert store.locks.holder("myapp") == lock
    assert store.locks.holder("myapp") is None


def test_try_hold_does_not_wait(store: Store) -> None:
    with store.locks.hold("myapp", "Deploy") as held:
        with store.locks.try_hold("myapp", "Stop old containers") as lock:
            assert lock is None
        assert store.locks.holder("myapp") == held


def test_a_lock_that_was_free_is_renewed_for_as_long_as_it_is_held(
    store: Store, raw: redis.Redis
) -> None:
    with store.locks.try_hold("myapp", "Stop old containers"):
        raw.pexpire(KEY, 5_000)
        wait_for(lambda: raw.pttl(KEY) > 5_000, "the lock to be renewed")


def test_a_lease_that_comes_back_is_taken_again_when_it_expired_unseen(
    store: Store, raw: redis.Redis
) -> None:
    with store.locks.try_hold("myapp", "Build 7", QUICK) as lock:
        raw.delete(KEY)
        wait_for(lambda: store.locks.holder("myapp") == lock, "the lock to be taken again")
    assert store.locks.holder("myapp") is None


def test_a_lease_does_not_come_back_to_whom_another_has_followed(
    store: Store, raw: redis.Redis
) -> None:
    with ExitStack() as until_the_end:
        with store.locks.try_hold("myapp", "Build 7", QUICK):
            raw.delete(KEY)
            later = until_the_end.enter_context(store.locks.hold("myapp", "Build 7 again"))
        assert store.locks.holder("myapp") == later


def test_the_lock_of_who_is_known_to_be_dead_is_broken_off_and_no_other(store: Store) -> None:
    with store.locks.hold("myapp", "Build 7") as dead:
        store.locks.break_off(dead)
        with store.locks.hold("myapp", "Build 8") as next_one:
            store.locks.break_off(dead)
            assert store.locks.holder("myapp") == next_one


def test_which_of_many_locks_are_held_is_one_question(store: Store) -> None:
    assert store.locks.held([]) == set()
    with store.locks.hold("myapp", "Deploy"):
        assert store.locks.held(["other", "myapp", "myapp"]) == {"myapp"}
