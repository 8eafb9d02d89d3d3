"""What the builder understands of a Dockerfile's text."""

import re
from collections.abc import Mapping

# A flag right after RUN, perhaps after other flags; a value has no spaces.
_MOUNT = re.compile(
    r"^(\s*RUN\s+(?:--\S+\s+|\\\n\s*)*?)--mount=\S+[ \t]*", re.IGNORECASE | re.MULTILINE
)


def without_mounts(dockerfile: str) -> str:
    """The text for an engine without BuildKit, where `RUN --mount=...` is an error."""
    while True:
        stripped = _MOUNT.sub(r"\1", dockerfile)
        if stripped == dockerfile:
            return dockerfile
        dockerfile = stripped


def takes(dockerfile: str, argument: str) -> bool:
    """Whether a Dockerfile has `ARG <argument>`."""
    return bool(re.search(rf"^\s*ARG\s+{argument}\b", dockerfile, re.IGNORECASE | re.MULTILINE))


def cache_namespace(scope: str) -> Mapping[str, str]:
    """The build argument that puts a scope in front of the id of every cache mount.

    BuildKit's own frontend does so, whatever the Dockerfile says: no id in one scope is one of
    another. Without a scope there is none.
    """
    return {"BUILDKIT_CACHE_MOUNT_NS": scope} if scope else {}
