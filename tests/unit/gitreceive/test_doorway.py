"""Who may stand at the door, and for how long."""

import threading

from gitreceive.doorway import Doorway


class Standing:
    """A visitor."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.sent_away = threading.Event()

    def hang_up(self) -> None:
        """Go."""
        self.sent_away.set()


def visitors(doorway: Doorway, *addresses: str) -> list[bool]:
    """Let these enter in order; return who was sent away."""
    standing = [Standing(address) for address in addresses]
    for visitor in standing:
        doorway.enter(visitor)
    return [visitor.sent_away.is_set() for visitor in standing]


def test_the_oldest_of_an_address_goes_when_it_has_too_many() -> None:
    doorway = Doorway(20, 9, 2)
    assert visitors(doorway, "a", "b", "a", "a", "b") == [True, False, False, False, False]


def test_the_oldest_of_the_fullest_address_goes_when_there_are_too_many() -> None:
    doorway = Doorway(20, 4, 4)
    assert visitors(doorway, "b", "a", "a", "a", "c") == [False, True, False, False, False]


def test_whoever_left_does_not_count() -> None:
    doorway = Doorway(20, 1, 9)
    first, second = Standing("a"), Standing("a")
    doorway.enter(first)
    doorway.leave(first)
    doorway.enter(second)
    assert not first.sent_away.is_set()
    assert not second.sent_away.is_set()


def test_everyone_is_sent_away_in_time_and_the_watch_ends() -> None:
    doorway = Doorway(0.05, 9, 9)
    watch = threading.Thread(target=doorway.watch)
    watch.start()
    late, left = Standing("a"), Standing("b")
    doorway.enter(left)
    doorway.leave(left)
    doorway.enter(late)
    assert late.sent_away.wait(5)
    assert not left.sent_away.is_set()
    doorway.close()
    watch.join(5)
    assert not watch.is_alive()
