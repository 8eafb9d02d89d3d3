"""When a process that ended is tried again, and when its crashes are forgotten."""

import pytest

from releases.domain.app import App
from releases.domain.container import Container, Slot
from releases.domain.crash import Crash, crashed
from releases.domain.desired import Desired
from releases.upkeep.amiss import is_amiss, next_try

NOW = 1000.0
WEB = Slot(1, 0, "web", 1)
APP = App("shop", 0.0, "ada", {}, live=Desired(1, {"web": 1}))
RESTING = Crash(2, "exit status 3", NOW, NOW + 10)
DUE = Crash(2, "exit status 3", NOW - 10, NOW)
BACK = Crash(2, "exit status 3", NOW - 10, 0.0, back_at=NOW)


def container(state: str, *, condemned: bool = False) -> Container:
    return Container("id", "shop", WEB, "10.0.0.1", 5000, state, "Up", condemned)


def test_the_first_try_is_at_once_and_later_ones_ever_later_up_to_ten_minutes() -> None:
    crash, waits = None, []
    for _ in range(10):
        crash = crashed(crash, "exit status 3", NOW)
        waits.append(crash.next_at - NOW)
    assert waits == [0, 10, 30, 60, 120, 240, 480, 600, 600, 600]
    assert crash
    assert crash.count == 10


def test_a_crash_is_forgotten_once_its_process_has_lived_for_ten_minutes() -> None:
    assert not BACK.is_over(NOW + 599)
    assert BACK.is_over(NOW + 601)
    assert not RESTING.is_over(NOW + 10_000)


@pytest.mark.parametrize(
    ("containers", "crash", "said"),
    [
        ([container("running")], None, False),
        ([container("running")], BACK, False),
        ([container("running")], RESTING, False),  # it runs and does not answer
        ([container("running")], DUE, True),
        ([container("restarting")], None, False),  # by Docker
        ([container("restarting")], DUE, False),
        ([container("exited")], None, True),
        ([container("exited")], BACK, True),
        ([container("exited")], RESTING, False),
        ([container("exited")], DUE, True),
        ([container("paused")], None, True),
        ([container("running", condemned=True)], None, True),
        ([], None, True),
        ([], RESTING, False),
    ],
)
def test_an_app_is_amiss_where_something_can_be_done_now(
    containers: list[Container], crash: Crash | None, said: bool
) -> None:
    assert is_amiss(APP, containers, {WEB: crash} if crash else {}, NOW) is said


def test_what_rests_is_looked_at_when_its_time_comes() -> None:
    assert next_try(APP, {WEB: RESTING}) == NOW + 10
    assert next_try(APP, {WEB: BACK}) is None
    assert next_try(APP, {Slot(9, 0, "web", 1): RESTING}) is None
