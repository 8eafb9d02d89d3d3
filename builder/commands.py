"""The commands about builds."""

import json
from dataclasses import asdict
from datetime import datetime

import click
from tabulate import tabulate

from releases.build import Build
from releases.command import APP, JSON, Command, Session
from releases.errors import PaasError

_HEADERS = ("build", "status", "commit", "branch", "by", "started", "took", "buildpack", "reason")


class NoBuilds(PaasError):
    """The app was never built, or what was asked for is no longer kept."""


def _builds(session: Session, app: str, as_json: bool) -> None:
    session.platform.store.apps.get(app)
    found = session.platform.store.builds.list(app)
    if as_json:
        session.print(json.dumps([asdict(build) for build in found], indent=2))
    elif found:
        session.print(tabulate([_row(build) for build in found], _HEADERS, tablefmt="plain"))
    else:
        session.print(f"{app} was not built yet; push to it")


def _row(build: Build) -> tuple[object, ...]:
    took_s = max(build.finished_at - build.started_at, 0.0)
    return (
        build.number,
        build.status.value,
        build.commit[:7],
        build.ref.removeprefix("refs/heads/"),
        build.who,
        _moment(build.started_at or build.created_at),
        f"{took_s:.1f} s" if build.started_at and build.finished_at else "",
        build.buildpack,
        build.reason,
    )


def _moment(timestamp: float) -> str:
    return datetime.fromtimestamp(timestamp).astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")


def _output(session: Session, app: str, number: int | None, follow: bool) -> None:
    session.platform.store.apps.get(app)
    build = _find(session, app, number)
    logs = session.platform.store.logs
    entries = logs.read(build.log)
    if not entries and build.finished_at:
        raise NoBuilds(f"the output of build {build.number} of {app} is no longer kept")
    if follow:
        session.follow(build.log)
        return
    for entry in entries:
        session.print(f"-----> {entry.line}" if entry.ended else entry.line)


def _find(session: Session, app: str, number: int | None) -> Build:
    if number is not None:
        return session.platform.store.builds.get(app, number)
    found = session.platform.store.builds.list(app)
    if not found:
        raise NoBuilds(f"{app} was not built yet; push to it")
    return found[0]


COMMANDS = (
    Command("builds", "List the builds of an app, newest first.", _builds, (APP, JSON)),
    Command(
        "builds:output",
        "Show what a build printed, the latest one's by default.",
        _output,
        (
            APP,
            click.Argument(["number"], type=click.IntRange(min=1), required=False),
            click.Option(["-f", "--follow"], is_flag=True, help="Go on to the deploy's end."),
        ),
    ),
)
