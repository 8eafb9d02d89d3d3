"""How one look at a container goes, for each kind of check, and what it has seen."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from releases.domain.check import Check
from releases.domain.container import Container
from releases.engine.protocol import Engine, EngineFailed, TookTooLong
from releases.rollout.checks.http import Asked, NoAnswer, ask
from releases.rollout.checks.port import is_reachable, listening
from releases.rollout.checks.template import fill


@dataclass(frozen=True)
class Seen:
    """What a look has seen: all is well, or why not."""

    is_well: bool
    what: str
    is_unheard: bool = False  # nobody answered: where it does listen is worth telling


@dataclass(frozen=True)
class Eyes:
    """What is looked with."""

    engine: Engine
    answers: Callable[[str, int], bool]
    settle_s: float  # what a process has to live for that has no port
    host: str  # the app's own name, by which it is asked


@dataclass(frozen=True)
class Probe:
    """A check of one container."""

    check: Check
    container: Container
    config: Mapping[str, str] = field(repr=False)

    @property
    def is_default(self) -> bool:
        """Whether the app says nothing of what is to be checked."""
        check = self.check
        return not (check.path or check.command or check.listening or check.uptime)

    @property
    def is_patient(self) -> bool:
        """Whether it only has to live: time is on its side."""
        is_web = self.container.slot.process_type == "web"
        return bool(self.check.uptime) or (self.is_default and not is_web)

    @property
    def title(self) -> str:
        """What is said to be checked."""
        is_port = self.is_default and not self.is_patient and not self.check.name
        return f"port {self.port}" if is_port else self.check.title

    @property
    def port(self) -> int:
        """Where it has to listen."""
        return self.check.port or self.container.port

    def may_take_s(self, usual_s: float) -> float:
        """After so many seconds without success it has failed."""
        return math.inf if self.is_patient else self.check.patience_s(usual_s)

    def look(self, eyes: Eyes, age_s: float) -> Seen:
        """Look once; `age_s` is how long it has been waited for."""
        if self.check.path:
            return self._ask(eyes)
        if self.check.command:
            return self._run(eyes)
        if self.check.listening:
            return self._listens(eyes)
        if self.is_patient:
            wanted_s = self.check.uptime or eyes.settle_s
            return Seen(age_s >= wanted_s, f"it has lived for {age_s:.0f} of {wanted_s:g} s")
        return self._answers(eyes)

    def _answers(self, eyes: Eyes) -> Seen:
        if eyes.answers(self.container.address, self.port):
            return Seen(True, f"port {self.port} answers")
        return Seen(False, f"nobody answers on port {self.port}", is_unheard=True)

    def _ask(self, eyes: Eyes) -> Seen:
        check = self.check
        headers = {name: fill(value, self.config) for name, value in check.headers}
        if "host" not in {name.lower() for name in headers}:
            headers["Host"] = eyes.host
        path = fill(check.path, self.config)
        asked = Asked(
            self.container.address, self.port, path, check.scheme, headers, check.timeout_s
        )
        try:
            answer = ask(asked)
        except NoAnswer as error:
            return Seen(False, str(error), is_unheard=True)
        if not answer.is_good:
            return Seen(False, f"it answered {answer}")
        if fill(check.content, self.config).encode() not in answer.body:
            return Seen(False, f"it answered {answer}, without {check.content[:60]!r} in it")
        return Seen(True, f"it answered {answer.status}")

    def _run(self, eyes: Eyes) -> Seen:
        try:
            ended = eyes.engine.execute(self.container, self.check.command, self.check.timeout_s)
        except TookTooLong as error:
            return Seen(False, str(error))
        except EngineFailed as error:  # it is not up yet, or gone already
            return Seen(False, f"the command could not be run: {error}")
        said = f": {' / '.join(ended.output)}" if ended.output else ""
        return Seen(ended.status == 0, f"exit status {ended.status}{said}")

    def _listens(self, eyes: Eyes) -> Seen:
        process = eyes.engine.condition(self.container).process
        if not process:  # its namespace cannot be seen from here
            return self._answers(eyes)
        found = any(is_reachable(one, self.port) for one in listening(process))
        what = "it listens" if found else "it does not listen"
        return Seen(found, f"{what} on port {self.port}", is_unheard=not found)
