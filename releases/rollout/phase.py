"""What an app has run beside a deploy: before anything of it starts, and once it serves."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from releases.domain.app import App, Due
from releases.domain.release import Release
from releases.engine.protocol import Engine, Once, Ran, TookTooLong
from releases.errors import PaasError
from releases.log import DeployLog
from releases.rollout.checks.checkup import not_run
from releases.store import Store
from releases.store.locks import Lock

_SHOWN_CHARS = 200


class ReleaseCommandFailed(PaasError):
    """A command that has to succeed before a release serves did not; nothing was changed."""


class PostdeployFailed(PaasError):
    """A command that is run once a release serves failed: the traffic has moved."""


@dataclass(frozen=True)
class Phase:
    """The tools, and the lock under which no other worker runs such a command."""

    store: Store
    engine: Engine
    lock: Lock
    log: DeployLog
    timeout_s: float

    def before(self, release: Release) -> Release:
        """Run what comes before a release starts; return the release that is to be started.

        ReleaseCommandFailed. Each command is run at least once: again where a worker died.
        """
        if unused := not_run(release):
            self.log.detail(f"Checks that no deploy runs: {', '.join(unused)}")
        scripts, command = release.artifact.app_json.scripts, release.artifact.release_command
        if not (scripts.predeploy or command):
            return release
        if self.store.releases.is_prepared(release.app, release.number):
            return release
        self.engine.fetch_image(release.artifact, self.log.detail)
        if scripts.predeploy and not release.artifact.built:
            release = self._changed(release, scripts.predeploy)
        if command:
            self._must_succeed(release, "release command", command)
        self.store.releases.set_prepared(release.app, release.number)
        return release

    def after(self) -> None:
        """Run what is due since a release serves; PostdeployFailed."""
        app = self.store.apps.get(self.lock.app)
        if app.due is None or app.live is None:
            return
        release = self.store.releases.get(app.name, app.live.release)
        for title, line in self._due(app.due, release):
            if reason := self._failure(release, title, line):
                self.store.apps.settle_due(self.lock, again=app.due.is_first)
                raise PostdeployFailed(f"{reason}; {_serves(app, release)}")
        self.store.apps.settle_due(self.lock, again=False)

    def _changed(self, release: Release, line: str) -> Release:
        """The release on the image that predeploy makes."""
        ran = self._must_succeed(release, "predeploy", line, keeps_changes=True)
        artifact = replace(
            release.artifact, image=ran.image, built=release.artifact.image, reference=""
        )
        self.store.releases.set_artifact(release.app, release.number, artifact)
        return replace(release, artifact=artifact)

    def _due(self, due: Due, release: Release) -> Iterator[tuple[str, str]]:
        if self.store.releases.artifact(release.app, due.release).build != release.artifact.build:
            self.log.detail(f"postdeploy of v{due.release} is not run: {release.name} serves")
            return
        scripts = release.artifact.app_json.scripts
        if due.is_first and scripts.first_postdeploy:
            yield "postdeploy of the first deploy", scripts.first_postdeploy
        if scripts.postdeploy:
            yield "postdeploy", scripts.postdeploy

    def _must_succeed(
        self, release: Release, title: str, line: str, *, keeps_changes: bool = False
    ) -> Ran:
        try:
            ran = self._run(release, title, line, keeps_changes=keeps_changes)
        except TookTooLong as error:
            raise ReleaseCommandFailed(_late(title, error)) from error
        if ran.status:
            raise ReleaseCommandFailed(
                f"{title} failed with exit status {ran.status}; its output is above, and nothing "
                "was changed"
            )
        return ran

    def _failure(self, release: Release, title: str, line: str) -> str:
        try:
            ran = self._run(release, title, line)
        except TookTooLong as error:
            return _late(title, error)
        return f"{title} failed with exit status {ran.status}" if ran.status else ""

    def _run(self, release: Release, title: str, line: str, *, keeps_changes: bool = False) -> Ran:
        self.store.locks.check(self.lock)  # a worker that was held for dead runs nothing more
        self.log.step(f"Running {title}: {line.strip().splitlines()[0][:_SHOWN_CHARS]}")
        once = Once(line, self.timeout_s, lambda lines: self.log.detail(*lines), keeps_changes)
        return self.engine.run_once(release, once)


def _late(title: str, error: TookTooLong) -> str:
    return f"{title}: {error} (the setting release_command_timeout_s)"


def _serves(app: App, release: Release) -> str:
    back = f"`rollback {app.name}` goes back, or " if app.previous else ""
    return f"{release.name} serves already, the traffic has moved: {back}push a mended version"
