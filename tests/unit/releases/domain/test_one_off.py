"""What is executed for the words that were typed, and what a one-off is known by."""

import pytest

from releases.domain.container import Container, Slot
from releases.domain.one_off import OneOff, arguments, lease, process_type
from releases.errors import BadInput

PROCESSES = {"web": None, "worker": "python work.py --all"}


@pytest.mark.parametrize(
    ("words", "executed"),
    [
        (["ls", "-la"], ["ls", "-la"]),
        (["ls"], ["ls"]),
        (["$(id)"], ["$(id)"]),
        (["echo", "a b", ";", "`id`"], ["echo", "a b", ";", "`id`"]),
        (["ls | wc"], ["/bin/sh", "-c", "ls | wc"]),
        ([" ls"], ["/bin/sh", "-c", " ls"]),
        (["a\nb"], ["/bin/sh", "-c", "a\nb"]),
        (["worker"], ["/bin/sh", "-c", "python work.py --all"]),
        (["worker", "--once"], ["worker", "--once"]),
        (["web"], None),
    ],
)
def test_words_reach_the_program_as_typed_and_only_lines_need_a_shell(
    words: list[str], executed: list[str] | None
) -> None:
    assert arguments(words, PROCESSES) == executed


@pytest.mark.parametrize("words", [[""], ["  "]])
def test_a_word_of_nothing_is_a_line_that_does_nothing(words: list[str]) -> None:
    assert arguments(words, PROCESSES) == ["/bin/sh", "-c", words[0]]


def test_nothing_to_run_is_said_with_an_example() -> None:
    with pytest.raises(BadInput, match="nothing to run; say for example: run myapp ls -la"):
        arguments([], PROCESSES)


def test_only_a_single_word_can_mean_a_process() -> None:
    assert process_type(["worker"], PROCESSES) == "worker"
    assert process_type(["worker", "x"], PROCESSES) is None
    assert process_type(["ls"], PROCESSES) is None


def one_off(state: str = "running", until: float = 0.0) -> OneOff:
    """run.3 of myapp."""
    slot = Slot(12, 0, "run", 3)
    return OneOff(Container("c", "myapp", slot, "10.0.0.1", 5000, state), "ada", until)


def test_one_that_is_attended_has_a_lease_and_one_with_an_end_is_detached() -> None:
    assert (one_off().name, one_off().lease) == ("run.3", lease("myapp", "run.3"))
    assert not one_off().is_detached
    assert one_off(until=2e9).is_detached


@pytest.mark.parametrize(
    ("state", "has_ended"),
    [("created", False), ("running", False), ("paused", False), ("exited", True), ("dead", True)],
)
def test_one_that_was_not_started_yet_has_not_ended(state: str, has_ended: bool) -> None:
    assert one_off(state).has_ended == has_ended
