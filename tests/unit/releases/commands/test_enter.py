"""Which container is entered, and what is run in it."""

import pytest

from releases.commands.enter import NoSuchProcess, choose
from releases.domain.container import Container, Slot


def container(process_type: str, index: int = 1, release: int = 2) -> Container:
    """web.1, worker.1, ..."""
    slot = Slot(release, 0, process_type, index)
    return Container(f"{slot.name}-v{release}", "shop", slot, "10.0.0.1", 5000, "running")


RUNNING = [container("web"), container("web", 2), container("worker"), container("web", release=1)]


@pytest.mark.parametrize(
    ("words", "entered", "command"),
    [
        ("", "web.1-v2", ""),
        ("ls -la", "web.1-v2", "ls -la"),
        ("web.2", "web.2-v2", ""),
        ("web.2 ls web.1", "web.2-v2", "ls web.1"),
        ("worker", "worker.1-v2", ""),
        ("worker ps", "worker.1-v2", "ps"),
    ],
)
def test_a_process_may_be_named_before_the_command(words: str, entered: str, command: str) -> None:
    found, rest = choose("shop", tuple(words.split()), RUNNING)
    assert (found.id, " ".join(rest)) == (entered, command)


def test_a_process_that_does_not_run_is_not_taken_for_a_program() -> None:
    with pytest.raises(NoSuchProcess, match=r"app shop runs no web\.7; `ps shop` shows"):
        choose("shop", ("web.7", "ls"), RUNNING)
    with pytest.raises(NoSuchProcess, match=r"runs no web\.1"):
        choose("shop", ("ls",), [container("worker")])
