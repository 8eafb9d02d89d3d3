"""A window's size, and that whoever waits for it to change hears of the last one."""

import threading

from releases.console import Size, Window


def test_a_size_of_nothing_is_no_size_and_a_huge_one_is_bounded() -> None:
    assert Window(0, 0).size is None
    assert Window(1 << 31, 40).size == Size(10_000, 40)
    window = Window(80, 24)
    window.resize(0, 24)
    assert window.size == Size(80, 24)


def test_changes_are_told_once_and_only_the_last_of_many() -> None:
    window = Window(80, 24)
    changes = window.changes(window.size)
    for columns in range(81, 200):
        window.resize(columns, 24)
    assert next(changes) == Size(199, 24)
    window.resize(100, 30)
    assert next(changes) == Size(100, 30)


def test_nobody_waits_for_a_window_that_is_closed() -> None:
    window = Window(80, 24)
    seen: list[Size] = []
    waiting = threading.Thread(target=lambda: seen.extend(window.changes(window.size)))
    waiting.start()
    window.close()
    waiting.join(10)
    assert not waiting.is_alive()
    assert seen == []
