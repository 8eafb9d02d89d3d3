"""How an image that has no source is deployed: as a commit of one file, built like any other."""

import re

import click
from dulwich.objects import Blob, Commit, Tree
from dulwich.refs import Ref
from dulwich.repo import Repo

from builder.request import request_build
from builder.source.objects import Objects
from gitreceive.repository import Repository
from releases.command import APP, Command, Session
from releases.domain.app import App
from releases.domain.build import AS_USUAL, BuildOptions, BuildRequest
from releases.errors import BadInput
from releases.platform import Platform

_REF = "refs/paas/image"  # our own: pushes and clones do not see it
_FILE = b"Dockerfile.image"  # buildpacks/image knows it
_NOBODY = b"paas <paas@localhost>"
_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_IMAGE = re.compile(
    rf"(?:(?:localhost|{_LABEL}(?:\.{_LABEL})+|{_LABEL}(?=:))(?::[0-9]{{1,5}})?/)?"  # registry
    rf"{_PART}(?:/{_PART})*"
    r"(?P<tag>:[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127})?"
    r"(?P<digest>@sha256:[0-9a-f]{64})?",
    re.ASCII,
)
_MOST_CHARS = 255


class BadImageName(BadInput):
    """It names no image that could be fetched."""


def check_image_name(name: str) -> str:
    """The image's name with its tag, `latest` where there is neither tag nor digest."""
    match = _IMAGE.fullmatch(name) if len(name) <= _MOST_CHARS else None
    if not match or name == "scratch":
        raise BadImageName(
            f"{name[:80]!r} is no image that can be deployed; give a name such as nginx:1.27, "
            "registry.example:5000/team/app:v2 or registry.example/app@sha256:..."
        )
    return name if match["tag"] or match["digest"] else f"{name}:latest"


def store_image_commit(repository: Repository, image: str) -> str:
    """Store the commit that stands for an image, always the same one; return its id."""
    repository.ensure()
    file, tree, commit = Blob.from_string(f"FROM {image}\n".encode()), Tree(), Commit()
    tree.add(_FILE, 0o100644, file.id)
    commit.tree, commit.message = tree.id, f"Image {image}\n".encode()
    commit.author = commit.committer = _NOBODY
    commit.author_time = commit.commit_time = 0
    commit.author_timezone = commit.commit_timezone = 0
    with Repo(str(repository.path)) as disk:
        for made in (file, tree, commit):
            disk.object_store.add_object(made)
        disk.refs[Ref(_REF.encode())] = commit.id
    return commit.id.decode()


def from_image(session: Session, app: str, image: str, force: bool) -> None:
    """Deploy an image; nothing to do where it runs already, unless forced."""
    platform = session.platform
    found, name = platform.store.apps.get(app), check_image_name(image)
    repository = Repository(platform.settings.repositories, app)
    commit = store_image_commit(repository, name)
    if commit == _live_commit(platform, found) and not force:
        session.print(f"-----> {app} runs {name} already; --force deploys it again")
        return
    options = BuildOptions(rebuild=True, redeploy=True) if force else AS_USUAL
    request = BuildRequest(app, commit, _REF, session.who, options)
    build = request_build(platform, request, Objects(repository.path))
    session.follow(build.log)


def _live_commit(platform: Platform, app: App) -> str:
    if app.live is None:
        return ""
    return platform.store.releases.get(app.name, app.live.release).artifact.commit


COMMANDS: tuple[Command, ...] = (
    Command(
        "git:from-image",
        "Deploy an image, without a source",
        from_image,
        (
            APP,
            click.Argument(["image"]),
            click.Option(["--force"], is_flag=True, help="Also where it runs already."),
        ),
    ),
)
