"""How a push and a fetch are put together: repository, git process, hook, bridge."""

import threading
from dataclasses import replace
from subprocess import Popen

from gitreceive import bridge, git
from gitreceive.deploy import Deployer, Push, Pusher
from gitreceive.git import GitRequest
from gitreceive.hook import Hook
from gitreceive.journal import Page
from gitreceive.limits import Limits
from gitreceive.nothing_new import LEFT_AT_ONCE, when_nothing_was_pushed
from gitreceive.pktline import CommandGate, ReportFilter
from gitreceive.rate import Rate
from gitreceive.repository import Repository
from gitreceive.session import Call
from gitreceive.upkeep import Upkeep
from releases.domain.app import AppExists
from releases.errors import PaasError
from releases.store.ssh_keys import SshKey


class AppEnding(PaasError):
    """The app is being destroyed."""


class TooManyPushes(PaasError):
    """One key pushes without a pause."""


class RepositoryFull(PaasError):
    """No more is stored for the app."""


class GitCalls:
    """Serves git's requests, each in its own thread."""

    def __init__(self, deployer: Deployer, limits: Limits) -> None:
        self._deployer = deployer
        self._platform = deployer.platform
        self._limits = limits
        self._pushes = Rate(limits.pushes_per_minute)
        self._upkeep = Upkeep(limits)

    def serve(self, call: Call, key: SshKey, request: GitRequest, page: Page) -> int:
        """Serve one push or fetch to its end; return git's exit status."""
        call.client.stall_after(self._limits.stall_s)
        if not request.is_push:
            page.command(f"clone of {request.app}")
            return self._upload(call, request)
        if not self._pushes.take(key.fingerprint):
            most = self._limits.pushes_per_minute
            raise TooManyPushes(f"{most} pushes in a minute by one key are enough; wait a little")
        return self._receive(call, key.name, request, page)

    def _upload(self, call: Call, request: GitRequest) -> int:
        repository = Repository(self._platform.settings.repositories, request.app)
        if self._platform.store.apps.get(request.app).destroying:
            raise AppEnding(f"app {request.app} is being destroyed")
        repository.ensure()  # an app that nothing was pushed to is cloned as an empty repository
        process = self._start(call, request, repository)
        wiring = bridge.Wiring(lambda data: data, bridge.Untouched(), process.kill)
        return bridge.carry(call.client, process, wiring)

    def _receive(self, call: Call, who: str, request: GitRequest, page: Page) -> int:
        repository = Repository(self._platform.settings.repositories, request.app)
        created = self._ensure_app(request.app, who)
        repository.ensure()
        room = self._room(repository)
        hook = Hook()
        process = self._start(call, request, repository, hook, room)
        gate = CommandGate(self._limits)
        push = Push(self._deployer, repository, Pusher(who, created, lambda: gate.options), hook)
        threading.Thread(target=push.receive, name=f"push-{request.app}", daemon=True).start()
        report = ReportFilter(lambda: push.reason)
        try:
            wiring = bridge.Wiring(
                gate.feed, report, push.hang_up, lambda: self._last_words(gate, repository)
            )
            return bridge.carry(call.client, process, wiring)
        finally:
            page.push(request.app, _result(push, gate, report))
            self._upkeep.look(repository)

    def _room(self, repository: Repository) -> int:
        """How many bytes may be pushed; RepositoryFull if none."""
        most, used = self._limits.repository_bytes, repository.size_bytes()
        if used >= most:
            raise RepositoryFull(
                f"the repository of {repository.app} takes {used >> 20} MB, and {most >> 20} MB "
                "are allowed (repository_mb); take large files out of its history, or begin anew "
                f"with apps:destroy {repository.app}"
            )
        return min(self._limits.push_bytes, most - used)

    def _last_words(self, gate: CommandGate, repository: Repository) -> str:
        if gate.is_silent:
            return LEFT_AT_ONCE
        return when_nothing_was_pushed(self._platform, repository) if gate.is_empty else ""

    def _ensure_app(self, app: str, who: str) -> bool:
        apps = self._platform.store.apps
        try:
            apps.create(app, who)
        except AppExists:
            if apps.get(app).destroying:
                raise AppEnding(f"app {app} is being destroyed; push when it is gone") from None
            return False
        return True

    def _start(
        self,
        call: Call,
        request: GitRequest,
        repository: Repository,
        hook: Hook | None = None,
        room: int = 0,
    ) -> "Popen[bytes]":
        limits = replace(self._limits, push_bytes=room)
        arguments = git.arguments(request, repository.path, limits)
        environment = git.environment(call.protocol, hook.environment if hook else {})
        try:
            return bridge.start(arguments, environment, hook.descriptors if hook else ())
        except BaseException:
            if hook:
                hook.close()
            raise
        finally:
            if hook:
                hook.started()


def _result(push: Push, gate: CommandGate, report: ReportFilter) -> str:
    if push.reason:
        return f"refused: {push.reason}"
    if report.failure:
        return f"refused by git: {report.failure}"
    if push.accepted:
        return f"accepted: {', '.join(push.accepted)}"
    return "nothing new" if gate.is_empty else "broken off"
