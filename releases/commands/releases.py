"""The commands on releases, and rollback."""

import re

import click

from releases.app import NotDeployed
from releases.command import APP, JSON, Command, Session
from releases.commands.table import print_json, print_table, timestamp
from releases.errors import BadInput
from releases.queue import RELEASES, ROLL_BACK
from releases.release import Release, ReleaseState


def list_releases(session: Session, app: str, as_json: bool) -> None:
    """Newest first."""
    session.platform.store.apps.get(app)
    found = session.platform.store.releases.list(app)
    if as_json:
        print_json(session, [_summary(*item) for item in found])
        return
    rows = [
        (
            release.name,
            state.status,
            release.artifact.commit[:7],
            timestamp(release.created_at),
            release.who,
            release.why + (f" ({state.reason})" if state.reason else ""),
        )
        for release, state in found
    ]
    print_table(session, ("RELEASE", "STATUS", "COMMIT", "WHEN (UTC)", "WHO", "WHY"), rows)


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
    number = parse_release(release) if release else 0
    log = session.platform.store.logs.new(app)
    session.platform.queue.request(RELEASES, ROLL_BACK, app, number, session.who, log=log)
    session.follow(log)


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
    Command("releases", "List releases", list_releases, (APP, JSON)),
    Command("releases:info", "Show a release", show, (APP, RELEASE, JSON)),
    Command(
        "rollback", "Bring back code and config of an earlier release", roll_back, (APP, RELEASE)
    ),
)
