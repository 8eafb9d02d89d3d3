"""Where the source of a build is while it is built: stored here, or fetched from the front door."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from builder.source.archive import source_path
from builder.source.handover import fetch
from releases.domain.build import Build
from releases.settings import Settings


@contextmanager
def source_at_hand(settings: Settings, build: Build) -> Iterator[Path]:
    """The tar. On a build host it is gone afterwards: the front door keeps sources."""
    path = source_path(settings.sources, build.app, build.number)
    if not settings.front_door:
        yield path
        return
    try:
        fetch(settings, build.app, build.number, path)
        yield path
    finally:
        path.unlink(missing_ok=True)
