"""How whoever runs a command and a program in a container are joined, until one of them ends."""

import logging
import threading
from collections.abc import Callable
from contextlib import suppress

from releases.command import Session
from releases.console import Console, Window
from releases.engine.program import Program
from releases.errors import PaasError


class NoConsole(PaasError):
    """A command that is attended was run by a program of ours."""


_log = logging.getLogger(__name__)


def console_of(session: Session) -> Console:
    """Whoever asked for the command; NoConsole where that is nobody."""
    if session.console is None:
        raise NoConsole("this command talks with whoever runs it, and nobody does")
    return session.console


def attend(console: Console, program: Program, grace_s: float) -> int:
    """Bytes both ways; return the program's exit status. When the console is gone, it is ended.

    BrokenPipeError where nobody reads any more. Nothing is kept here: a slow reader makes the
    program wait, a slow program the writer.
    """
    try:
        with console.taken():
            _in_background(_give_input, console, program)
            _in_background(_end_when_gone, console, program, grace_s)
            if console.window:
                _in_background(_follow_size, console.window, program)
            for piece in program.output():
                (console.write_error if piece.is_error else console.write)(piece.data)
            return program.exit_status()
    finally:
        if console.window:
            console.window.close()
        program.end(grace_s)


def _give_input(console: Console, program: Program) -> None:
    with suppress(OSError, ValueError):  # it has ended, or takes no input
        while data := console.read():
            program.write(data)
        program.end_input()


def _follow_size(window: Window, program: Program) -> None:
    with suppress(PaasError):
        seen = window.size
        if seen:
            program.resize(seen)  # engines that know no size at the start
        for size in window.changes(seen):
            program.resize(size)


def _end_when_gone(console: Console, program: Program, grace_s: float) -> None:
    console.wait_until_gone()
    try:
        program.end(grace_s)
    except PaasError as error:  # the upkeep finds it
        _log.warning("a program that nobody attends any more stays for now: %s", error)


def _in_background(run: Callable[..., None], *arguments: object) -> None:
    threading.Thread(target=run, args=arguments, name=run.__name__, daemon=True).start()
