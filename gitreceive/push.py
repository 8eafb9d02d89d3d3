"""What a push asks for, and whether it may: checked before anything is built.

git feeds its pre-receive hook broken commands too: funny ref names, objects that do not
exist, refs that have moved meanwhile. git refuses those later, which is too late for us.
"""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from dulwich.refs import Ref, check_ref_format

from builder.source.objects import Objects
from gitreceive.refs import RefNames, is_too_long, parents
from gitreceive.repository import HEADS, TAGS, Repository
from releases.errors import PaasError

_LINE = re.compile(r"([0-9a-f]{40}) ([0-9a-f]{40}) (\S+)")
_ZERO = "0" * 40


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
    def outcome(self) -> str:
        """`master is 3f9ac21`, `topic is deleted`."""
        return f"{self.name} is {self.new[:7] if self.new else 'deleted'}"

    @property
    def moves_nothing(self) -> bool:
        """Whether the ref is there already."""
        return self.old == self.new

    @property
    def is_branch(self) -> bool:
        """Whether it moves a branch."""
        return self.ref.startswith(HEADS)


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
    branches: Sequence[str]  # those that deploy
    is_live: bool

    def run(self, commands: list[RefCommand]) -> RefCommand | None:
        """Return the command that deploys, if one does; PushRefused."""
        for command in commands:
            self._check_name(command)
        self._check_company(commands)
        kinds = self._kinds(commands)
        for command in commands:
            self._check(command, kinds)
        deploying = [one for one in commands if one.new and self._is_deploy_branch(one)]
        if len(deploying) > 1:
            names = listed(sorted(command.name for command in deploying))
            raise PushRefused(f"{names} both deploy; push one of them at a time")
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
            raise moved_meanwhile(command)
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
        if self._is_deploy_branch(command) and self.is_live:
            app = self.repository.app
            raise PushRefused(
                f"{command.name} is what {app} runs and cannot be deleted; to end the app use "
                f"apps:destroy {app} --confirm {app}"
            )

    def _check_commit(self, name: str, new: str, kinds: Mapping[str, str]) -> None:
        if kinds.get(new) != "commit":
            raise PushRefused(f"{name} would name {new[:12]}, which is not a commit here")

    def _is_deploy_branch(self, command: RefCommand) -> bool:
        return command.is_branch and command.name in self.branches


def moved_meanwhile(command: RefCommand) -> PushRefused:
    """Why a branch is not moved that is not what the pusher knows."""
    return PushRefused(f"{command.name} has moved meanwhile; git fetch, then push again")


def without_deploy(commands: Sequence[RefCommand], branches: Sequence[str]) -> list[str]:
    """What to say about branches that were stored and do not deploy."""
    stored = [
        command.name
        for command in commands
        if command.is_branch and command.new and command.name not in branches
    ]
    ones = f"{listed(branches)} {'do' if len(branches) > 1 else 'does'}"
    return [f"Stored {name}, which does not deploy; {ones}" for name in stored]


def listed(names: Sequence[str]) -> str:
    """`main`, `main and master`, `a, b and c`."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)
