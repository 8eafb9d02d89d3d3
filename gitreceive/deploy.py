"""The story of one push inside git's pre-receive: check, build, follow, verdict."""

import logging
import secrets
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from builder.source.objects import Objects
from gitreceive.client import ClientGone
from gitreceive.hook import Hook, HookRequest
from gitreceive.nothing_new import when_nothing_was_pushed
from gitreceive.options import PushOptions, check_nothing_to_deploy, parse_options, stored_only
from gitreceive.printable import plain_line, safe_lines
from gitreceive.push import PushCheck, RefCommand, parse_commands, without_deploy
from gitreceive.repository import Repository
from gitreceive.turns import Turn, Turns
from releases.build import Build, BuildOptions, BuildRequest
from releases.errors import PaasError
from releases.log import follow
from releases.platform import Platform

_log = logging.getLogger(__name__)


class RequestBuild(Protocol):
    """Keeps a commit's source and queues its build; PaasError for a tree that cannot be built."""

    def __call__(self, platform: Platform, request: BuildRequest, objects: Objects) -> Build: ...


@dataclass(frozen=True)
class Deployer:
    """What every push of this process shares."""

    platform: Platform
    request_build: RequestBuild
    turns: Turns
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
        self._turn = Turn(f"{pusher.who}'s push")
        self._gone = threading.Event()
        self._ended = threading.Event()
        self.accepted: list[str] = []  # `master is 3f9ac21`, once it was
        self.reason = ""  # why the push was refused, once it was

    def hang_up(self) -> None:
        """The pusher went away: wait and follow no longer. A deploy that was begun goes on."""
        self._gone.set()
        self._turn.give_up()

    def end(self) -> None:
        """git has ended: the refs are what they will be."""
        self._ended.set()

    def receive(self) -> None:
        """Wait for the hook, decide, and let it go."""
        try:
            request = self._hook.request()
            if request:
                self._decide(request)
        finally:
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
        deploying = self._check(request, commands)
        if deploying is None:
            check_nothing_to_deploy(options)
            self._verdict(commands)
        elif deploying.moves_nothing and not options.build.redeploy:
            self._say_up_to_date()
            self._verdict(commands)
        else:
            self._accept_in_turn(request, commands, deploying, options)

    def _accept_in_turn(
        self,
        request: HookRequest,
        commands: list[RefCommand],
        deploying: RefCommand,
        options: PushOptions,
    ) -> None:
        turns = self._deployer.turns
        self._turn.title = f"{self._who}'s push of {str(deploying.new)[:7]}"
        with turns.take(self._repository.app, self._turn, self._say_waiting):
            self._check(request, commands)  # whoever was before us may have moved the branch
            if options.deploys:
                self._deploy(deploying, request.quarantine, options.build)
            else:
                self._say(stored_only(self._repository.app, deploying))
            self._repository.point_head(deploying.name, self._branches())
            self._verdict(commands)
            self._ended.wait()  # the turn is over when git has moved the branch

    def _branches(self) -> tuple[str, ...]:
        platform = self._deployer.platform
        app = platform.store.apps.get(self._repository.app)
        return app.deploy_branches(platform.settings.deploy_branches)

    def _check(self, request: HookRequest, commands: list[RefCommand]) -> RefCommand | None:
        live = self._deployer.platform.store.apps.get(self._repository.app).live
        check = PushCheck(self._repository, request.quarantine, self._branches(), live is not None)
        return check.run(commands)

    def _deploy(self, command: RefCommand, quarantine: Path | None, options: BuildOptions) -> None:
        self._stop_if_gone()
        platform = self._deployer.platform
        app = self._repository.app
        request = BuildRequest(app, str(command.new), command.ref, self._who, options)
        objects = Objects(self._repository.path, quarantine)
        build = self._deployer.request_build(platform, request, objects)
        verdict = follow(platform.store.log_reader, build.log, self._print, self._stop_if_gone)
        self._say(verdict)

    def _verdict(self, commands: list[RefCommand]) -> None:
        for line in without_deploy(commands, self._branches()):
            self._say(line)
        _log.info("push to %s by %s: accepted", self._repository.app, self._who)
        self.accepted = [command.outcome for command in commands]
        self._hook.answer(accepted=True)

    def _refuse(self, reason: str) -> None:
        _log.info("push to %s by %s: refused: %s", self._repository.app, self._who, reason)
        self.reason = plain_line(reason, self._deployer.reason_chars)
        if len(reason) > len(self.reason):
            with suppress(BrokenPipeError):
                self._print(f" !     {reason}")
        self._hook.answer(accepted=False)

    def _say_waiting(self, title: str, ahead: int) -> None:
        place = f", with {ahead} more before you" if ahead else ""
        self._say(f"Waiting for {title} to end{place}")

    def _say_up_to_date(self) -> None:
        """libgit2 sends a ref that is there already; git itself sends none, and says this."""
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
