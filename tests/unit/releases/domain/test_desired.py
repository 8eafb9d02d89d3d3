"""Which boot of a process is asked for."""

from releases.domain.container import Slot, slots
from releases.domain.desired import Desired

LIVE = Desired(3, {"web": 2, "worker": 1})


def test_a_restart_of_all_gives_every_process_a_boot_that_none_had() -> None:
    again = LIVE.restarted("web.1").restarted()

    assert slots(again) == {
        Slot(3, 2, "web", 1),
        Slot(3, 2, "web", 2),
        Slot(3, 2, "worker", 1),
    }


def test_a_restart_of_one_process_leaves_the_others() -> None:
    assert slots(LIVE.restarted("web.2")) == {
        Slot(3, 0, "web", 1),
        Slot(3, 1, "web", 2),
        Slot(3, 0, "worker", 1),
    }


def test_a_restart_of_a_type_is_of_all_its_processes() -> None:
    assert slots(LIVE.restarted("web")) == {
        Slot(3, 1, "web", 1),
        Slot(3, 1, "web", 2),
        Slot(3, 0, "worker", 1),
    }


def test_what_is_stopped_needs_no_container() -> None:
    assert slots(Desired(3, {"web": 2}, stopped=True)) == frozenset()


def test_containers_may_carry_the_number_of_the_release_that_made_them() -> None:
    assert slots(Desired(3, {"web": 1}, origin=1)) == {Slot(1, 0, "web", 1)}
