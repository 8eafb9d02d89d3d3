"""The story of one push inside git's hooks: check, queue the build, follow, verdict, branch."""

import logging
import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from builder.source.objects import Objects
from gitreceive.client import ClientGone
from gitreceive.hook import Hook, HookRequest
from gitreceive.landing import land, left_to_git
from gitreceive.nothing_new import when_nothing_was_pushed
from gitreceive.options import PushOptions, check_nothing_to_deploy, parse_options, stored_only
from gitreceive.printable import plain_line, safe_lines
from gitreceive.push import (
    PushCheck,
    PushRefused,
    RefCommand,
    parse_commands,
    without_deploy,
)
from gitreceive.repository import Repository
from gitreceive.under_way import PushesUnderWay, UnderWay, find_rivals, refuse_beside
from releases.domain.build import Build, BuildOptions, BuildRequest
from releases.errors import PaasError
from releases.log import follow
from releases.platform import Platform
from releases.store.builds import RivalBegan

_log = logging.getLogger(__name__)


class RequestBuild(Protocol):
    """Keeps a commit's source and queues its build; PaasError for a tree that cannot be built."""

    def __call__(self, platform: Platform, request: BuildRequest, objects: Objects) -> Build: ...


@dataclass(frozen=True)
class Deployer:
    """What every push of this process shares."""

    platform: Platform
    request_build: RequestBuild
    pushes: PushesUnderWay
    reason_chars: int = 200


@dataclass(frozen=True)
class Pusher:
    """Who pushes, and what is known of the push beside its refs."""

    who: str
    created: bool  # the push made the app
    options: Callable[[], Sequence[str]]  # push options, complete when the hook runs


class Push:
    """One push to one app. `receive` runs in a thread of its own, beside the bridge."""

    def __init__(
        self, deployer: Deployer, repository: Repository, pusher: Pusher, hook: Hook
    ) -> None:
        self._deployer = deployer
        self._repository = repository
        self._who = pusher.who
        self._pusher = pusher
        self._hook = hook
        self._mine: UnderWay | None = None
        self._gone = threading.Event()
        self.accepted: list[str] = []  # `master is 3f9ac21`, once it was
        self.reason = ""  # why the push was refused, once it was

    def hang_up(self) -> None:
        """The pusher went away: follow no longer. The build and the deploy go on."""
        self._gone.set()

    def receive(self) -> None:
        """Wait for the hook, decide, and let it go."""
        try:
            request = self._hook.request()
            if request:
                self._decide(request)
        finally:
            self._leave()
            self._hook.close()

    def _decide(self, request: HookRequest) -> None:
        try:
            self._accept(request)
        except BrokenPipeError:
            self._refuse("the pusher hung up")
        except PaasError as error:
            self._refuse(str(error))
        except Exception:  # noqa: BLE001 - the push hook is where errors become text
            reference = secrets.token_hex(2)
            _log.exception("push to %s: reference %s", self._repository.app, reference)
            self._refuse(f"internal error, reference {reference}")

    def _accept(self, request: HookRequest) -> None:
        commands = parse_commands(request.commands)
        options = parse_options(self._pusher.options())
        if self._pusher.created:
            self._say(f"Created app {self._repository.app}")
        with self._deployer.pushes.gate(self._repository.app) as others:
            deploying = self._check(request, commands)
            self._mine = self._ask(request, deploying, options, others)
        if self._mine:
            self._follow(self._mine.log)
        elif deploying:
            self._say_not_built(deploying, options)
        self._let_in(commands, deploying)

    def _check(self, request: HookRequest, commands: list[RefCommand]) -> RefCommand | None:
        live = self._deployer.platform.store.apps.get(self._repository.app).live
        check = PushCheck(self._repository, request.quarantine, self._branches(), live is not None)
        return check.run(commands)

    def _ask(
        self,
        request: HookRequest,
        deploying: RefCommand | None,
        options: PushOptions,
        others: list[UnderWay],
    ) -> UnderWay | None:
        """Queue the build that the push needs, if it needs one; keeps it among the others."""
        if deploying is None:
            check_nothing_to_deploy(options)
            return None
        if deploying.moves_nothing and not options.build.redeploy:
            return None
        self._stop_if_gone()
        objects = Objects(self._repository.path, request.quarantine)
        rivals = find_rivals(others, deploying, objects)
        if options.deploys:
            build = self._request_build(deploying, options.build, objects, rivals)
            title = f"{self._who}'s push of {build.commit[:7]}"
            mine = UnderWay(build.number, build.log, deploying, title, request.quarantine)
            others.append(mine)
            return mine
        if rivals:
            raise refuse_beside(rivals[0])
        return None

    def _request_build(
        self,
        command: RefCommand,
        options: BuildOptions,
        objects: Objects,
        rivals: Sequence[UnderWay],
    ) -> Build:
        app, commit, numbers = self._repository.app, str(command.new), [it.build for it in rivals]
        request = BuildRequest(app, commit, command.ref, self._who, options, tuple(numbers))
        try:
            return self._deployer.request_build(self._deployer.platform, request, objects)
        except RivalBegan as error:
            raise refuse_beside(rivals[numbers.index(error.number)]) from error

    def _follow(self, log: str) -> None:
        reader = self._deployer.platform.store.log_reader
        self._say(follow(reader, log, self._print, self._stop_if_gone))

    def _let_in(self, commands: list[RefCommand], deployed: RefCommand | None) -> None:
        """Let git take what arrived, and say what becomes of its branches."""
        for line in without_deploy(commands, self._branches()):
            self._say(line)
        self.accepted = [command.outcome for command in commands]
        self._hook.answer(accepted=True)
        if self._hook.moves_branches():
            with self._deployer.pushes.landing(self._repository.app):
                self._hook.report(self._move(commands, deployed))
                self._hook.wait_for_end()
        _log.info("push to %s by %s: accepted", self._repository.app, self._who)

    def _move(self, commands: list[RefCommand], deployed: RefCommand | None) -> Iterator[str]:
        for command in commands:
            if command is deployed:
                yield from self._land(command)
            elif command.is_branch and command.new:
                yield from left_to_git(command)

    def _land(self, command: RefCommand) -> list[str]:
        self._repository.point_head(command.name, self._branches())
        try:
            return land(self._repository, command)
        except PushRefused as error:
            self.reason = str(error)
            return [f"ng {command.ref} {error}"]

    def _leave(self) -> None:
        with self._deployer.pushes.gate(self._repository.app) as others:
            if self._mine:
                others.remove(self._mine)

    def _branches(self) -> tuple[str, ...]:
        platform = self._deployer.platform
        app = platform.store.apps.get(self._repository.app)
        return app.deploy_branches(platform.settings.deploy_branches)

    def _refuse(self, reason: str) -> None:
        _log.info("push to %s by %s: refused: %s", self._repository.app, self._who, reason)
        self.reason = plain_line(reason, self._deployer.reason_chars)
        if len(reason) > len(self.reason):
            with suppress(BrokenPipeError):
                self._print(f" !     {reason}")
        self._hook.answer(accepted=False)

    def _say_not_built(self, command: RefCommand, options: PushOptions) -> None:
        if not command.moves_nothing:
            self._say(stored_only(self._repository.app, command))
            return
        # libgit2 sends a ref that is there already; git itself sends none, and says this
        self._say("Everything up-to-date")
        if line := when_nothing_was_pushed(self._deployer.platform, self._repository):
            self._print(line)

    def _say(self, text: str) -> None:
        self._print(f"-----> {text}")

    def _print(self, text: str) -> None:
        self._stop_if_gone()
        for line in safe_lines(text):
            self._hook.print(line)

    def _stop_if_gone(self) -> None:
        if self._gone.is_set():
            raise ClientGone("the pusher hung up")
