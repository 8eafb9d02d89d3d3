"""How the checks of what is live are run once, without waiting and without changing anything."""

from collections.abc import Sequence
from dataclasses import dataclass

from releases.domain.container import Container
from releases.engine.protocol import Engine
from releases.rollout.checks.checkup import Checkup
from releases.rollout.checks.port import accepts_connections
from releases.rollout.checks.probe import Eyes, Probe, Seen


@dataclass(frozen=True)
class Result:
    """What one check of one container has seen."""

    probe: Probe
    seen: Seen

    @property
    def is_failure(self) -> bool:
        """Whether the app's author would call it one."""
        return not (self.seen.is_well or self.probe.check.warn)

    @property
    def word(self) -> str:
        """`ok`, `warning` or `failed`."""
        return "ok" if self.seen.is_well else "warning" if self.probe.check.warn else "failed"

    def document(self) -> dict[str, str]:
        """For programs."""
        process, check = self.probe.container.slot.name, self.probe.title
        return {"process": process, "check": check, "result": self.word, "seen": self.seen.what}

    def __str__(self) -> str:
        return f"{self.probe.container.slot.name} {self.probe.title}: {self.word}, {self.seen.what}"


def look_once(engine: Engine, checkup: Checkup, containers: Sequence[Container]) -> list[Result]:
    """One look by each check; a process that only has to live does so if it runs."""
    eyes = Eyes(engine, accepts_connections, 0.0, checkup.host)
    return [
        Result(probe, _look(engine, probe, eyes))
        for container in containers
        for probe in checkup.probes(container)
    ]


def _look(engine: Engine, probe: Probe, eyes: Eyes) -> Seen:
    condition = engine.condition(probe.container)
    if not condition.running:
        return Seen(False, f"it does not run (exit status {condition.exit_code})")
    return Seen(True, "it runs") if probe.is_patient else probe.look(eyes, 0.0)
