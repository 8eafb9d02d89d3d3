"""Many follow many logs by few connections, at their own pace, over a restart of Redis."""

import threading
from pathlib import Path

import pytest
import redis

from releases.log import DeployLog, follow
from releases.store import Store
from releases.store.connection import connect
from releases.store.log_feed import FEED_CHARS
from releases.store.log_reader import LogReader
from releases.store.logs import LogStore
from tests.services import redis_process, wait_for

pytestmark = pytest.mark.integration

FOLLOWERS = 100


class Followers:
    """Threads that follow logs to their ends."""

    def __init__(self, reader: LogReader) -> None:
        self._reader = reader
        self.seen: list[list[str]] = []
        self._threads: list[threading.Thread] = []

    def add(self, log: str) -> list[str]:
        """One more; return the list that it fills."""
        lines: list[str] = []
        self.seen.append(lines)
        thread = threading.Thread(target=self._follow, args=(log, lines))
        thread.start()
        self._threads.append(thread)
        return lines

    def join(self) -> None:
        """Wait for their ends."""
        for thread in self._threads:
            thread.join(30)
        assert not [thread for thread in self._threads if thread.is_alive()]

    def _follow(self, log: str, lines: list[str]) -> None:
        lines.append(follow(self._reader, log, lines.append))


@pytest.fixture
def followers(store: Store) -> Followers:
    """Nobody yet."""
    return Followers(store.log_reader)


def connections(raw: redis.Redis) -> int:
    """How many clients Redis has."""
    return len(raw.client_list())


def numbered(count: int) -> list[str]:
    """Lines."""
    return [f"line {number}" for number in range(count)]


def test_a_hundred_followers_of_one_log_take_few_connections(
    store: Store, raw: redis.Redis, followers: Followers
) -> None:
    before = connections(raw)
    for _ in range(FOLLOWERS):
        followers.add("myapp:1")
    store.logs.append("myapp:1", ["one"])
    wait_for(lambda: all(seen == ["one"] for seen in followers.seen), "the line to reach all")
    assert connections(raw) - before <= 6
    store.logs.append("myapp:1", numbered(2_000))
    store.logs.end("myapp:1", ok=True, line="done")
    followers.join()
    assert all(seen == ["one", *numbered(2_000), "done"] for seen in followers.seen)
    assert connections(raw) - before <= 6


def test_a_hundred_followers_of_a_hundred_logs_take_few_connections(
    store: Store, raw: redis.Redis, followers: Followers
) -> None:
    before = connections(raw)
    logs = [f"app-{number}:1" for number in range(FOLLOWERS)]
    for log in logs:
        followers.add(log)
    for turn in range(20):
        for log in logs:
            store.logs.append(log, [f"{log} {turn}"])
    assert connections(raw) - before <= 6
    for log in logs:
        store.logs.end(log, ok=True, line="done")
    followers.join()
    expected = [[*(f"{log} {turn}" for turn in range(20)), "done"] for log in logs]
    assert followers.seen == expected


def test_a_line_arrives_before_the_next_is_written(store: Store, followers: Followers) -> None:
    others = [f"quiet-{number}:1" for number in range(20)]
    for log in others:
        followers.add(log)
    seen = followers.add("myapp:1")
    for number in range(200):
        store.logs.append("myapp:1", [str(number)])
        wait_for(lambda: len(seen) == number + 1, "the line", timeout_s=2.0)  # noqa: B023 - waited for here
    for log in [*others, "myapp:1"]:
        store.logs.end(log, ok=True, line="done")
    followers.join()


def test_a_slow_reader_holds_nobody_up_and_loses_nothing(
    store: Store, followers: Followers
) -> None:
    lines = ["x" * 100 + f" {number}" for number in range(5 * FEED_CHARS // 100)]
    may_go_on = threading.Event()
    slow: list[str] = []

    def write(line: str) -> None:
        slow.append(line)
        may_go_on.wait(30)

    reading = threading.Thread(target=follow, args=(store.log_reader, "myapp:1", write))
    reading.start()
    quick, other = followers.add("myapp:1"), followers.add("other:1")
    store.logs.append("myapp:1", lines)
    store.logs.append("other:1", ["hello"])
    wait_for(lambda: len(quick) == len(lines) and other == ["hello"], "the quick ones")
    assert len(slow) <= 1
    may_go_on.set()
    for log in ("myapp:1", "other:1"):
        store.logs.end(log, ok=True, line="done")
    followers.join()
    reading.join(30)
    assert slow == lines


def test_who_comes_late_gets_it_all_while_others_follow(store: Store, followers: Followers) -> None:
    early = followers.add("myapp:1")
    store.logs.append("myapp:1", numbered(15_000))
    wait_for(lambda: len(early) == 15_000, "the first follower")
    late = followers.add("myapp:1")
    store.logs.append("myapp:1", ["more"])
    store.logs.end("myapp:1", ok=True, line="done")
    followers.join()
    assert early == late == [*numbered(15_000), "more", "done"]


def test_who_was_cut_off_goes_on_after_the_last_line_seen_here_too(store: Store) -> None:
    store.logs.append("myapp:1", ["one", "two", "three"])
    store.logs.end("myapp:1", ok=True, line="done")
    first = store.logs.read("myapp:1")[0]
    again = [entry for entry in store.log_reader.follow("myapp:1", after=first.id) if entry]
    assert [entry.line for entry in again] == ["two", "three", "done"]


def test_silence_is_told_to_a_follower_who_shares(store: Store) -> None:
    entries = store.log_reader.follow("myapp:1", idle_s=0.01)
    assert next(entries) is None
    store.logs.append("myapp:1", ["late"])
    found = None
    while not found:
        found = next(entries)
    assert found.line == "late"


def test_when_the_last_follower_left_the_log_is_forgotten(store: Store) -> None:
    entries = store.log_reader.follow("myapp:1", idle_s=0.01)
    next(entries)
    entries.close()
    assert store.log_reader.followed == []


def lived_through_restart(home: Path, *persistence: str) -> list[str]:
    """What a follower has seen that was there before and after Redis was killed."""
    with redis_process(home, *persistence) as (url, server):
        logs = LogStore(connect(url))
        followers = Followers(LogReader(connect(url), logs))
        seen = followers.add("myapp:1")
        DeployLog(logs, "myapp:1").write(["before"])
        wait_for(lambda: seen == ["before"], "the line before")
        server.kill()
        server.wait()
        (home / "redis.sock").unlink()
        with redis_process(home, *persistence) as (again, _):
            fresh = DeployLog(LogStore(connect(again)), "myapp:1")
            fresh.write(["after"])
            fresh.succeed("v1 is live")
            followers.join()
    return seen


def test_a_restart_of_redis_is_lived_through(home: Path) -> None:
    seen = lived_through_restart(home, "--appendonly", "yes", "--appendfsync", "always")
    assert seen == ["before", "after", "v1 is live"]


def test_a_redis_that_lost_its_memory_is_followed_on(home: Path) -> None:
    assert lived_through_restart(home) == ["before", "after", "v1 is live"]
