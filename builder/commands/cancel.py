"""The command that ends a build before its time."""

import click

from builder.queue.places import tell_places
from builder.source.archive import drop_source
from releases.command import APP, Command, Session
from releases.domain.build import Build, BuildStatus
from releases.errors import PaasError
from releases.log import DeployFailed, follow
from releases.store import Store
from releases.work.build_queue import end_log

_UNDER_WAY = (BuildStatus.RUNNING, BuildStatus.QUEUED)


class BuiltAlready(PaasError):
    """The build has ended well and its deploy has begun: that is not cancelled."""


def cancel(session: Session, app: str, number: int | None) -> None:
    """End a build; without a number the one that runs, or else the one that waits."""
    store = session.platform.store
    store.apps.get(app)
    build = store.builds.get(app, number) if number else _under_way(store, app)
    if build is None:
        session.print(f"-----> No build of {app} is queued or running")
        return
    was = store.builds.cancel(app, build.number, session.who)
    if was is BuildStatus.RUNNING:
        _stop(session, build)
    elif was is BuildStatus.QUEUED:
        end_log(store, store.builds.get(app, build.number))
        drop_source(session.platform.settings.sources, app, build.number)
        tell_places(session.platform)
        session.print(f"-----> Build {build.number} was cancelled by {session.who}")
    elif was is BuildStatus.SUCCEEDED and not store.logs.has_ended(build.log):
        raise BuiltAlready(
            f"build {build.number} of {app} is built already and its deploy has begun; that cannot "
            "be cancelled, but rolled back once it has ended"
        )
    else:
        session.print(f"-----> Build {build.number} of {app} has ended already: it {_past(was)}")


def _under_way(store: Store, app: str) -> Build | None:
    """The running one first; of builds that have ended, one whose deploy is under way."""
    builds = store.builds.list(app)
    for status in _UNDER_WAY:
        for build in builds:
            if build.status is status:
                return build
    for build in builds[:1]:
        if build.status is BuildStatus.SUCCEEDED and not store.logs.has_ended(build.log):
            return build
    return None


def _stop(session: Session, build: Build) -> None:
    """Until it is known to have stopped: a worker that is cut off at this moment hears it later."""
    platform = session.platform

    def kill() -> None:
        platform.queue.stop_build(build.app, build.number)

    kill()
    try:
        follow(platform.store.log_reader, build.log, lambda line: None, on_silence=kill)
    except DeployFailed as verdict:
        session.print(f"-----> {verdict}")


def _past(status: BuildStatus) -> str:
    return status if status in (BuildStatus.FAILED, BuildStatus.SUCCEEDED) else f"was {status}"


COMMANDS = (
    Command(
        "builds:cancel",
        "Cancel a build that waits or runs",
        cancel,
        (APP, click.Argument(["number"], type=click.IntRange(min=1), required=False)),
    ),
)
