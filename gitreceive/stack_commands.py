"""The command that brings apps onto today's stacks and runtimes, one after the other."""

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass

import click

from builder.bases.live import Standing, live_standing
from builder.detection.folders import all_buildpacks
from builder.request import request_build
from builder.source.objects import Objects
from gitreceive.repository import Repository
from releases.command import Command, Session
from releases.domain.build import BuildOptions, BuildRequest
from releases.errors import PaasError
from releases.log import DeployFailed
from releases.store.logs import NO_APP
from releases.work.queue import BUILDS, UPDATE_BASES

_REBUILD = BuildOptions(rebuild=True, redeploy=True)


class UpdateStopped(PaasError):
    """An app could not be brought onto the new base; those after it were not touched."""


@dataclass(frozen=True)
class Update:
    """One run of the command. What it does follows from what the live apps stand on alone."""

    session: Session
    with_runtime: Collection[str]  # names of buildpacks

    def run(self, apps: Sequence[str]) -> None:
        """Stop at the first app that fails."""
        done: list[str] = []
        for place, app in enumerate(apps):
            try:
                if self._bring(app):
                    done.append(app)
            except PaasError as error:
                raise UpdateStopped(_stopped(app, error, done, apps[place + 1 :])) from error
        self.session.print(f"-----> {len(done)} of {len(apps)} apps were updated")

    def _bring(self, app: str) -> bool:
        """Whether anything had to be done."""
        standing = self._standing(app)
        if standing:
            self._wait_for_others(standing)
            standing = self._standing(app)
        if standing is None:
            self.session.print(f"-----> {app} is not deployed")
            return False
        if not self._is_behind(standing):
            where = standing.build.base or "an image of its own"
            self.session.print(f"-----> {app} stands on {where}: nothing to update")
            return False
        self._rebuild(standing)
        return True

    def _rebuild(self, standing: Standing) -> None:
        live, platform = standing.build, self.session.platform
        self.session.print(f"-----> Updating {live.app}")
        request = BuildRequest(live.app, live.commit, live.ref, self.session.who, _REBUILD)
        objects = Objects(Repository(platform.settings.repositories, live.app).path)
        build = request_build(platform, request, objects)
        try:
            self.session.follow(build.log)
        except DeployFailed:
            after = self._standing(live.app)  # a push that came meanwhile did it as well
            if after is None or after.build.number == live.number or self._is_behind(after):
                raise

    def _wait_for_others(self, standing: Standing) -> None:
        """A build that is on its way gets the new base; one of ours would take its place."""
        platform, live = self.session.platform, standing.build
        for build in reversed(platform.store.builds.list(live.app)):
            if build.number > live.number and not platform.store.logs.has_ended(build.log):
                self.session.print(f"-----> Build {build.number} of {live.app} is on its way")
                with suppress(DeployFailed):  # then the one that is live is looked at
                    self.session.follow(build.log)

    def _standing(self, app: str) -> Standing | None:
        return live_standing(self.session.platform.store, app)

    def _is_behind(self, standing: Standing) -> bool:
        return standing.is_behind(self.session.platform.store.bases.current(), self.with_runtime)


def update(session: Session, apps: tuple[str, ...]) -> None:
    """Renew stacks and runtimes, then rebuild and roll out the apps that stand on older ones."""
    platform = session.platform
    for app in apps:
        platform.store.apps.get(app)
    log = platform.store.logs.new(NO_APP)
    timeout_s = platform.settings.build_timeout_s
    platform.queue.request(BUILDS, UPDATE_BASES, NO_APP, apps, log=log, timeout_s=timeout_s)
    session.follow(log)
    usable = all_buildpacks(platform.settings).usable
    with_runtime = {buildpack.name for buildpack in usable if buildpack.runtime}
    Update(session, with_runtime).run(apps or platform.store.apps.names())


def _stopped(app: str, error: PaasError, done: Sequence[str], rest: Sequence[str]) -> str:
    line = f"{app} could not be updated and runs as before: {error}"
    if done:
        line += f"; updated: {', '.join(done)}"
    if rest:
        line += f"; not touched: {', '.join(rest)}"
    others = f", or go on without it: stack:update {' '.join(rest)}" if rest else ""
    return f"{line}; mend {app} and run stack:update again{others}"


COMMANDS: tuple[Command, ...] = (
    Command(
        "stack:update",
        "Renew base images and rebuild the apps on them",
        update,
        (click.Argument(["apps"], nargs=-1, metavar="[APP]..."),),
        details="All apps, unless some are named, one by one; it stops at the first that fails.",
    ),
)
