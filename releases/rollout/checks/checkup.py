"""Which checks the containers of a release have to pass."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from releases.domain.app import App
from releases.domain.check import STARTUP, Check
from releases.domain.container import Container
from releases.domain.release import Release
from releases.engine.create import environment
from releases.rollout.checks.probe import Probe

EVERY_TYPE = "*"  # among an app's unchecked process types: all of them


def _say_nothing(line: str) -> None:
    """Nobody is told."""


@dataclass(frozen=True)
class Checkup:
    """The checks of a release, by process type."""

    release: Release | None = field(default=None, repr=False)
    host: str = ""
    unchecked: frozenset[str] = frozenset()  # process types of which a start is enough
    tell: Callable[[str], None] = _say_nothing  # of failures that are only warnings

    def probes(self, container: Container) -> list[Probe]:
        """What this container has to pass; the default where the app says nothing."""
        process_type = container.slot.process_type
        if {process_type, EVERY_TYPE} & self.unchecked:
            return []
        config: Mapping[str, str] = {}
        if self.release:
            config = environment(self.release, container.slot)
        found = startup_checks(self.release, process_type) or [Check()]
        return [Probe(check, container, config) for check in found]


USUAL = Checkup()


def startup_checks(release: Release | None, process_type: str) -> list[Check]:
    """Those that a deploy runs."""
    checks = release.artifact.app_json.healthchecks if release else {}
    return [check for check in checks.get(process_type, ()) if check.type == STARTUP]


def not_run(release: Release) -> Sequence[str]:
    """`web: alive (liveness)` for each check that no deploy runs."""
    return [
        f"{process_type}: {check.title} ({check.type})"
        for process_type, checks in release.artifact.app_json.healthchecks.items()
        for check in checks
        if check.type != STARTUP
    ]


def plan_checkup(app: App, release: Release, host: str, tell: Callable[[str], None]) -> Checkup:
    """As the app's release and its settings have it."""
    return Checkup(release, host, frozenset(app.unchecked), tell)
