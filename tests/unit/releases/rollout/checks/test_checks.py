"""Each kind of check but HTTP: what is well, how long it waits, what it says of a failure."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from releases.domain.check import Check
from releases.domain.container import Container
from releases.engine.protocol import Condition, Ended, TookTooLong
from releases.rollout.checks.checkup import Checkup, not_run
from releases.rollout.checks.once import look_once
from releases.rollout.checks.template import fill
from releases.rollout.health import INTERVAL_S, Patience, UnhealthyRelease, wait_until_healthy
from tests.fakes.checked import ALIVE, DEAD, World, released, web
from tests.fakes.inline import Inline


def test_a_name_without_a_value_is_left_as_it_stands() -> None:
    assert fill("costs $5, $(function), $NONE, ${A}", {"A": "b"}) == (
        "costs $5, $(function), $NONE, b"
    )


def test_a_command_is_well_with_exit_status_0_and_tried_until_then() -> None:
    world = World(ends=[Ended(1, ("not yet",)), Ended(1), Ended(0)])
    assert world.wait(Check(command=("./ready", "-q"))) == pytest.approx(2 * INTERVAL_S)
    assert world.ran == [("./ready", "-q")] * 3


def test_a_command_that_fails_shows_its_status_and_its_output() -> None:
    world = World(ends=[Ended(7, ("no", "database"))])
    said = world.refusal(Check(command=("./ready",), attempts=1))
    assert "failed its check './ready' within 10 s: exit status 7: no / database" in said


def test_a_command_that_takes_too_long_says_so() -> None:
    said = World(ends=[TookTooLong(5.0)]).refusal(Check(command=("./ready",), attempts=1))
    assert "it took longer than 5 s" in said


def test_listening_is_tried_from_outside_where_the_process_cannot_be_seen() -> None:
    assert World(listens=True).wait(Check(listening=True)) == 0
    said = World().refusal(Check(listening=True, attempts=1))
    assert "nobody answers on port 5000 (it listens on no port)" in said


def test_uptime_is_the_time_that_it_has_to_live_and_no_other_limit_ends_it() -> None:
    assert World().wait(Check(uptime=90)) == pytest.approx(90, abs=INTERVAL_S)
    world = World(dies_at_s=2)
    assert world.refusal(Check(uptime=90)).startswith("web.1 exited with status 3")
    assert world.now == pytest.approx(2, abs=INTERVAL_S)


def test_a_death_ends_the_patience_of_every_check() -> None:
    world = World(ends=[Ended(1)], dies_at_s=1)
    assert world.refusal(Check(command=("x",), attempts=100)).startswith("web.1 exited")
    assert world.now == pytest.approx(1, abs=INTERVAL_S)


def test_all_checks_of_a_process_have_to_be_well() -> None:
    world = World(ends=[Ended(0)])
    said = world.refusal(Check(command=("x",)), Check(listening=True, attempts=1, name="port"))
    assert "failed its check 'port'" in said
    assert world.ran == [("x",)]


def test_a_check_that_only_warns_is_told_and_fails_nothing() -> None:
    world = World(ends=[Ended(1)])
    world.wait(Check(command=("x",), attempts=1, warn=True))
    assert world.told == [
        "Only a warning: web.1 failed its check 'x' within 10 s: exit status 1; "
        "its last lines are above"
    ]


def test_only_checks_of_the_start_are_run_at_a_deploy() -> None:
    alive = Check(type="liveness", name="alive", path="/never")
    assert World(listens=True).wait(alive) == 0
    assert not_run(released(alive)) == ["web: alive (liveness)"]


@pytest.mark.parametrize("unchecked", ["web", "*"])
def test_where_checks_are_disabled_a_start_is_enough_and_a_death_is_not(unchecked: str) -> None:
    checkup = Checkup(released(Check(path="/never")), unchecked=frozenset({unchecked}))
    world = World()
    patience = Patience(60.0, 1.0, lambda: world.now, world.pause, pool=Inline)
    wait_until_healthy(world, [web()], patience, checkup)  # type: ignore[arg-type] # enough
    assert world.now == 0
    world.dies_at_s = 0
    with pytest.raises(UnhealthyRelease):
        wait_until_healthy(world, [web()], patience, checkup)  # type: ignore[arg-type] # enough


def test_a_slow_check_does_not_delay_the_look_at_another() -> None:
    world, hangs = World(), threading.Event()

    class Slow(World):
        def execute(self, one: Container, words: Sequence[str], timeout_s: float) -> Ended:
            hangs.wait(10.0)
            return Ended(0)

        def condition(self, one: Container) -> Condition:
            return DEAD if one.slot.index == 2 and self.now > 0 else ALIVE

    world = Slow()
    pool = ThreadPoolExecutor(4)
    patience = Patience(60.0, 1.0, lambda: world.now, world.pause, pool=lambda: pool)
    checkup = Checkup(released(Check(command=("x",))))
    with pytest.raises(UnhealthyRelease, match=r"web\.2 exited"):
        wait_until_healthy(world, [web(), web(index=2)], patience, checkup)  # type: ignore[arg-type] # enough
    hangs.set()
    assert world.now <= 2 * INTERVAL_S


def test_one_look_without_checks_is_at_the_port_of_web_and_at_life() -> None:
    world = World(dies_at_s=0)
    [result] = look_once(world, Checkup(), [web()])  # type: ignore[arg-type] # enough
    assert str(result) == "web.1 port 5000: failed, it does not run (exit status 3)"
    assert result.document() == {
        "process": "web.1",
        "check": "port 5000",
        "result": "failed",
        "seen": "it does not run (exit status 3)",
    }
