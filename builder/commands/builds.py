"""The commands that list builds, show what they printed and clear what they left."""

from dataclasses import asdict, replace

import click

from releases.command import APP, JSON, Command, Session
from releases.commands.table import print_json, print_table, timestamp
from releases.domain.build import Build, BuildStatus
from releases.errors import PaasError
from releases.store.logs import LogEntry

NUMBER = click.Argument(["number"], type=click.IntRange(min=1), required=False)
LATEST = "Without a number it is the latest build."
_HEADERS = ("BUILD", "STATUS", "COMMIT", "BRANCH", "WHO", "WHEN (UTC)", "TOOK", "BUILDPACK", "WHY")
# Nobody may have been left to end their log.
_NEVER_ENDED = (BuildStatus.SUPERSEDED, BuildStatus.CANCELLED)


class NoBuilds(PaasError):
    """The app was never built, or what was asked for is no longer kept."""


def find_build(session: Session, app: str, number: int | None) -> Build:
    """The build of that number, or the newest one."""
    session.platform.store.apps.get(app)
    if number is not None:
        return session.platform.store.builds.get(app, number)
    found = session.platform.store.builds.list(app)
    if not found:
        raise NoBuilds(f"{app} was not built yet; push to it")
    return found[0]


def took(build: Build) -> str:
    """`2.5 s`, or nothing for a build that has not run to its end."""
    if not build.started_at or not build.finished_at:
        return ""
    return f"{max(build.finished_at - build.started_at, 0.0):.1f} s"


def outcome(build: Build) -> str:
    """What ended a build other than its success, and who or what did it; perhaps nothing."""
    if build.status is BuildStatus.SUPERSEDED:
        return f"superseded by build {build.superseded_by}"
    if build.status is BuildStatus.CANCELLED:
        return f"cancelled by {build.cancelled_by}"
    if build.status is BuildStatus.RUNNING and build.cancelled_by:
        return f"is being cancelled by {build.cancelled_by}"
    return build.reason


def _builds(session: Session, app: str, as_json: bool) -> None:
    session.platform.store.apps.get(app)
    found = session.platform.store.builds.list(app)
    if as_json:
        print_json(session, [asdict(build) for build in found])
    else:
        print_table(session, _HEADERS, [_row(build) for build in found])


def _row(build: Build) -> tuple[object, ...]:
    return (
        build.number,
        build.status.value,
        build.commit[:7],
        build.ref.removeprefix("refs/heads/"),
        build.who,
        timestamp(build.started_at or build.created_at),
        took(build),
        build.buildpack,
        outcome(build) or build.why,
    )


def _output(session: Session, app: str, number: int | None, follow: bool) -> None:
    build = find_build(session, app, number)
    entries = session.platform.store.logs.read(build.log)
    if build.status in _NEVER_ENDED and not any(entry.ended for entry in entries):
        follow = False
        line = f"Build {build.number} of {app} was {outcome(build)}"
        entries = [*entries, LogEntry("", line, ended=True)]
    if not entries and build.has_ended:
        raise NoBuilds(f"the output of build {build.number} of {app} is no longer kept")
    if follow:
        session.follow(build.log)
        return
    for entry in entries:
        session.print(f"-----> {entry.line}" if entry.ended else entry.line)


def _clear_cache(session: Session, app: str) -> None:
    store = session.platform.store
    store.apps.get(app)
    settings = store.builds.settings(app)
    store.builds.set_settings(app, replace(settings, caches=settings.caches + 1))
    session.print(
        f"-----> The next build of {app} uses nothing that earlier ones left: every step runs "
        "anew, and directories kept between builds begin empty"
    )
    session.print("       Docker gives the disk space back when it next cleans its build cache")
    session.print(f"       To build what is live again: ps:rebuild {app}")


COMMANDS = (
    Command("builds", "List the builds of an app, newest first", _builds, (APP, JSON)),
    Command(
        "builds:output",
        "Show what a build printed",
        _output,
        (
            APP,
            NUMBER,
            click.Option(["-f", "--follow"], is_flag=True, help="Go on to the deploy's end."),
        ),
        details=LATEST,
    ),
    Command(
        "builds:cache-clear",
        "Let the next build use nothing that earlier ones left",
        _clear_cache,
        (APP,),
    ),
)
