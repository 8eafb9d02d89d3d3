"""The command that runs something in a container that runs already."""

import re

import click

from releases.command import APP, Command, Session
from releases.commands.attend import attend, console_of
from releases.domain.app import App
from releases.domain.container import Container, slots
from releases.engine.docker import connect
from releases.engine.entry import SHELL
from releases.engine.program import Entry
from releases.engine.runner import DockerRunner
from releases.errors import PaasError

_NUMBERED = re.compile(r"[A-Za-z0-9_-]+\.[0-9]+")


class NoSuchProcess(PaasError):
    """No container of that name runs."""

    def __init__(self, app: str, process: str) -> None:
        super().__init__(f"app {app} runs no {process[:40]}; `ps {app}` shows what runs")


def enter(session: Session, app: str, words: tuple[str, ...]) -> int:
    """Joined with whoever asked for it; the exit status is the command's."""
    found = session.platform.store.apps.get(app)
    console, settings = console_of(session), session.platform.settings
    engine = connect(settings, session.platform.store)
    container, command = choose(app, words, _running(found, engine.containers(app)))
    window = console.window
    entry = Entry(
        command or SHELL,
        has_terminal=window is not None,
        size=window.size if window else None,
        term=console.term,
    )
    program = DockerRunner(settings, session.platform.store, engine).enter(container, entry)
    return attend(console, program, settings.stop_grace_s)


def choose(
    app: str, words: tuple[str, ...], running: list[Container]
) -> tuple[Container, tuple[str, ...]]:
    """The container, and what to run in it: `web.2 ls` and `web ls` name one, `ls` does not.

    NoSuchProcess where none is meant that runs.
    """
    for one in running:
        if words and words[0] in (one.slot.name, one.slot.process_type):
            return one, words[1:]
    if words and _NUMBERED.fullmatch(words[0]):
        raise NoSuchProcess(app, words[0])
    for one in running:
        if one.slot.name == "web.1":
            return one, words
    raise NoSuchProcess(app, "web.1")


def _running(app: App, containers: list[Container]) -> list[Container]:
    """The live release's first: beside it those of another may run for a while."""
    live = slots(app.live)
    running = [one for one in containers if one.state == "running"]
    return sorted(
        running,
        key=lambda one: (one.condemned or one.slot not in live, one.slot.release, one.slot.name),
    )


COMMANDS = (
    Command(
        "enter",
        "Run a command or a shell in a container that runs",
        enter,
        (
            APP,
            click.Argument(
                ["words"], nargs=-1, type=click.UNPROCESSED, metavar="[PROCESS] [COMMAND...]"
            ),
        ),
        raw=True,
        details="In web.1, unless another process is named: web.2 or worker.",
    ),
)
