"""What an app is: the rules for its name and its formation, and what is known of it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from releases.domain.branch import parse_branches
from releases.domain.canary import Canary
from releases.domain.desired import Desired
from releases.domain.limits import Terms
from releases.errors import BadInput, PaasError

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?")  # a DNS label, with room for a prefix
_PROCESS_TYPE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,30}[A-Za-z0-9])?")
MAX_PROCESSES = 100


class BadAppName(BadInput):
    """The name cannot be a host name's first label."""


class NoSuchApp(PaasError):
    """A command named an app that does not exist."""

    exit_status = 20

    def __init__(self, name: str) -> None:
        super().__init__(f"app {name} does not exist; `apps` lists them, `apps:create` makes one")


class AppExists(PaasError):
    """`apps:create` on a name that is taken."""


class BeingDestroyed(PaasError):
    """The app only waits to be gone."""

    def __init__(self, app: str) -> None:
        super().__init__(f"app {app} is being destroyed; wait until it is gone, then make it anew")


class NotDeployed(PaasError):
    """The app has no release yet."""

    def __init__(self, app: str) -> None:
        super().__init__(f"app {app} has no release yet; deploy it with git push first")


class BadScale(BadInput):
    """A formation that cannot be run."""


def is_app_name(name: str) -> bool:
    """Whether an app may have that name."""
    return bool(_NAME.fullmatch(name))


def check_app_name(name: str) -> str:
    """Return the name, or raise BadAppName saying what a name may be."""
    if not is_app_name(name):
        raise BadAppName(
            f"app name {name[:60]!r} cannot be used: "
            "1 to 48 of a-z, 0-9 and -, beginning and ending with a letter or digit"
        )
    return name


def is_process_type(name: str) -> bool:
    """Whether a Procfile may name a process type so."""
    return bool(_PROCESS_TYPE.fullmatch(name))


def default_formation(processes: Mapping[str, str | None]) -> dict[str, int]:
    """One web, nothing else, until someone scales."""
    return {name: int(name == "web") for name in processes}


@dataclass(frozen=True)
class Due:
    """What has to be run because a deploy serves: its postdeploy."""

    release: int
    is_first: bool  # the app's first deploy, or none was seen through yet


@dataclass(frozen=True)
class App:
    """An app as the store has it. `live` serves; `target` is being rolled out."""

    name: str
    created_at: float
    created_by: str
    formation: Mapping[str, int]  # what was asked for, before and after the first deploy
    live: Desired | None = None
    target: Desired | None = None
    previous: Desired | None = None  # was live before `live`, and can be gone back to in a blink
    live_since: float = 0.0  # Unix seconds, when `live` took the place of `previous`
    canary: Canary | None = None  # what new releases have to go through
    due: Due | None = None  # to be run, and was not seen through
    terms: Terms = field(default_factory=Terms)  # of what is live, or of what will be
    destroying: bool = False
    unchecked: tuple[str, ...] = ()  # process types of which a start is enough; *: all of them
    deploy_branch: str = ""  # the one that deploys; empty: those of the platform's settings
    releases_kept: int = 0  # whose images stay for rollbacks; 0: as the platform's settings say

    def deploy_branches(self, platform: str) -> tuple[str, ...]:
        """The branches that deploy, given the platform's own (`main,master`)."""
        return (self.deploy_branch,) if self.deploy_branch else parse_branches(platform)
