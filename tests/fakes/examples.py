"""Ready-made domain values, so that a test names only what it is about."""

from releases.domain.app_json import SAYS_NOTHING, AppJson
from releases.domain.release import Artifact, Release

COMMIT = "3f9ac21" + "0" * 33
IMAGE = "sha256:" + "1" * 64


def artifact(
    *,
    image: str = IMAGE,
    commit: str = COMMIT,
    build: int = 1,
    processes: dict[str, str | None] | None = None,
    port: int = 5000,
    reference: str = "",
    release_command: str = "",
    app_json: AppJson = SAYS_NOTHING,
) -> Artifact:
    """What a build of a small web app made."""
    types = {"web": None} if processes is None else processes
    return Artifact(image, commit, build, types, port, reference, release_command, app_json)


def release(
    app: str = "myapp",
    number: int = 1,
    *,
    made: Artifact | None = None,
    config: dict[str, str] | None = None,
    why: str = "Deploy 3f9ac21",
) -> Release:
    """A release of it."""
    return Release(app, number, made or artifact(), config or {}, "alice", 1_800_000_000.0, why)
