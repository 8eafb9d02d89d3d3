"""How git is run for a client: its configuration, its limits and its environment."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gitreceive.limits import Limits
from releases.domain.app import check_app_name
from releases.errors import BadInput

HOOKS = Path(__file__).resolve().parent / "hooks"
_SERVICES = ("receive-pack", "upload-pack")
_PROTOCOL = re.compile(r"version=[012]")


class BadRepositoryPath(BadInput):
    """git was asked for something that is not an app."""


@dataclass(frozen=True)
class GitRequest:
    """`git push` and `git fetch` as they arrive: a service and an app."""

    service: str  # receive-pack or upload-pack
    app: str

    @property
    def is_push(self) -> bool:
        """Whether the client wants to write."""
        return self.service == "receive-pack"


def parse_request(words: Sequence[str]) -> GitRequest | None:
    """`git-receive-pack '/myapp.git'` as words; None where it is no request of git's.

    BadAppName or BadRepositoryPath where it is one that cannot be served.
    """
    program, arguments = words[0], list(words[1:])
    if program == "git" and arguments:
        program, arguments = f"git-{arguments[0]}", arguments[1:]
    service = program.removeprefix("git-")
    if program == service or service not in _SERVICES:
        return None
    if len(arguments) != 1:
        raise BadRepositoryPath("git needs exactly one path: the app's name, as in paas:myapp")
    path = arguments[0].removeprefix("/").removesuffix("/").removesuffix(".git")
    return GitRequest(service, check_app_name(path))


def is_protocol(value: str) -> bool:
    """Whether a client may set GIT_PROTOCOL so."""
    return bool(_PROTOCOL.fullmatch(value))


def arguments(request: GitRequest, repository: Path, limits: Limits) -> list[str]:
    """The command line that serves a request, under limits of memory and CPU."""
    flags = [part for setting in settings(limits) for part in ("-c", setting)]
    bounds = [f"--as={limits.git_memory_bytes}", f"--cpu={limits.git_cpu_s}", "--core=0"]
    return ["prlimit", *bounds, "git", *flags, request.service, str(repository)]


def settings(limits: Limits) -> list[str]:
    """git's configuration, `name=value`."""
    return [*_COMMON, *_ARRIVING, f"receive.maxInputSize={limits.push_bytes}"]


def environment(protocol: str | None, more: Mapping[str, str]) -> dict[str, str]:
    """Nothing of ours: no configuration of any user or host applies."""
    given = {"GIT_PROTOCOL": protocol} if protocol else {}
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": "/nonexistent",
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_NO_REPLACE_OBJECTS": "1",
        **given,
        **more,
    }


_COMMON = (
    "transfer.hideRefs=refs",  # refs/replace and our own would be served and accepted otherwise
    "transfer.hideRefs=!refs/heads",
    "transfer.hideRefs=!refs/tags",
    "core.bigFileThreshold=32m",  # a 400 MB blob took 426 MB without it
    "core.packedGitWindowSize=16m",
    "core.packedGitLimit=128m",
)
_ARRIVING = (
    f"core.hooksPath={HOOKS}",
    "receive.procReceiveRefs=am:refs/heads",  # landing.py: branches that are added or moved
    "receive.fsckObjects=true",
    # Old history of real projects (flask) would be refused without these three.
    "receive.fsck.zeroPaddedFilemode=ignore",
    "receive.fsck.missingSpaceBeforeDate=ignore",
    "receive.fsck.badTimezone=ignore",
    "receive.unpackLimit=1",  # unpacking to loose objects makes a bomb of deltas a full disk
    "receive.shallowUpdate=true",
    "receive.advertisePushOptions=true",
    "receive.autogc=false",
    "receive.denyDeleteCurrent=ignore",  # push.py decides, and says why
)
