"""The command by which a build host gets what it builds: the stored tar on standard output."""

from collections.abc import Iterator

import click

from builder.source.archive import source_path
from releases.command import APP, BUILD_HOST, Command, Session
from releases.errors import BadInput, PaasError

_CHUNK_BYTES = 256 * 1024


class SourceNotKept(PaasError):
    """The build is on record and its source is not there any more."""


def _source(session: Session, app: str, number: int) -> None:
    if session.terminal:
        raise BadInput("a source is a tar and not for a terminal; send it to a file or to `tar -t`")
    session.platform.store.apps.get(app)
    session.platform.store.builds.get(app, number)
    session.send(_chunks(session, app, number))


def _chunks(session: Session, app: str, number: int) -> Iterator[bytes]:
    path = source_path(session.platform.settings.sources, app, number)
    try:
        file = path.open("rb")
    except FileNotFoundError as error:
        raise SourceNotKept(
            f"the source of build {number} of {app} is no longer kept; push again"
        ) from error
    with file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk


COMMANDS = (
    Command(
        BUILD_HOST[0],
        "Print the source of a build, a tar; for build hosts",
        _source,
        (APP, click.Argument(["number"], type=click.IntRange(min=1))),
    ),
)
