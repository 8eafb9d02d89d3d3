"""What a push asks for, and whether it may: checked before anything is built.

git feeds its pre-receive hook broken commands too: funny ref names, objects that do not
exist, refs that have moved meanwhile. git refuses those later, which is too late for us.
"""

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from dulwich.refs import Ref, check_ref_format

from gitreceive.repository import HEADS, TAGS, Repository
from releases.errors import PaasError

_LINE = re.compile(r"([0-9a-f]{40}) ([0-9a-f]{40}) (\S+)")
_ZERO = "0" * 40


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
            self._check(command)
        self._check_conflicts([one for one in commands if one.new and not one.old])
        deploying = [one for one in commands if one.new and self._is_deploy_branch(one)]
        if len(deploying) > 1:
            names = listed(sorted(command.name for command in deploying))
            raise PushRefused(f"{names} both deploy; push one of them at a time")
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

    def _check_conflicts(self, created: Sequence[RefCommand]) -> None:
        """git keeps a ref in a file: `topic` and `topic/x` cannot both be, and it sees that late.

        What came with such a push would stay, and what deployed with it would run.
        """
        if not created:
            return
        names = self.repository.names() | {command.ref for command in created}
        folders = {name.rpartition("/")[0] for name in names}
        folders |= {name for folder in folders for name in _above(folder)}
        for command in created:
            taken = {command.ref} & folders or set(_above(command.ref)) & names
            if taken:
                raise PushRefused(
                    f"{command.name} cannot be beside a branch or tag whose name begins or ends "
                    "within it; delete that first, in a push of its own"
                )

    def _check_name(self, command: RefCommand) -> None:
        if not command.ref.startswith((HEADS, TAGS)):
            raise PushRefused(f"only branches and tags can be pushed, not {command.ref[:80]}")
        if not check_ref_format(Ref(os.fsencode(command.ref))):
            raise PushRefused(f"{command.ref[:80]!r} is no name for a branch or tag")

    def _check_removal(self, command: RefCommand) -> None:
        if self._is_deploy_branch(command) and self.is_live:
            app = self.repository.app
            raise PushRefused(
                f"{command.name} is what {app} runs and cannot be deleted; to end the app use "
                f"apps:destroy {app} --confirm {app}"
            )

    def _check_commit(self, command: RefCommand, new: str) -> None:
        if not self.repository.is_commit(new, self.quarantine):
            raise PushRefused(f"{command.name} would name {new[:12]}, which is not a commit here")

    def _is_deploy_branch(self, command: RefCommand) -> bool:
        return command.is_branch and command.name in self.branches


def _above(ref: str) -> list[str]:
    """`refs/heads/a/b/c` -> those refs that would be folders on its way, `refs/heads/a` first."""
    parts = ref.split("/")
    return ["/".join(parts[:end]) for end in range(3, len(parts))]


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
