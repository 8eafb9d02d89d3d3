"""When a container counts as healthy, by a clock of our own and a very small engine."""

from dataclasses import dataclass, field, replace

import pytest

from releases.domain.container import Container, Slot
from releases.engine.protocol import Condition
from releases.rollout.health import INTERVAL_S, Patience, UnhealthyRelease, wait_until_healthy
from tests.fakes.inline import Inline

ALIVE = Condition(running=True, exit_code=0, restarts=0, process=0)
DEAD = Condition(running=False, exit_code=3, restarts=0, process=0)
RESTARTED = Condition(running=True, exit_code=1, restarts=1, process=0)
KILLED = Condition(running=False, exit_code=137, restarts=0, process=0, out_of_memory=True)


def container(process_type: str = "web", index: int = 1) -> Container:
    slot = Slot(1, 0, process_type, index)
    return Container(slot.name, "myapp", slot, f"10.0.0.{index}", 5000, "running")


@dataclass
class World:
    """A clock that pauses move on, and containers that change when their time has come."""

    now: float = 1000.0
    listens_after_s: dict[str, float] = field(default_factory=dict)  # by address
    dies_after_s: dict[str, tuple[float, Condition]] = field(default_factory=dict)  # by slot name
    tries: int = 0

    def pause(self, seconds: float) -> None:
        self.now += seconds

    def answers(self, address: str, port: int) -> bool:
        assert port == 5000
        self.tries += 1
        return self.now - 1000.0 >= self.listens_after_s.get(address, float("inf"))

    def condition(self, one: Container) -> Condition:
        after_s, ended = self.dies_after_s.get(one.slot.name, (float("inf"), ALIVE))
        return ended if self.now - 1000.0 >= after_s else ALIVE

    def tail(self, one: Container, lines: int) -> list[str]:
        return [f"last words of {one.slot.name}"][:lines]

    def wait(self, *containers: Container) -> float:
        """Wait until they are healthy; return the seconds it took."""
        patience = Patience(60.0, 1.0, lambda: self.now, self.pause, self.answers, Inline)
        wait_until_healthy(self, containers, patience)  # type: ignore[arg-type]  # all it needs
        return self.now - 1000.0

    def refusal(self, *containers: Container) -> UnhealthyRelease:
        with pytest.raises(UnhealthyRelease) as refused:
            self.wait(*containers)
        assert "\n" not in str(refused.value)
        return refused.value


def test_web_is_healthy_at_the_first_answer_and_nobody_waits_longer() -> None:
    assert World(listens_after_s={"10.0.0.1": 0}).wait(container()) == 0
    took = World(listens_after_s={"10.0.0.1": 0.4}).wait(container())
    assert took == pytest.approx(0.4, abs=INTERVAL_S)


def test_all_are_waited_for_at_the_same_time() -> None:
    world = World(listens_after_s={"10.0.0.1": 2.0, "10.0.0.2": 2.0})
    assert world.wait(container(), container(index=2)) == pytest.approx(2.0, abs=INTERVAL_S)


def test_the_port_of_a_healthy_one_is_not_tried_again() -> None:
    world = World(listens_after_s={"10.0.0.1": 0})
    world.wait(container(), container("worker"))
    assert world.tries == 1


def test_a_worker_is_healthy_when_it_has_lived_for_the_settle_time() -> None:
    assert World().wait(container("worker")) == pytest.approx(1.0, abs=INTERVAL_S)


def test_nothing_to_wait_for_takes_no_time() -> None:
    assert World().wait() == 0


def test_death_is_said_at_once_with_status_and_last_words() -> None:
    world = World(dies_after_s={"web.1": (0.2, DEAD)})
    said = world.refusal(container())
    assert str(said) == "web.1 exited with status 3; its last lines are above"
    assert said.output == ["last words of web.1"]
    assert said.container == container()
    assert world.now - 1000.0 == pytest.approx(0.2, abs=INTERVAL_S)


def test_a_restart_by_docker_is_a_death() -> None:
    said = World(dies_after_s={"web.1": (0, RESTARTED)}).refusal(container())
    assert str(said) == "web.1 exited at once, repeatedly; its last lines are above"


def test_one_that_docker_restarted_long_ago_is_as_healthy_as_any() -> None:
    old = replace(container(), status="Up 3 hours")
    world = World(listens_after_s={"10.0.0.1": 0}, dies_after_s={"web.1": (0, RESTARTED)})
    assert world.wait(old) == 0


def test_one_that_docker_restarts_while_others_boot_is_dead() -> None:
    old = replace(container(), status="Up 3 hours")
    listening = {"10.0.0.1": 0.0, "10.0.0.2": 30.0}
    world = World(listens_after_s=listening, dies_after_s={"web.1": (1, RESTARTED)})
    assert world.refusal(old, container(index=2)).container.slot.name == "web.1"


def test_a_death_by_memory_is_named() -> None:
    said = World(dies_after_s={"web.1": (0, KILLED)}).refusal(container())
    assert str(said).startswith("web.1 was killed for memory with status 137")


def test_a_worker_that_dies_while_it_settles_fails_the_release() -> None:
    said = World(dies_after_s={"worker.1": (0.9, DEAD)}).refusal(container("worker"))
    assert str(said).startswith("worker.1 exited with status 3")


def test_one_dead_is_enough_while_others_still_boot() -> None:
    world = World(dies_after_s={"web.2": (0.5, DEAD)})
    said = world.refusal(container(), container(index=2))
    assert said.container.slot.name == "web.2"
    assert world.now - 1000.0 == pytest.approx(0.5, abs=INTERVAL_S)


def test_one_that_dies_after_it_was_healthy_fails_the_release_while_others_boot() -> None:
    world = World(
        listens_after_s={"10.0.0.1": 0, "10.0.0.2": 30}, dies_after_s={"web.1": (1, DEAD)}
    )
    assert world.refusal(container(), container(index=2)).container.slot.name == "web.1"
    assert world.now - 1000.0 == pytest.approx(1.0, abs=INTERVAL_S)


def test_one_that_never_listens_is_given_up_and_told_how_to_listen() -> None:
    world = World()
    said = world.refusal(container())
    assert str(said) == (
        "web.1 did not answer on port 5000 within 60 s (it listens on no port); "
        "it must listen on 0.0.0.0:$PORT"
    )
    assert said.output == ["last words of web.1"]
    assert world.now - 1000.0 == pytest.approx(60.0, abs=2 * INTERVAL_S)
