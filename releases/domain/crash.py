"""What is known of a process that ended by itself, and how long until it is started again."""

from dataclasses import dataclass, replace

FORGOTTEN_AFTER_S = 600.0  # so long it has to live
_WAITS_S = (0.0, 10.0, 30.0, 60.0, 120.0, 240.0, 480.0, 600.0)


@dataclass(frozen=True)
class Crash:
    """How often a process ended (Docker's own restarts apart), at last why, and what comes next."""

    count: int
    reason: str  # "exit status 3", "killed for memory"
    at: float  # Unix seconds, the last time
    next_at: float  # Unix seconds, when it is tried again; 0: it runs again
    back_at: float = 0.0  # Unix seconds, when it was seen to run again

    @property
    def is_down(self) -> bool:
        """Whether it is yet to be brought back."""
        return self.next_at > 0

    @property
    def is_loop(self) -> bool:
        """Whether it had to rest: a first end, Docker's own say, is put right at once."""
        return self.count > 1

    def rests(self, now: float) -> bool:
        """Whether its time has not come."""
        return self.next_at > now

    def back(self, now: float) -> "Crash":
        """Once it runs again."""
        return replace(self, next_at=0.0, back_at=now)

    def is_over(self, now: float) -> bool:
        """Whether it has lived long enough since to be forgotten."""
        return not self.is_down and now - self.back_at > FORGOTTEN_AFTER_S


def crashed(before: Crash | None, reason: str, now: float) -> Crash:
    """One more crash: the next try comes at once, then ever later, and never later than 10 min."""
    count = before.count + 1 if before else 1
    return Crash(count, reason, now, now + _WAITS_S[min(count, len(_WAITS_S)) - 1])
