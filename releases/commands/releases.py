"""The commands on releases, and rollback."""

import re
from collections.abc import Sequence

import click

from releases.command import APP, JSON, Command, Session
from releases.commands.table import print_json, print_table, timestamp
from releases.domain.app import NotDeployed
from releases.domain.release import Release, ReleaseState, ReleaseStatus
from releases.engine.docker import connect
from releases.engine.protocol import EngineFailed
from releases.errors import BadInput
from releases.work.queue import ROLL_BACK

Entry = tuple[Release, ReleaseState]
_WERE_LIVE = (ReleaseStatus.LIVE, ReleaseStatus.SUPERSEDED)  # one can go back to their images


def list_releases(session: Session, app: str, as_json: bool) -> None:
    """Newest first."""
    session.platform.store.apps.get(app)
    found = session.platform.store.releases.list(app)
    gone = gone_images(session, app, found)
    if as_json:
        print_json(session, [{**_summary(*one), **_marks(one, gone)} for one in found])
        return
    headers = ("", "RELEASE", "STATUS", "COMMIT", "WHEN (UTC)", "WHO", "WHY")
    print_table(session, headers, [_row(one, gone) for one in found])


def gone_images(session: Session, app: str, found: Sequence[Entry]) -> frozenset[int] | None:
    """Releases that were live and whose image is on this host no more; one listing by Docker.

    What a registry has can be pulled again, and is not gone. None: Docker does not say.
    """
    if not found:
        return frozenset()
    try:
        there = connect(session.platform.settings, session.platform.store).app_images(app)
    except EngineFailed:
        return None
    ids = {image.id for image in there}
    were_live = [release for release, state in found if state.status in _WERE_LIVE]
    local = [release for release in were_live if not release.artifact.reference]
    return frozenset(one.number for one in local if one.artifact.image not in ids)


def _row(entry: Entry, gone: frozenset[int] | None) -> Sequence[object]:
    release, state = entry
    notes = [state.reason] if state.reason else []
    notes += ["image gone"] if release.number in (gone or ()) else []
    return (
        "*" if state.status is ReleaseStatus.LIVE else "",
        release.name,
        state.status,
        release.artifact.commit[:7],
        timestamp(release.created_at),
        release.who,
        release.why + (f" ({'; '.join(notes)})" if notes else ""),
    )


def _marks(entry: Entry, gone: frozenset[int] | None) -> dict[str, object]:
    release, state = entry
    is_gone = None if gone is None else release.number in gone
    return {"live": state.status is ReleaseStatus.LIVE, "image_gone": is_gone}


def show(session: Session, app: str, release: str | None, as_json: bool) -> None:
    """One release, the live one where none is named. Config by name only: values are secret."""
    found = session.platform.store.apps.get(app)
    if release:
        number = parse_release(release)
    elif found.live:
        number = found.live.release
    else:
        raise NotDeployed(app)
    summary = _summary(*session.platform.store.releases.get_with_state(app, number))
    if as_json:
        print_json(session, summary)
        return
    for name, value in summary.items():
        shown = ", ".join(value) if isinstance(value, list) else value
        session.print(f"{name + ':':<11}{'-' if shown in (None, '') else shown}")


def roll_back(session: Session, app: str, release: str | None) -> None:
    """To the release named, or to the one before the live one."""
    session.platform.store.apps.get(app)
    session.ask(ROLL_BACK, app, parse_release(release) if release else 0)


def parse_release(text: str) -> int:
    """`v12` or `12` to 12; BadInput."""
    if not re.fullmatch(r"v?[1-9][0-9]{0,8}", text):
        raise BadInput(f"{text[:20]!r} is not a release; say v12 or 12")
    return int(text.removeprefix("v"))


def _summary(release: Release, state: ReleaseState) -> dict[str, object]:
    processes = release.artifact.processes
    return {
        "release": release.name,
        "status": state.status.value,
        "reason": state.reason,
        "why": release.why,
        "who": release.who,
        "when": timestamp(release.created_at),
        "commit": release.artifact.commit,
        "build": release.artifact.build,
        "image": release.artifact.image,
        "processes": [f"{name}: {line or '(the image)'}" for name, line in processes.items()],
        "config": sorted(release.config),
    }


RELEASE = click.Argument(["release"], required=False, metavar="[vN]")

COMMANDS = (
    Command("releases", "List the releases of an app, newest first", list_releases, (APP, JSON)),
    Command("releases:info", "Show a release, the live one by default", show, (APP, RELEASE, JSON)),
    Command(
        "rollback",
        "Bring back code and config of an earlier release",
        roll_back,
        (APP, RELEASE),
        details="The one before the live one, unless another is named.",
    ),
)
