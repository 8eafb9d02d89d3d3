"""What a feed keeps, whom it wakes, and when it wants no more."""

import threading

from releases.store.log_feed import FEED_CHARS, Feed
from releases.store.logs import LogEntry


class Wanted:
    """Counts how often more was wanted."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> None:
        self.times += 1


def entries(first: int, last: int, width: int = 1) -> list[LogEntry]:
    """Entries with ids `first-0` to `last-0`."""
    return [LogEntry(f"{number}-0", "x" * width) for number in range(first, last + 1)]


def ids(found: list[LogEntry] | None) -> list[str]:
    """Their ids, without the dash."""
    assert found is not None
    return [entry.id.removesuffix("-0") for entry in found]


def test_each_follower_takes_what_came_after_its_own_place() -> None:
    feed = Feed("0", Wanted())
    feed.add(entries(1, 3))
    assert ids(feed.take("0", 0)) == ["1", "2", "3"]
    assert ids(feed.take("2-0", 0)) == ["3"]
    assert ids(feed.take("3-0", 0)) == []


def test_ids_are_compared_as_numbers() -> None:
    feed = Feed("0", Wanted())
    feed.add([LogEntry("9-9", "a"), LogEntry("9-10", "b"), LogEntry("10-0", "c")])
    assert [entry.line for entry in feed.take("9-9", 0) or []] == ["b", "c"]


def test_a_waiting_follower_is_woken_by_the_next_entry() -> None:
    feed = Feed("0", Wanted())
    threading.Thread(target=feed.add, args=(entries(1, 1),)).start()
    assert ids(feed.take("0", 20)) == ["1"]


def test_the_oldest_go_and_who_needs_them_is_sent_to_redis() -> None:
    feed = Feed("0", Wanted())
    feed.add(entries(1, 300, width=1_000))
    assert feed.take("0", 0) is None
    kept = feed.take(feed.start, 0)
    assert ids(kept)[-1] == "300"
    assert sum(len(entry.line) for entry in kept or []) <= FEED_CHARS


def test_the_newest_entry_is_kept_however_long_it_is() -> None:
    feed = Feed("0", Wanted())
    feed.add(entries(1, 1, width=2 * FEED_CHARS))
    assert ids(feed.take("0", 0)) == ["1"]


def test_a_full_feed_wants_no_more_until_somebody_takes() -> None:
    wanted = Wanted()
    feed = Feed("0", wanted)
    feed.add(entries(1, 1, width=FEED_CHARS - 1))
    assert not feed.is_wanted
    feed.take("0", 0)
    assert feed.is_wanted
    assert wanted.times == 1


def test_a_follower_that_lags_does_not_make_the_feed_wanted() -> None:
    wanted = Wanted()
    feed = Feed("0", wanted)
    feed.add(entries(1, 300, width=1_000))
    assert feed.take("0", 0) is None
    assert not feed.is_wanted
    assert wanted.times == 0


def test_a_follower_that_is_ahead_of_a_full_feed_makes_it_wanted_before_it_waits() -> None:
    feed = Feed("0", lambda: feed.add(entries(301, 301)))
    feed.add(entries(1, 300, width=1_000))
    assert ids(feed.take("300-0", 20)) == ["301"]
