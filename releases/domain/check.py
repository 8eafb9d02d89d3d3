"""What a check of a process is: what has to be so before it gets traffic, and for how long not."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

STARTUP = "startup"  # the type of the checks that a deploy runs


@dataclass(frozen=True)
class Check:
    """One check of one process type; of command, path, listening and uptime at most one is set."""

    type: str = STARTUP
    name: str = ""
    path: str = ""
    content: str = ""  # has to be in what the path answers
    command: tuple[str, ...] = ()
    listening: bool = False
    uptime: float = 0.0  # seconds
    attempts: int = 0  # 0, here and in the next two: nothing was said
    timeout: float = 0.0  # seconds that one try may take
    wait: float = 0.0  # seconds between two tries
    initial_delay: float = 0.0  # seconds
    port: int = 0  # 0: the one that the process is told to listen on
    scheme: str = "http"
    headers: tuple[tuple[str, str], ...] = ()
    warn: bool = False  # a failure is told, and the release goes on

    @property
    def title(self) -> str:
        """Its name, or what it does."""
        does = (f"GET {self.path}" if self.path else "", " ".join(self.command))
        kind = "listening" if self.listening else "uptime" if self.uptime else "start"
        return self.name or next(filter(None, does), kind)

    @property
    def timeout_s(self) -> float:
        """The seconds that one try may take."""
        return self.timeout or 5.0

    def patience_s(self, usual_s: float) -> float:
        """For how many seconds it may fail; as usual where app.json says nothing of that."""
        if not (self.attempts or self.timeout or self.wait):
            return self.initial_delay + usual_s
        return self.initial_delay + (self.attempts or 3) * (self.timeout_s + (self.wait or 5.0))

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "Check":
        """What `asdict` made of one, or of one of an earlier version."""
        headers = tuple((name, value) for name, value in record.get("headers", ()))
        command = tuple(record.get("command", ()))
        return cls(**{**record, "command": command, "headers": headers})
