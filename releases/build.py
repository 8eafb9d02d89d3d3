"""What a build is: the record of one attempt to make an image from a commit."""

from dataclasses import dataclass
from enum import StrEnum

from releases.release import Artifact


class BuildStatus(StrEnum):
    """A build is queued, then running, then ends in one of the other three."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class BuildOptions:
    """What is asked of a deploy beyond "build this commit and run it"."""

    rebuild: bool = False  # build although an image of the commit is there
    no_cache: bool = False  # the same, and use no layer of any earlier build
    redeploy: bool = False  # a new release although the live one runs this very image

    @property
    def reuses_image(self) -> bool:
        """Whether an image that was built of the commit before will do."""
        return not (self.rebuild or self.no_cache)


AS_USUAL = BuildOptions()


@dataclass(frozen=True)
class Build:
    """One build. Times are Unix seconds, 0 while unknown."""

    app: str
    number: int
    commit: str  # 40 hex digits
    ref: str  # refs/heads/master
    who: str
    log: str  # the deploy log's id
    status: BuildStatus
    created_at: float
    started_at: float = 0.0
    finished_at: float = 0.0
    buildpack: str = ""
    reason: str = ""  # why this buildpack, or why it failed
    artifact: Artifact | None = None
    options: BuildOptions = AS_USUAL

    @property
    def tag(self) -> str:
        """`paas/myapp:<full git SHA>`."""
        return image_tag(self.app, self.commit)


def image_tag(app: str, commit: str) -> str:
    """The tag of an app's image; equal for equal commits, so that none is built twice."""
    return f"paas/{app}:{commit}"
