"""What the classic builder is sent: a few members of ours in front of a tar that is there."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from builder.source import tar

_CHUNK_BYTES = 256 * 1024
# The classic builder takes the Dockerfile from nowhere but the context. An image that copies the
# whole source has this one small file too. A source that has it as well overrides it: its own loss.
DOCKERFILE_PATH = ".paas/Dockerfile"


def context(members: Mapping[str, bytes], source: Path | None = None) -> Iterator[bytes]:
    """A tar of the members, then of all that is in the tar `source`, in chunks."""
    yield b"".join(tar.file(path, content) for path, content in members.items())
    if source is None:
        yield tar.END
        return
    with source.open("rb") as rest:
        while chunk := rest.read(_CHUNK_BYTES):
            yield chunk
