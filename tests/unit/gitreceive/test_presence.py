"""Who may stay connected without wanting anything."""

import threading
from collections.abc import Iterator

import pytest

from gitreceive.limits import Limits
from gitreceive.presence import Presence


class Guest:
    """A connection."""

    address = "a"

    def __init__(self) -> None:
        self.sent_away = threading.Event()

    def hang_up(self) -> None:
        """Go."""
        self.sent_away.set()


@pytest.fixture
def presence() -> Iterator[Presence]:
    """Short times and few places."""
    made = Presence(Limits(login_s=0.05, idle_s=0.05, connections=1))
    made.start()
    yield made
    made.stop()


def test_who_asks_for_nothing_goes_and_so_does_who_stays_after_it_was_served(
    presence: Presence,
) -> None:
    silent, served = Guest(), Guest()
    for guest in (silent, served):
        presence.arrive(guest)
    presence.begin_call(served)
    assert silent.sent_away.wait(5)
    assert not served.sent_away.is_set()
    presence.end_call(served)
    assert served.sent_away.wait(5)


def test_who_is_served_twice_at_once_is_busy_until_both_are_done(presence: Presence) -> None:
    busy, other = Guest(), Guest()
    presence.arrive(busy)
    presence.begin_call(busy)
    presence.begin_call(busy)
    presence.end_call(busy)
    presence.arrive(other)
    assert other.sent_away.wait(5)
    assert not busy.sent_away.is_set()


def test_the_oldest_of_too_many_idle_ones_goes() -> None:
    presence = Presence(Limits(connections=1))
    guests = [Guest(), Guest()]
    for guest in guests:
        presence.arrive(guest)
        presence.begin_call(guest)
    for guest in guests:
        presence.end_call(guest)
    assert [guest.sent_away.is_set() for guest in guests] == [True, False]


def test_who_left_in_mid_call_is_forgotten(presence: Presence) -> None:
    gone = Guest()
    presence.arrive(gone)
    presence.begin_call(gone)
    presence.depart(gone)
    presence.end_call(gone)
    assert len(presence) == 0
    assert list(presence._idle._waiting) == []


def test_everyone_is_hung_up_on_at_the_end(presence: Presence) -> None:
    guest = Guest()
    presence.arrive(guest)
    presence.begin_call(guest)
    presence.stop()
    assert guest.sent_away.is_set()
