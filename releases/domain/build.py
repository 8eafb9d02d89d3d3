"""What a build is: an attempt to make an image from a commit; what was asked, what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from releases.domain.release import Artifact


class BuildStatus(StrEnum):
    """Where a build stands."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"  # a newer build of the app was asked for before this one began


# All legal changes of a build's status; the store refuses any other. A running build whose
# worker died is queued once more.
NEXT_STATUS: Mapping[BuildStatus, frozenset[BuildStatus]] = {
    BuildStatus.QUEUED: frozenset(
        {
            BuildStatus.RUNNING,
            BuildStatus.FAILED,
            BuildStatus.CANCELLED,
            BuildStatus.SUPERSEDED,
        }
    ),
    BuildStatus.RUNNING: frozenset(
        {
            BuildStatus.RUNNING,
            BuildStatus.QUEUED,
            BuildStatus.SUCCEEDED,
            BuildStatus.FAILED,
            BuildStatus.CANCELLED,
        }
    ),
    BuildStatus.SUCCEEDED: frozenset(),
    BuildStatus.FAILED: frozenset(),
    BuildStatus.CANCELLED: frozenset(),
    BuildStatus.SUPERSEDED: frozenset(),
}


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
class BuildSettings:
    """How an app wants to be built; empty: as its source says."""

    buildpack: str = ""  # this one, whatever is found
    dockerfile: str = ""  # path of the app's own Dockerfile
    caches: int = 0  # goes up when the app's build cache is cleared


@dataclass(frozen=True)
class BuildRequest:
    """What is asked: a build of a commit of an app, and then its deploy."""

    app: str
    commit: str  # 40 hex digits
    ref: str  # refs/heads/master
    who: str
    options: BuildOptions = AS_USUAL
    rivals: tuple[int, ...] = ()  # builds that this one cannot follow, only replace while queued


@dataclass(frozen=True)
class Step:
    """One step of a build as the engine did it."""

    name: str  # "[2/4] COPY requirements.txt ./"
    took_s: float
    cached: bool
    why: str = ""  # why it was not in the cache: "requirements.txt changed"


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
    options: BuildOptions = AS_USUAL
    title: str = ""  # the commit's subject, fit to be printed: "Fix the cart"
    since: str = ""  # the commit that was live when it was asked for
    commits: int = 0  # how many commits it brings beyond that one
    attempt: int = 0  # 1 for the first time that a worker took it
    started_at: float = 0.0
    finished_at: float = 0.0
    compared_with: int = 0  # the number of the build that `changed` refers to; 0: there is none
    changed: tuple[str, ...] = ()  # paths that differ from that build's; perhaps not all of them
    buildpack: str = ""
    why: str = ""  # why this buildpack: "requirements.txt found"
    recipe: str = ""  # digest of the Dockerfile, arguments and build config it was made by
    base: str = ""  # the name of the image that the app's stands on: "paas/runtime-python:..."
    base_image: str = ""  # its id: "sha256:..."
    suite: str = ""  # the base's Debian, "bookworm"; empty where the base is not one of ours
    version: str = ""  # of the language that the base brings, "3.11"
    config_version: int = 0  # of the build config it was given; 0: there never was one
    steps: tuple[Step, ...] = ()
    reason: str = ""  # why it failed
    cancelled_by: str = ""
    superseded_by: int = 0  # a build's number
    artifact: Artifact | None = None

    @property
    def tag(self) -> str:
        """`paas/myapp:<full git SHA>`."""
        return image_tag(self.app, self.commit)

    def deed(self, live: str) -> str:
        """`Deploy 3f9ac21: Fix the cart (3 commits)`: what the release history says.

        `live` is the commit that it replaces; if another one was when it was asked for, nobody
        has counted.
        """
        line = f"{'Rebuild' if self.options.rebuild else 'Deploy'} {self.commit[:7]}"
        line += f": {self.title}" if self.title else ""
        is_counted = self.since == live and self.commits > 1
        return f"{line} ({self.commits} commits)" if is_counted else line

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will become of it."""
        return not NEXT_STATUS[self.status]


def image_tag(app: str, commit: str) -> str:
    """The tag of an app's image; equal for equal commits, so that none is built twice."""
    return f"paas/{app}:{commit}"
