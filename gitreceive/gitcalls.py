"""How a push and a fetch are put together: repository, git process, hook, bridge."""

import threading
from subprocess import Popen

from gitreceive import bridge, git
from gitreceive.deploy import Deployer, Push, Pusher
from gitreceive.git import GitRequest
from gitreceive.hook import Hook
from gitreceive.limits import Limits
from gitreceive.nothing_new import LEFT_AT_ONCE, when_nothing_was_pushed
from gitreceive.pktline import CommandGate, ReportFilter
from gitreceive.repository import Repository
from gitreceive.session import Call
from releases.app import AppExists
from releases.errors import PaasError


class AppEnding(PaasError):
    """The app is being destroyed."""


class NothingPushed(PaasError):
    """The app exists and has no code."""


class GitCalls:
    """Serves git's requests, each in its own thread."""

    def __init__(self, deployer: Deployer, limits: Limits) -> None:
        self._deployer = deployer
        self._platform = deployer.platform
        self._limits = limits

    def serve(self, call: Call, who: str, request: GitRequest) -> int:
        """Serve one push or fetch to its end; return git's exit status."""
        call.client.stall_after(self._limits.stall_s)
        if request.is_push:
            return self._receive(call, who, request)
        return self._upload(call, request)

    def _upload(self, call: Call, request: GitRequest) -> int:
        repository = Repository(self._platform.settings.repositories, request.app)
        self._platform.store.apps.get(request.app)
        if not repository.exists:
            raise NothingPushed(f"nothing was ever pushed to {request.app}; push to it first")
        process = self._start(call, request, repository, None)
        wiring = bridge.Wiring(lambda data: data, bridge.Untouched(), process.kill)
        return bridge.carry(call.client, process, wiring)

    def _receive(self, call: Call, who: str, request: GitRequest) -> int:
        repository = Repository(self._platform.settings.repositories, request.app)
        created = self._ensure_app(request.app, who)
        repository.ensure()
        hook = Hook()
        process = self._start(call, request, repository, hook)
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
            push.end()

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
        self, call: Call, request: GitRequest, repository: Repository, hook: Hook | None
    ) -> "Popen[bytes]":
        arguments = git.arguments(request, repository.path, self._limits)
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
