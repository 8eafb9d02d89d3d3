"""So many a minute."""

from gitreceive.rate import Rate


class Clock:
    """A clock that the test turns."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_as_many_at_once_and_then_so_many_a_minute() -> None:
    clock = Clock()
    rate = Rate(60, clock)
    assert [rate.take("a") for _ in range(61)] == [True] * 60 + [False]
    assert rate.take("b"), "each name has its own"
    clock.now += 2
    assert [rate.take("a") for _ in range(3)] == [True, True, False]
    clock.now += 3600
    assert [rate.take("a") for _ in range(61)].count(True) == 60


def test_what_did_not_count_is_given_back_but_no_more() -> None:
    clock = Clock()
    rate = Rate(1, clock)
    rate.give_back("a")
    assert [rate.take("a"), rate.take("a")] == [True, False]
    rate.give_back("a")
    assert [rate.take("a"), rate.take("a")] == [True, False]


def test_a_rate_of_0_knows_no_limit() -> None:
    rate = Rate(0, Clock())
    assert all(rate.take("a") for _ in range(1000))


def test_a_crowd_of_names_takes_no_memory_for_ever() -> None:
    clock = Clock()
    rate = Rate(1, clock)
    for number in range(25_000):
        assert rate.take(str(number))
    assert len(rate._buckets) <= 10_000
    assert not rate.take("24999")
    clock.now += 61
    rate.take("x")
    assert rate.take("24999")
