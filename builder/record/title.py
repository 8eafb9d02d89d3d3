"""What a build's commit is called, and how many commits it brings to what is live."""

from typing import Any

from builder.docker.text import shorten, visible
from builder.source.history import count, history
from builder.source.objects import Objects
from releases.domain.app import NoSuchApp
from releases.store import Store
from releases.store.releases import NoSuchRelease

MAX_CHARS = 72


def introduce(store: Store, app: str, commit: str, objects: Objects) -> dict[str, Any]:
    """Fields of the build's record, while the commit's objects are at hand."""
    newest = history(objects, commit, "", 1) or []
    known: dict[str, Any] = {"title": title_of(newest[0].subject) if newest else ""}
    live = _live_commit(store, app)
    if live and live != commit:
        known |= {"since": live, "commits": count(objects, commit, live) or 0}
    return known


def title_of(subject: str) -> str:
    """A commit's subject as one line that can be printed, 72 characters at most."""
    return shorten(" ".join(visible(subject).split()), MAX_CHARS)


def _live_commit(store: Store, app: str) -> str:
    try:
        live = store.apps.get(app).live
        return store.releases.artifact(app, live.release).commit if live else ""
    except (NoSuchApp, NoSuchRelease):
        return ""
