"""The commands on an app's repository: which branch deploys, and deploying what is stored."""

import click

from builder.request import request_build
from builder.source.objects import Objects
from gitreceive.push import listed
from gitreceive.repository import HEADS, Repository
from releases.command import APP, JSON, Command, Session
from releases.commands.table import print_json
from releases.domain.app import App, NotDeployed
from releases.domain.branch import check_branch
from releases.domain.build import BuildOptions, BuildRequest
from releases.errors import PaasError


class NoSuchCommit(PaasError):
    """Nothing of that name is in the app's repository."""


def report(session: Session, app: str, as_json: bool) -> None:
    """What is known of an app's repository."""
    found = session.platform.store.apps.get(app)
    branches = _branches(session, found)
    repository = _repository(session, app)
    document = {
        "app": app,
        "deploy_branches": list(branches),
        "own": bool(found.deploy_branch),
        "stored": {name: repository.ref(f"{HEADS}{name}") for name in branches},
    }
    if as_json:
        print_json(session, document)
        return
    session.print(f"deploy branches: {listed(branches)}")
    for name in branches:
        session.print(f"{name}: {repository.ref(f'{HEADS}{name}') or 'never pushed'}")


def set_property(session: Session, app: str, name: str, value: str) -> None:
    """Set a property (there is one: deploy-branch); without a value take it back."""
    platform = session.platform
    platform.store.apps.get(app)
    platform.store.apps.set_deploy_branch(app, check_branch(value) if value else "")
    branches = _branches(session, platform.store.apps.get(app))
    repository = _repository(session, app)
    stored = [branch for branch in branches if repository.ref(f"{HEADS}{branch}")]
    if stored:
        repository.point_head(stored[0], branches)
    session.print(f"-----> {listed(branches)} {'deploy' if branches[1:] else 'deploys'} {app}")
    if value and stored:
        session.print(f"       To deploy what is stored of it: ps:rebuild {app} {value}")


def rebuild(session: Session, app: str, what: str | None, no_cache: bool) -> None:
    """Build a stored commit, what is live by default, and roll it out as a new release."""
    found = session.platform.store.apps.get(app)
    repository = _repository(session, app)
    commit, ref = _choose(session, found, repository, what)
    options = BuildOptions(rebuild=True, no_cache=no_cache, redeploy=True)
    request = BuildRequest(app, commit, ref, session.who, options)
    build = request_build(session.platform, request, Objects(repository.path))
    session.follow(build.log)


def _choose(
    session: Session, app: App, repository: Repository, what: str | None
) -> tuple[str, str]:
    if what:
        ref = f"{HEADS}{what}"
        commit = repository.ref(ref) or repository.find_commit(what)
        if commit is None:
            raise NoSuchCommit(
                f"{what[:60]!r} is no branch, tag or commit in the repository of {app.name}; "
                "push it first"
            )
        return commit, ref if repository.ref(ref) else what
    if app.live is None:
        raise NotDeployed(app.name)
    artifact = session.platform.store.releases.get(app.name, app.live.release).artifact
    return artifact.commit, _live_ref(session, app.name, artifact.build)


def _live_ref(session: Session, app: str, build: int) -> str:
    known = {one.number: one.ref for one in session.platform.store.builds.list(app)}
    return known.get(build, "")


def _branches(session: Session, app: App) -> tuple[str, ...]:
    return app.deploy_branches(session.platform.settings.deploy_branches)


def _repository(session: Session, app: str) -> Repository:
    return Repository(session.platform.settings.repositories, app)


COMMANDS: tuple[Command, ...] = (
    Command("git:report", "Show which branches deploy an app", report, (APP, JSON)),
    Command(
        "git:set",
        "Set the branch that deploys an app",
        set_property,
        (
            APP,
            click.Argument(["name"], type=click.Choice(["deploy-branch"])),
            click.Argument(["value"], default=""),
        ),
        details="Without a value the platform's own branches deploy it again.",
    ),
    Command(
        "ps:rebuild",
        "Build what is live, or stored code, and deploy it",
        rebuild,
        (
            APP,
            click.Argument(["what"], required=False, metavar="[BRANCH|COMMIT]"),
            click.Option(["--no-cache"], is_flag=True, help="Use no layer of earlier builds."),
        ),
    ),
)
