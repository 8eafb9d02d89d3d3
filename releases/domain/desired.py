"""What should run for an app: a release, how many of each process type, which boot of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from releases.domain.canary import Canary
from releases.domain.limits import Terms


@dataclass(frozen=True)
class Desired:
    """What should run: a release, how many of each process type, and which boot of them.

    A boot goes up with every restart, so that containers of an earlier boot are replaced
    although the release is the same.
    """

    release: int
    formation: Mapping[str, int]
    boot: int = 0
    boots: Mapping[str, int] = field(default_factory=dict)  # of `web` or `web.1`, where higher
    origin: int = 0  # its containers carry this release's number: v3 may be v1 again; 0: its own
    terms: Terms = field(default_factory=Terms)  # limits, and how often Docker restarts
    stopped: bool = False  # nothing runs until it is started again
    deploys: bool = False  # code comes in: what a deploy has to run beside it is due
    staged: int = 0  # version of the staged config that went into the release
    canary: Canary | None = None  # it is to prove itself on a share of the requests first
    is_watched: bool = False  # what it does to the requests decides whether it stays
    blames: str = ""  # why the release before it counts as failed; empty: as superseded
    log: str = ""  # the deploy log that the rollout writes to
    flipped_at: float = 0.0  # Unix seconds, when the routes were last moved
    routed_at: int = 0  # the version of the routes that this made

    @property
    def containers_of(self) -> int:
        """The number of the release that its containers carry."""
        return self.origin or self.release

    def boot_of(self, process_type: str, index: int) -> int:
        """How often this process was begun afresh."""
        one = f"{process_type}.{index}"
        return max(self.boot, self.boots.get(process_type, 0), self.boots.get(one, 0))

    def kept(self) -> "Desired":
        """The same once more, when it serves already: how it came in is not done again."""
        return replace(self, deploys=False, canary=None, staged=0, blames="")

    def restarted(self, *names: str) -> "Desired":
        """With new containers: of all processes, or of those named `web` or `web.1`."""
        newest = max(self.boot, 0, *self.boots.values()) + 1
        if not names:
            return replace(self, boot=newest, boots={})
        return replace(self, boots={**self.boots, **dict.fromkeys(names, newest)})
