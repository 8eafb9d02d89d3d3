"""How deploy logs are written, capped and followed."""

import threading
from collections.abc import Callable

import pytest
import redis

from releases.log import DeployFailed, DeployLog, follow
from releases.store import Store
from releases.store.logs import MAX_LINE_CHARS, MAX_LINES, LogEntry

pytestmark = pytest.mark.integration


def lines(entries: list[LogEntry]) -> list[str]:
    """Their text."""
    return [entry.line for entry in entries]


def test_every_new_log_has_an_id_of_its_own_that_names_the_app(store: Store) -> None:
    first, second = store.logs.new("myapp"), store.logs.new("myapp")
    assert first != second
    assert first.startswith("myapp:")
    assert store.logs.read(first) == []


def test_lines_come_back_in_order_and_exactly(store: Store) -> None:
    store.logs.append("myapp:1", ["-----> Building", "", "  two  ", "grüße 🚀"])
    store.logs.append("myapp:1", iter(["more"]))
    assert lines(store.logs.read("myapp:1")) == [
        "-----> Building", "", "  two  ", "grüße 🚀", "more",
    ]  # fmt: skip


def test_many_lines_are_one_round_trip(store: Store, raw: redis.Redis) -> None:
    def reads() -> int:
        return int(raw.info("stats")["total_reads_processed"])

    store.logs.append("myapp:1", ["the connection is open"])
    before = reads()
    store.logs.append("myapp:1", [f"line {number}" for number in range(200)])
    assert reads() - before < 20  # Redis reads 16 KiB at a time
    assert len(store.logs.read("myapp:1")) == 201


def test_a_long_line_is_cut(store: Store) -> None:
    store.logs.append("myapp:1", ["x" * (MAX_LINE_CHARS + 1)])
    store.logs.end("myapp:1", ok=False, line="y" * (MAX_LINE_CHARS + 1))
    assert [len(entry.line) for entry in store.logs.read("myapp:1")] == [MAX_LINE_CHARS] * 2


def test_of_a_long_log_the_oldest_lines_go(store: Store) -> None:
    store.logs.append("myapp:1", (str(number) for number in range(MAX_LINES + 5_000)))
    kept = lines(store.logs.read("myapp:1"))
    assert kept[-1] == str(MAX_LINES + 4_999)
    assert MAX_LINES <= len(kept) < MAX_LINES + 1_000  # Redis cuts whole blocks


@pytest.mark.parametrize("write", [lambda log: log.step("a"), lambda log: log.succeed("a")])
def test_a_log_goes_by_itself_after_a_month(
    store: Store, raw: redis.Redis, write: Callable[[DeployLog], None]
) -> None:
    write(DeployLog(store.logs, "myapp:1"))
    assert 29 * 86400 < raw.ttl("paas:log:myapp:1") <= 30 * 86400


def test_a_log_is_followed_live_to_its_verdict(store: Store) -> None:
    log = DeployLog(store.logs, store.logs.new("myapp"))
    log.step("Building")
    seen: list[str] = []

    def write(line: str) -> None:
        seen.append(line)
        if line == "-----> Building":
            threading.Thread(target=log.detail, args=("compiling",)).start()
        if line == "       compiling":
            threading.Thread(target=log.succeed, args=("v1 is live",)).start()

    assert follow(store.logs, log.id, write) == "v1 is live"
    assert seen == ["-----> Building", "       compiling"]


def test_a_bad_end_is_raised_with_its_reason(store: Store) -> None:
    log = DeployLog(store.logs, store.logs.new("myapp"))
    log.error("web.1 failed", "twice")
    log.fail("web.1 exited with status 3")
    seen: list[str] = []
    with pytest.raises(DeployFailed, match=r"^web\.1 exited with status 3$"):
        follow(store.logs, log.id, seen.append)
    assert seen == [" !     web.1 failed", " !     twice"]


def test_who_comes_late_sees_it_all(store: Store) -> None:
    store.logs.append("myapp:1", [str(number) for number in range(1_200)])
    store.logs.end("myapp:1", ok=True, line="done")
    found = [entry for entry in store.logs.follow("myapp:1") if entry]
    assert lines(found) == [*map(str, range(1_200)), "done"]
    assert (found[-1].ended, found[-1].ok) == (True, True)
    assert not any(entry.ended for entry in found[:-1])


def test_who_was_cut_off_goes_on_after_the_last_line_seen(store: Store) -> None:
    store.logs.append("myapp:1", ["one", "two", "three"])
    store.logs.end("myapp:1", ok=True, line="done")
    first = store.logs.read("myapp:1")[0]
    again = [entry for entry in store.logs.follow("myapp:1", after=first.id) if entry]
    assert lines(again) == ["two", "three", "done"]


def test_silence_is_the_followers_chance_to_look_elsewhere(store: Store) -> None:
    entries = store.logs.follow("myapp:1", idle_s=0.01)
    assert next(entries) is None
    assert next(entries) is None
    store.logs.append("myapp:1", ["late"])
    found = next(entries)
    assert found
    assert found.line == "late"


def test_two_follow_the_same_log(store: Store) -> None:
    store.logs.append("myapp:1", ["one"])
    store.logs.end("myapp:1", ok=True, line="done")
    both = [list(store.logs.follow("myapp:1")) for _ in range(2)]
    assert both[0] == both[1]


def test_nothing_after_the_verdict_is_followed(store: Store) -> None:
    store.logs.end("myapp:1", ok=True, line="done")
    store.logs.append("myapp:1", ["a straggler"])
    assert lines([entry for entry in store.logs.follow("myapp:1") if entry]) == ["done"]


def test_the_first_verdict_is_the_verdict(store: Store) -> None:
    store.logs.end("myapp:1", ok=True, line="v1 is live")
    store.logs.end("myapp:1", ok=False, line="the worker process died")
    assert follow(store.logs, "myapp:1", print) == "v1 is live"


def test_a_deleted_log_is_empty(store: Store) -> None:
    store.logs.append("myapp:1", ["one"])
    store.logs.delete("myapp:1")
    assert store.logs.read("myapp:1") == []
