"""What to say when a client had nothing to push although something else than its branch runs.

git itself says "Everything up-to-date" then. It sends no ref and no push option, so that our
hook never runs: a line on the session's standard error is all that can reach the pusher.
"""

from collections.abc import Sequence
from contextlib import suppress

from gitreceive.pktline import USE_SHA1
from gitreceive.repository import HEADS, Repository
from releases.errors import PaasError
from releases.platform import Platform

# git 2.39 says no more than "unexpected capabilities^{}" when its repository is a SHA-256 one and
# ours is empty.
LEFT_AT_ONCE = (
    " !     git left without pushing. A SHA-256 repository cannot be pushed: see "
    f"git rev-parse --show-object-format, and {USE_SHA1}"
)


def when_nothing_was_pushed(platform: Platform, repository: Repository) -> str:
    """The line for the pusher, or nothing where the branch is what runs."""
    with suppress(PaasError):  # the push itself went well
        return _compare(platform, repository)
    return ""


def _compare(platform: Platform, repository: Repository) -> str:
    app = platform.store.apps.get(repository.app)
    found = _heads(repository, app.deploy_branches(platform.settings.deploy_branches))
    if not found:
        return ""
    branch = repository.head if repository.head in found else next(iter(found))
    commit, again = found[branch][:7], f"ssh paas ps:rebuild {app.name} {branch}"
    if app.live is None:
        return f"-----> {branch} ({commit}) is stored and not deployed; to deploy it: {again}"
    live = platform.store.releases.get(app.name, app.live.release)
    if live.artifact.commit in found.values():
        return ""
    runs = f"{live.name} runs {live.artifact.commit[:7]} ({live.why})"
    return f"-----> {runs}, not {branch} ({commit}); to deploy {branch}: {again}"


def _heads(repository: Repository, branches: Sequence[str]) -> dict[str, str]:
    found = {branch: repository.ref(f"{HEADS}{branch}") for branch in branches}
    return {branch: commit for branch, commit in found.items() if commit}
