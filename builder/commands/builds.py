"""The commands about builds."""

from dataclasses import asdict

import click

from releases.build import Build
from releases.command import APP, JSON, Command, Session
from releases.commands.table import print_json, print_table, timestamp
from releases.errors import PaasError

_HEADERS = ("BUILD", "STATUS", "COMMIT", "BRANCH", "WHO", "WHEN (UTC)", "TOOK", "BUILDPACK", "WHY")


class NoBuilds(PaasError):
    """The app was never built, or what was asked for is no longer kept."""


def _builds(session: Session, app: str, as_json: bool) -> None:
    session.platform.store.apps.get(app)
    found = session.platform.store.builds.list(app)
    if as_json:
        print_json(session, [asdict(build) for build in found])
    else:
        print_table(session, _HEADERS, [_row(build) for build in found])


def _row(build: Build) -> tuple[object, ...]:
    took_s = max(build.finished_at - build.started_at, 0.0)
    return (
        build.number,
        build.status.value,
        build.commit[:7],
        build.ref.removeprefix("refs/heads/"),
        build.who,
        timestamp(build.started_at or build.created_at),
        f"{took_s:.1f} s" if build.started_at and build.finished_at else "",
        build.buildpack,
        build.reason or build.why,
    )


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
    Command("builds", "List the builds of an app, newest first", _builds, (APP, JSON)),
    Command(
        "builds:output",
        "Show what a build printed, the latest one's by default",
        _output,
        (
            APP,
            click.Argument(["number"], type=click.IntRange(min=1), required=False),
            click.Option(["-f", "--follow"], is_flag=True, help="Go on to the deploy's end."),
        ),
    ),
)
