"""What a push asks for, and whether it may: checked before anything is built.

git feeds its pre-receive hook broken commands too: funny ref names, objects that do not
exist, refs that have moved meanwhile. git refuses those later, which is too late for us.
"""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from dulwich.refs import Ref, check_ref_format

from gitreceive.repository import DEPLOY_BRANCHES, HEADS, TAGS, Repository
from releases.errors import PaasError

_LINE = re.compile(r"([0-9a-f]{40}) ([0-9a-f]{40}) (\S+)")
_ZERO = "0" * 40
_BOTH = " and ".join(DEPLOY_BRANCHES)


class PushRefused(PaasError):
    """A push that is not taken, whatever its code is like; nothing was changed."""


@dataclass(frozen=True)
class RefCommand:
    """One line of a push: move `ref` from `old` to `new`. None: it is not there."""

    old: str | None
    new: str | None
    ref: str

    @property
    def name(self) -> str:
        """`master`, `v1.0`."""
        return self.ref.removeprefix(HEADS).removeprefix(TAGS)

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
            self._check(command)
        deploying = [command for command in commands if command.deploys]
        if len(deploying) > 1:
            raise PushRefused(f"{_BOTH} both deploy; push one of them at a time")
        return deploying[0] if deploying else None

    def _check(self, command: RefCommand) -> None:
        self._check_name(command)
        current = self.repository.ref(command.ref)
        if current != command.old:
            raise PushRefused(f"{command.name} has moved meanwhile; git fetch, then push again")
        if command.new is None:
            self._check_removal(command)
        elif command.is_branch:
            self._check_commit(command, command.new)
        elif self.repository.kind(command.new, self.quarantine) is None:
            raise PushRefused(f"{command.name} would name an object that was not sent")

    def _check_name(self, command: RefCommand) -> None:
        if not command.ref.startswith((HEADS, TAGS)):
            raise PushRefused(f"only branches and tags can be pushed, not {command.ref[:80]}")
        if not check_ref_format(Ref(os.fsencode(command.ref))):
            raise PushRefused(f"{command.ref[:80]!r} is no name for a branch or tag")

    def _check_removal(self, command: RefCommand) -> None:
        if command.is_deploy_branch and self.is_live:
            app = self.repository.app
            raise PushRefused(
                f"{command.name} is what {app} runs and cannot be deleted; to end the app use "
                f"apps:destroy {app} --confirm {app}"
            )

    def _check_commit(self, command: RefCommand, new: str) -> None:
        if not self.repository.is_commit(new, self.quarantine):
            raise PushRefused(f"{command.name} would name {new[:12]}, which is not a commit here")


def without_deploy(commands: list[RefCommand]) -> list[str]:
    """What to say about branches that were stored and do not deploy."""
    branches = [
        command.name
        for command in commands
        if command.is_branch and command.new and not command.is_deploy_branch
    ]
    return [f"Stored {name}, which does not deploy; {_BOTH} do" for name in branches]
