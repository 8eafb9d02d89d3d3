"""What `ps` says of a process that ended, rests, or is not there."""

from dataclasses import replace

import pytest

from releases.commands.process_rows import Row, process_rows
from releases.domain.app import App
from releases.domain.container import Container, Slot
from releases.domain.crash import Crash
from releases.domain.desired import Desired
from releases.engine.protocol import Condition

WEB = Slot(1, 0, "web", 1)
APP = App("shop", 0.0, "ada", {}, live=Desired(1, {"web": 1}))
ONE = Container("id", "shop", WEB, "10.0.0.1", 5000, "exited", "Exited (3) 2 minutes ago")
ENDED = Condition(running=False, exit_code=3, restarts=10, process=0)
RUNS = Condition(running=True, exit_code=0, restarts=0, process=7)
CRASH = Crash(2, "killed for memory", 1000.0, 1010.0)


def row(
    container: Container | None, condition: Condition, crash: Crash | None = None, app: App = APP
) -> Row:
    """The one there is."""
    there = [container] if container else []
    [found] = process_rows(app, there, {"id": condition}, {WEB: crash} if crash else {})
    return found


def test_one_that_crashed_says_why_how_often_and_when_it_is_tried_again() -> None:
    found = row(ONE, ENDED, CRASH)
    assert found.cells(1002.0)[2] == "crashed"
    assert found.cells(1002.0)[-1] == "killed for memory, 12 restarts, next try in 8 s"
    assert found.document()["reason"] == "killed for memory"
    assert found.document()["restarts"] == 12
    assert found.document()["next_try"] == "1970-01-01 00:16:50"


def test_one_that_docker_restarts_is_crashed_for_the_reason_that_docker_knows() -> None:
    found = row(replace(ONE, state="restarting"), replace(ENDED, restarts=1))
    assert (found.state, found.cells(0.0)[-1]) == ("crashed", "exit status 3, 1 restart")


def test_one_that_runs_and_does_not_answer_is_crashed_too() -> None:
    assert row(replace(ONE, state="running"), RUNS, CRASH).state == "crashed"


def test_one_that_runs_again_still_says_why_it_ended() -> None:
    found = row(replace(ONE, state="running"), RUNS, CRASH.back(1003.0))
    assert (found.state, found.cells(0.0)[-1]) == ("running", "killed for memory, 2 restarts")
    assert found.document()["next_try"] is None


@pytest.mark.parametrize(
    ("status", "lasts"),
    [
        ("Up 3 minutes", "3 minutes"),
        ("Up About a minute", "About a minute"),
        ("Up 2 hours (Paused)", "2 hours"),
        ("Up 2 hours (health: starting)", "2 hours"),
        ("Exited (137) 5 seconds ago", "5 seconds"),
        ("Restarting (1) Less than a second ago", "Less than a second"),
        ("Created", ""),
        ("", ""),
    ],
)
def test_how_long_it_has_been_so_is_said_without_the_state(status: str, lasts: str) -> None:
    found = row(replace(ONE, state="running", status=status), RUNS)
    assert (found.cells(0.0)[3], found.document()["since"]) == (lasts, status)


def test_one_that_is_well_has_nothing_to_say() -> None:
    found = row(replace(ONE, state="running"), RUNS)
    assert (found.state, found.cells(0.0)[-1], found.document()["reason"]) == ("running", "", None)


def test_one_that_has_no_container_is_missing_crashed_or_stopped() -> None:
    assert row(None, ENDED).state == "missing"
    assert row(None, ENDED, CRASH).state == "crashed"
    stopped = replace(APP, live=Desired(1, {"web": 1}, stopped=True))
    assert row(None, ENDED, app=stopped).state == "stopped"
