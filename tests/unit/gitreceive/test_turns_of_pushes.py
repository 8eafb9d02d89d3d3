"""One push per app at a time."""

import threading

import pytest

from gitreceive.client import ClientGone
from gitreceive.turns import Turn, Turns
from tests.services import wait_for


class Pusher(threading.Thread):
    """Takes a turn and holds it until told to go."""

    def __init__(self, turns: Turns, app: str, title: str) -> None:
        super().__init__(daemon=True)
        self.turns, self.app, self.turn = turns, app, Turn(title)
        self.told: list[tuple[str, int]] = []
        self.has_turn, self.go = threading.Event(), threading.Event()
        self.gave_up = False

    def run(self) -> None:
        """The thread."""
        try:
            with self.turns.take(self.app, self.turn, lambda *told: self.told.append(told)):
                self.has_turn.set()
                self.go.wait(10)
        except ClientGone:
            self.gave_up = True

    def started(self) -> "Pusher":
        """Start, and wait until it stands in the line."""
        before = self.turns.waiting(self.app)
        self.start()
        wait_for(lambda: self.turns.waiting(self.app) == before + 1, "the pusher to join")
        return self


def test_pushes_to_one_app_go_one_after_another_in_order() -> None:
    turns = Turns()
    first, second, third = (Pusher(turns, "a", name).started() for name in ("1", "2", "3"))
    assert first.has_turn.wait(5)
    wait_for(lambda: third.told, "the third to be told")
    assert (first.told, second.told, third.told) == ([], [("1", 0)], [("1", 1)])
    assert not second.has_turn.is_set()
    first.go.set()
    assert second.has_turn.wait(5)
    assert not third.has_turn.is_set()
    second.go.set()
    third.go.set()
    third.join(5)
    assert turns.waiting("a") == 0


def test_pushes_to_different_apps_do_not_wait() -> None:
    turns = Turns()
    pushers = [Pusher(turns, app, app).started() for app in "abc"]
    assert all(pusher.has_turn.wait(5) for pusher in pushers)
    for pusher in pushers:
        pusher.go.set()


def test_whoever_gives_up_leaves_the_line() -> None:
    turns = Turns()
    first, second, third = (Pusher(turns, "a", name).started() for name in ("1", "2", "3"))
    second.turn.give_up()
    second.join(5)
    assert second.gave_up
    first.go.set()
    assert third.has_turn.wait(5)
    third.go.set()


def test_an_error_in_a_turn_passes_it_on() -> None:
    turns = Turns()
    with pytest.raises(ZeroDivisionError), turns.take("a", Turn("1"), lambda *_: None):
        raise ZeroDivisionError
    with turns.take("a", Turn("2"), lambda *_: None):
        assert turns.waiting("a") == 1
