"""The commands that run something once, in a container of the app's live release."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import click

from releases.command import APP, JSON, WORDS, Command, Session
from releases.commands.attend import attend, console_of
from releases.commands.table import print_json, print_table
from releases.domain.app import BeingDestroyed, NotDeployed
from releases.domain.one_off import NoSuchOneOff, OneOff, Run, TooManyOneOffs, arguments, lease
from releases.domain.release import Release
from releases.engine.docker import connect
from releases.engine.runner import DockerRunner
from releases.store.locks import Lease

# Whoever attends takes it again after Redis was away: it says no more than that somebody is there.
_ATTENDED = Lease(ttl_s=10.0, comes_back=True)
# `ssh paas run myapp "ls | wc"` is quoted for the local shell only: ssh sends the bare words.
_OPERATORS = ("|", "||", "&&", "&", ";", "<", ">", ">>", "2>&1")
_NO_SHELL = (
    " !     no shell read {!r}, the program was given it; a line for one needs two pairs of quotes "
    "over ssh: ssh paas \"run {} 'ls | wc'\""
)


def run(session: Session, app: str, words: tuple[str, ...]) -> int:
    """Joined with whoever asked for it; its exit status is the command's."""
    release, console = _live(session, app, words), console_of(session)
    window, locks = console.window, session.platform.store.locks
    asked = Run(
        release,
        session.platform.store.apps.next_one_off(app),
        words,
        session.who,
        size=window.size if window else None,
        has_terminal=window is not None,
        term=console.term,
    )
    with locks.try_hold(lease(app, asked.slot.name), "Attend", _ATTENDED):
        with _room_for_one(session, app) as runner:
            program = runner.run(asked)
        status = attend(console, program, session.platform.settings.stop_grace_s)
    if status and (operator := next((word for word in words if word in _OPERATORS), None)):
        end = "\r\n" if window else "\n"
        console.write_error(f"{_NO_SHELL.format(operator, app)}{end}".encode())
    return status


def detach(session: Session, app: str, words: tuple[str, ...]) -> None:
    """It goes on by itself; print its name."""
    release = _live(session, app, words)
    until = time.time() + session.platform.settings.one_off_timeout_s
    number = session.platform.store.apps.next_one_off(app)
    asked = Run(release, number, words, session.who, until=until)
    with _room_for_one(session, app) as runner:
        runner.detach(asked)
    session.print(asked.slot.name)


def show(session: Session, app: str, as_json: bool) -> None:
    """One line each, also of those that have ended and whose output can still be read."""
    session.platform.store.apps.get(app)
    engine = connect(session.platform.settings, session.platform.store)
    rows = [
        {
            "name": one.name,
            "release": f"v{one.container.slot.release}",
            "kind": "detached" if one.is_detached else "attended",
            "state": one.container.state,
            "since": one.container.status,
            "by": one.who,
        }
        for one in engine.one_offs(app)
    ]
    if as_json:
        print_json(session, rows)
        return
    headers = ("NAME", "RELEASE", "KIND", "STATE", "SINCE", "BY")
    print_table(session, headers, [list(row.values()) for row in rows])


def stop(session: Session, app: str, names: tuple[str, ...]) -> None:
    """As containers are always stopped: SIGTERM, after the grace SIGKILL. Its output goes too."""
    session.platform.store.apps.get(app)
    engine = connect(session.platform.settings, session.platform.store)
    there = {one.name: one for one in engine.one_offs(app)}
    for name in names:
        if name not in there:
            raise NoSuchOneOff(app, name)
    for name in names:
        engine.retire(there[name].container, session.platform.settings.stop_grace_s)
        session.print(f"-----> Stopped {name}")


def _live(session: Session, app: str, words: tuple[str, ...]) -> Release:
    """The release to run in, if the words can be run there; else why not, before all else."""
    found = session.platform.store.apps.get(app)
    if found.destroying:
        raise BeingDestroyed(app)
    if found.live is None:
        raise NotDeployed(app)
    release = session.platform.store.releases.get(app, found.live.release)
    arguments(words, release.artifact.processes)
    return release


@contextmanager
def _room_for_one(session: Session, app: str) -> Iterator[DockerRunner]:
    """Start one more meanwhile: starts of an app's one-offs take turns, so that all are counted."""
    settings, store = session.platform.settings, session.platform.store
    engine = connect(settings, store)
    with store.locks.hold(lease(app, "run"), "Start a one-off"):
        there = engine.one_offs(app)
        running = [one for one in there if not one.has_ended]
        if len(running) >= settings.max_one_offs:
            raise TooManyOneOffs(
                f"app {app} has {len(running)} one-offs, and more than {settings.max_one_offs} "
                f"are not allowed; `run:list {app}` shows them, `run:stop` ends one"
            )
        for old in _too_many(there, settings.max_one_offs):
            engine.retire(old.container, 0)
        yield DockerRunner(settings, store, engine)


def _too_many(there: list[OneOff], most: int) -> list[OneOff]:
    """The oldest of those that have ended: the output of so many is kept, and no more."""
    ended = [one for one in there if one.has_ended and one.is_detached]
    return ended[: max(0, len(ended) - most + 1)]


_WORDS_MEAN = (
    "The words are a program and its arguments, and no shell reads them. The name of a process of "
    "the Procfile, alone, stands for its line. One word alone with spaces in it is a line for "
    "/bin/sh in the container; over ssh it takes two pairs of quotes: "
    "ssh paas \"run myapp 'ls | wc'\". Options of ours come before the command."
)

COMMANDS = (
    Command(
        "run",
        "Run a command in a container of its own",
        run,
        (APP, WORDS),
        raw=True,
        details=_WORDS_MEAN,
    ),
    Command(
        "run:detached",
        "Run a command without you and print its name",
        detach,
        (APP, WORDS),
        details=_WORDS_MEAN,
    ),
    Command("run:list", "List the one-offs of an app", show, (APP, JSON)),
    Command(
        "run:stop",
        "Stop one-offs and remove them",
        stop,
        (APP, click.Argument(["names"], nargs=-1, required=True, metavar="run.N...")),
    ),
)
