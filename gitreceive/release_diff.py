"""The command that shows what differs between two releases, commits among it."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import click

from builder.source.history import Committed, count, history
from builder.source.objects import Objects
from gitreceive.printable import plain_line
from gitreceive.repository import Repository
from releases.command import APP, JSON, Command, Session
from releases.commands.releases import parse_release
from releases.commands.table import print_json
from releases.domain.app import App, NotDeployed
from releases.domain.build import Build
from releases.domain.difference import Difference, Fact, Line, difference
from releases.domain.release import Release, ReleaseStatus
from releases.errors import PaasError
from releases.store import Store
from releases.store.builds import NoSuchBuild

_MOST = 50
_CHARS = 200
_MASK = "****"


class NoReleaseBefore(PaasError):
    """There is nothing that the live release could be compared with."""


@dataclass(frozen=True)
class Commits:
    """What the repository says. `rolled_back` commits of the old side the new one lacks."""

    newest: tuple[Committed, ...] = ()
    total: int = 0
    rolled_back: int = 0
    missing: str = ""  # the commit whose history is not in the repository any more


def diff(session: Session, app: str, old: str | None, new: str | None, as_json: bool) -> None:
    """The release before against the live one, unless others are named."""
    store = session.platform.store
    before, after = _choose(store, store.apps.get(app), old, new)
    commits = read_commits(session, before, after)
    found = difference(before, after, _build(store, before), _build(store, after))
    if as_json:
        print_json(session, _document(before, after, commits, found))
        return
    session.print(f"-----> From {before.name} to {after.name} of {app}")
    for line in [*_of_commits(commits, before, after), *_of_difference(found)]:
        session.print(f"       {line}")


def read_commits(session: Session, old: Release, new: Release) -> Commits:
    """Which commits a release has that another lacks."""
    objects = Objects(Repository(session.platform.settings.repositories, new.app).path)
    before, after = old.artifact.commit, new.artifact.commit
    if before == after:
        return Commits()
    for commit in (before, after):
        if history(objects, commit, "", 1) is None:
            return Commits(missing=commit)
    newest = tuple(history(objects, after, before, _MOST) or ())
    total = count(objects, after, before) or 0
    return Commits(newest, total, count(objects, before, after) or 0)


def _choose(store: Store, app: App, old: str | None, new: str | None) -> tuple[Release, Release]:
    if new is None and app.live is None:
        raise NotDeployed(app.name)
    live = app.live.release if app.live else 0
    after = parse_release(new) if new else live
    before = parse_release(old) if old else _before(store, app)
    return store.releases.get(app.name, before), store.releases.get(app.name, after)


def _before(store: Store, app: App) -> int:
    """What was live before, or the newest that ever was."""
    if app.previous:
        return app.previous.release
    live = app.live.release if app.live else 0
    for release in store.releases.outlines(app.name):
        if release.number < live and release.status is ReleaseStatus.SUPERSEDED:
            return release.number
    raise NoReleaseBefore(f"{app.name} has no release before v{live} to compare it with")


def _build(store: Store, release: Release) -> Build | None:
    try:
        return store.builds.get(release.app, release.artifact.build)
    except NoSuchBuild:
        return None


def _of_commits(commits: Commits, old: Release, new: Release) -> Iterator[str]:
    if old.artifact.commit == new.artifact.commit:
        yield f"same code, {new.artifact.commit[:7]}"
        return
    yield f"commit: {old.artifact.commit[:7]} -> {new.artifact.commit[:7]}"
    if commits.missing:
        yield f"the history of {commits.missing[:7]} is not in the repository any more"
    if commits.rolled_back:
        yield f"rolled back {_number(commits.rolled_back)}"
    if commits.total:
        yield f"{_number(commits.total)}:"
    for one in commits.newest:
        yield f"  {one.commit[:7]} {_day(one)} {_subject(one)}"
    if commits.total > len(commits.newest):
        yield f"  and {commits.total - len(commits.newest)} more"


def _of_difference(found: Difference) -> Iterator[str]:
    if found.config:
        yield "config:"
        yield from (f"  + {name}={_MASK}" for name in found.config.added)
        yield from (f"  ~ {name}={_MASK}" for name in found.config.changed)
        yield from (f"  - {name}={_MASK}" for name in found.config.removed)
    if found.processes:
        yield "processes:"
    for line in found.processes:
        yield from _of_process(line)
    for fact in found.facts:
        yield f"{fact.name}: {_short(fact, fact.old)} -> {_short(fact, fact.new)}"
    if not (found.config or found.processes or found.facts):
        yield "same config, processes and image"


def _of_process(line: Line) -> Iterator[str]:
    if line.old is not None:
        yield f"  - {line.process_type}: {plain_line(line.old, _CHARS)}"
    if line.new is not None:
        yield f"  + {line.process_type}: {plain_line(line.new, _CHARS)}"


def _short(fact: Fact, value: str) -> str:
    """An id by twelve of its digits."""
    return value.removeprefix("sha256:")[:12] if "image" in fact.name else value or "none"


def _number(commits: int) -> str:
    return "1 commit" if commits == 1 else f"{commits} commits"


def _day(one: Committed) -> str:
    """In UTC; a date beyond all calendars is somebody's joke."""
    try:
        return time.strftime("%Y-%m-%d", time.gmtime(one.authored_at))
    except (OverflowError, ValueError, OSError):
        return "????-??-??"


def _subject(one: Committed) -> str:
    return plain_line(one.subject, _CHARS) if one.subject.strip() else "(no subject)"


def _document(old: Release, new: Release, commits: Commits, found: Difference) -> object:
    config, processes = found.config, found.processes
    return {
        "app": new.app,
        "old": old.name,
        "new": new.name,
        "commit": {"old": old.artifact.commit, "new": new.artifact.commit},
        "commits": [
            {"commit": one.commit, "date": _day(one), "subject": _subject(one)}
            for one in commits.newest
        ],
        "commits_total": commits.total,
        "rolled_back": commits.rolled_back,
        "history_missing": commits.missing or None,
        "config": {
            "added": config.added,
            "changed": config.changed,
            "removed": config.removed,
        },
        "processes": {line.process_type: {"old": line.old, "new": line.new} for line in processes},
        **{fact.name.replace(" ", "_"): {"old": fact.old, "new": fact.new} for fact in found.facts},
    }


COMMANDS: tuple[Command, ...] = (
    Command(
        "releases:diff",
        "Show what differs between two releases",
        diff,
        (
            APP,
            click.Argument(["old"], required=False, metavar="[vN]"),
            click.Argument(["new"], required=False, metavar="[vN]"),
            JSON,
        ),
        details="The live one and the one before it, unless others are named.",
    ),
)
