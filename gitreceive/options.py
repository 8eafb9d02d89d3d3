"""Which push options there are (`git push -o no-cache`) and what each asks for."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from gitreceive.push import PushRefused, RefCommand
from releases.domain.build import AS_USUAL, BuildOptions

_KNOWN = ("no-cache", "no-deploy", "redeploy")


@dataclass(frozen=True)
class PushOptions:
    """What the pusher asked for beside the refs."""

    deploys: bool = True
    build: BuildOptions = AS_USUAL


def parse_options(words: Iterable[str]) -> PushOptions:
    """The options as git sent them; PushRefused for one that we do not know."""
    asked = set(words)
    for word in sorted(asked - set(_KNOWN)):
        near = difflib.get_close_matches(word, _KNOWN, n=1)
        guess = f"; did you mean -o {near[0]}?" if near else f"; there are {', '.join(_KNOWN)}"
        raise PushRefused(f"push option {word[:40]!r} is not known{guess}")
    if {"no-deploy", "redeploy"} <= asked:
        raise PushRefused("-o no-deploy and -o redeploy contradict each other; give one of them")
    build = BuildOptions(no_cache="no-cache" in asked, redeploy="redeploy" in asked)
    return PushOptions("no-deploy" not in asked, build)


def check_nothing_to_deploy(options: PushOptions) -> None:
    """PushRefused where a push that deploys nothing asks to deploy again."""
    if options.build.redeploy:
        raise PushRefused(
            "-o redeploy needs a branch that deploys, and none is in this push; "
            "ps:rebuild deploys without one"
        )


def stored_only(app: str, command: RefCommand) -> str:
    """What to say of a branch that would deploy and was asked not to."""
    stored = f"Stored {command.name} at {str(command.new)[:7]} and deployed nothing (no-deploy)"
    return f"{stored}; to deploy it: ssh paas ps:rebuild {app} {command.name}"
