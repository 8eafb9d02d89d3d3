"""A web process with checks, a clock of its own, an engine that only looks and runs commands."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from releases.domain.app_json import AppJson
from releases.domain.check import Check
from releases.domain.container import Container, Slot
from releases.domain.release import Release
from releases.engine.protocol import Condition, Ended
from releases.rollout.checks.checkup import Checkup
from releases.rollout.health import Patience, UnhealthyRelease, wait_until_healthy
from tests.fakes import examples
from tests.fakes.inline import Inline

ALIVE = Condition(running=True, exit_code=0, restarts=0, process=0)
DEAD = Condition(running=False, exit_code=3, restarts=0, process=0)


@dataclass
class World:
    """A clock that pauses move on, and an engine that runs commands and looks at processes."""

    now: float = 0.0
    ends: list[Ended | Exception] = field(default_factory=list)  # of commands, one after the other
    ran: list[tuple[str, ...]] = field(default_factory=list)
    dies_at_s: float = float("inf")
    told: list[str] = field(default_factory=list)
    listens: bool = False

    def pause(self, seconds: float) -> None:
        self.now += seconds

    def condition(self, one: Container) -> Condition:
        return DEAD if self.now >= self.dies_at_s else ALIVE

    def tail(self, one: Container, lines: int) -> list[str]:
        return ["last words"]

    def execute(self, one: Container, words: Sequence[str], timeout_s: float) -> Ended:
        self.ran.append(tuple(words))
        end = self.ends.pop(0) if len(self.ends) > 1 else self.ends[0]
        if isinstance(end, Exception):
            raise end
        return end

    def wait(self, *checks: Check, port: int = 5000, **config: str) -> float:
        """Wait for a web with these checks; the seconds that it took."""
        answers = lambda address, port: self.listens  # noqa: E731 - as short as it is
        patience = Patience(60.0, 1.0, lambda: self.now, self.pause, answers, Inline)
        checkup = Checkup(released(*checks, **config), "myapp.localhost", tell=self.told.append)
        wait_until_healthy(self, [web(port)], patience, checkup)  # type: ignore[arg-type] # enough
        return self.now

    def refusal(self, *checks: Check, port: int = 5000, **config: str) -> str:
        with pytest.raises(UnhealthyRelease) as refused:
            self.wait(*checks, port=port, **config)
        assert refused.value.output == ["last words"]
        return str(refused.value)


def web(port: int = 5000, index: int = 1) -> Container:
    slot = Slot(1, 0, "web", index)
    return Container(slot.name, "myapp", slot, "127.0.0.1", port, "running")


def released(*checks: Check, **config: str) -> Release:
    said = AppJson(healthchecks={"web": checks})
    return examples.release(made=examples.artifact(app_json=said), config=config)
