"""What a push asks for, and whether it may: checked before anything is built.

git feeds its pre-receive hook broken commands too: funny ref names, objects that do not
exist, refs that have moved meanwhile. git refuses those later, which is too late for us.
"""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from dulwich.refs import Ref, check_ref_format

from builder.objects import Objects
from gitreceive.refs import RefNames, is_too_long, parents
from gitreceive.repository import DEPLOY_BRANCHES, HEADS, TAGS, Repository
from releases.errors import PaasError

_LINE = re.compile(r"([0-9a-f]{40}) ([0-9a-f]{40}) (\S+)")
_ZERO = "0" * 40
_BOTH = " and ".join(DEPLOY_BRANCHES)


class PushRefused(PaasError):
    """A push that is not taken, whatever its code is like; nothing was changed."""


def short(ref: str) -> str:
    """`refs/heads/master` -> `master`."""
    return ref.removeprefix(HEADS).removeprefix(TAGS)


@dataclass(frozen=True)
class RefCommand:
    """One line of a push: move `ref` from `old` to `new`. None: it is not there."""

    old: str | None
    new: str | None
    ref: str

    @property
    def name(self) -> str:
        """`master`, `v1.0`."""
        return short(self.ref)

    @property
    def is_branch(self) -> bool:
        """Whether it moves a branch."""
        return self.ref.startswith(HEADS)

    @property
    def deploys(self) -> bool:
        """Whether it moves a deploy branch to somewhere."""
        return self.is_deploy_branch and self.new is not None

    @property
    def is_deploy_branch(self) -> bool:
        """Whether it is about a deploy branch."""
        return self.ref in {f"{HEADS}{branch}" for branch in DEPLOY_BRANCHES}


def parse_commands(lines: Iterable[str]) -> list[RefCommand]:
    """The hook's lines, `<old> <new> <ref>`; PushRefused."""
    commands = []
    for line in lines:
        match = _LINE.fullmatch(line)
        if not match:
            raise PushRefused(f"{line[:80]!r} is not a ref command")
        old, new, ref = match.groups()
        commands.append(RefCommand(_known(old), _known(new), ref))
    return commands


def _known(sha: str) -> str | None:
    return None if sha == _ZERO else sha


@dataclass(frozen=True)
class PushCheck:
    """Checks a push against the repository as it is at that moment."""

    repository: Repository
    quarantine: Path | None  # where git keeps what just arrived
    is_live: bool

    def run(self, commands: list[RefCommand]) -> RefCommand | None:
        """Return the command that deploys, if one does; PushRefused."""
        for command in commands:
            self._check_name(command)
        self._check_company(commands)
        kinds = self._kinds(commands)
        for command in commands:
            self._check(command, kinds)
        deploying = [command for command in commands if command.deploys]
        if len(deploying) > 1:
            raise PushRefused(f"{_BOTH} both deploy; push one of them at a time")
        return deploying[0] if deploying else None

    @cached_property
    def _refs(self) -> RefNames:
        return RefNames(self.repository.path)

    def _kinds(self, commands: list[RefCommand]) -> dict[str, str]:
        arrived = {command.new for command in commands if command.new}
        return Objects(self.repository.path, self.quarantine).kinds(sorted(arrived))

    def _check_company(self, commands: list[RefCommand]) -> None:
        """git would find out only when the deploy is done and it cannot move the branch."""
        names = {command.ref for command in commands}
        if len(names) < len(commands):
            raise PushRefused("the push names a ref twice; name each once")
        gone = {command.ref for command in commands if command.new is None}
        for command in commands:
            above = next((name for name in parents(command.ref) if name in names - gone), None)
            other = above or self._refs.in_the_way(command.ref)
            if command.new and other and other not in gone:
                raise PushRefused(
                    f"{command.name} cannot be beside {short(other)}; delete one of them first"
                )

    def _check(self, command: RefCommand, kinds: Mapping[str, str]) -> None:
        current = self._refs.get(command.ref)
        if current != command.old:
            raise PushRefused(f"{command.name} has moved meanwhile; git fetch, then push again")
        if command.new is None:
            self._check_removal(command)
        elif command.is_branch:
            self._check_commit(command.name, command.new, kinds)
        elif command.new not in kinds:
            raise PushRefused(f"{command.name} would name an object that was not sent")

    def _check_name(self, command: RefCommand) -> None:
        if not command.ref.startswith((HEADS, TAGS)):
            raise PushRefused(f"only branches and tags can be pushed, not {command.ref[:80]}")
        if not check_ref_format(Ref(os.fsencode(command.ref))):
            raise PushRefused(f"{command.ref[:80]!r} is no name for a branch or tag")
        if is_too_long(command.ref):
            raise PushRefused(f"the name {command.name[:40]}... is too long; choose a shorter one")

    def _check_removal(self, command: RefCommand) -> None:
        if command.is_deploy_branch and self.is_live:
            app = self.repository.app
            raise PushRefused(
                f"{command.name} is what {app} runs and cannot be deleted; to end the app use "
                f"apps:destroy {app} --confirm {app}"
            )

    def _check_commit(self, name: str, new: str, kinds: Mapping[str, str]) -> None:
        if kinds.get(new) != "commit":
            raise PushRefused(f"{name} would name {new[:12]}, which is not a commit here")


def without_deploy(commands: list[RefCommand]) -> list[str]:
    """What to say about branches that were stored and do not deploy."""
    branches = [
        command.name
        for command in commands
        if command.is_branch and command.new and not command.is_deploy_branch
    ]
    return [f"Stored {name}, which does not deploy; {_BOTH} do" for name in branches]
