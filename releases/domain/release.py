"""What a release is: everything that runs, frozen under a number."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from releases.domain.app_json import SAYS_NOTHING, AppJson


class ReleaseStatus(StrEnum):
    """`pending` until its rollout ends; `live` once its routes were flipped."""

    PENDING = "pending"
    LIVE = "live"
    SUPERSEDED = "superseded"
    FAILED = "failed"


# All legal changes of a release's status; the store refuses any other.
NEXT_STATUS: Mapping[ReleaseStatus, frozenset[ReleaseStatus]] = {
    ReleaseStatus.PENDING: frozenset({ReleaseStatus.LIVE, ReleaseStatus.FAILED}),
    ReleaseStatus.LIVE: frozenset({ReleaseStatus.SUPERSEDED, ReleaseStatus.FAILED}),  # undone
    ReleaseStatus.SUPERSEDED: frozenset(),
    ReleaseStatus.FAILED: frozenset(),
}


@dataclass(frozen=True)
class Artifact:
    """What a build made, and all that a release needs to know of it."""

    image: str  # the image's id, sha256:...
    commit: str  # 40 hex digits
    build: int  # the build's number, per app
    processes: Mapping[str, str | None]  # process type -> shell line; None: the image's own command
    port: int  # where web listens unless the config var PORT says otherwise
    reference: str = ""  # where other hosts pull it: `registry.example/paas/myapp@sha256:...`

    release_command: str = ""  # run once before a deploy serves, a shell line: the Procfile's
    app_json: AppJson = SAYS_NOTHING
    built: str = ""  # the id of the image as it was built, where predeploy made `image` of it

    @property
    def built_image(self) -> str:
        """The id of the image as the build made it."""
        return self.built or self.image

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "Artifact":
        """What `asdict` made of one; records of earlier versions lack the later fields."""
        return cls(**{**record, "app_json": AppJson.from_record(record.get("app_json") or {})})


@dataclass(frozen=True)
class Release:
    """Immutable: an artifact, the config as it was, who, when and why."""

    app: str
    number: int
    artifact: Artifact
    config: Mapping[str, str] = field(repr=False)  # secret: encrypted at rest
    who: str
    created_at: float  # Unix seconds
    why: str  # "Deploy 3f9ac21", "Set GREETING", "Rollback to v3"

    @property
    def name(self) -> str:
        """`v12`."""
        return f"v{self.number}"

    @property
    def port(self) -> int:
        """The port that web is told to listen on and is checked at."""
        return int(self.config.get("PORT") or self.artifact.port)


@dataclass(frozen=True)
class ReleaseState:
    """The part of a release's record that changes: how its rollout ended."""

    status: ReleaseStatus
    reason: str = ""


@dataclass(frozen=True)
class Outline:
    """What can be told of a release without the key to its config."""

    number: int
    image: str  # its artifact's id
    status: ReleaseStatus
    built: str = ""  # the id of the image that predeploy began with, if that ran
