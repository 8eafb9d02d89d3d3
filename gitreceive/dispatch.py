"""How a typed line becomes a command that runs: the table, parsing, help, and error texts."""

import difflib
import logging
import secrets
import shlex
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import IO, NoReturn, Protocol

import click

from gitreceive.printable import plain_line
from gitreceive.words import own_words_first
from releases.command import BUILD_HOST, Command, Session
from releases.domain.app import is_app_name
from releases.errors import BadInput, PaasError

UNKNOWN_COMMAND = 127  # as a shell says it
INTERNAL_ERROR = 70  # sysexits.h: EX_SOFTWARE
CLIENT_GONE = 141  # as a shell reports a process that SIGPIPE ended
_WIDTH = 80
_COMPLAINT_CHARS = 500
_LINE_CHARS = 2000  # of an error: it may repeat what was typed

_log = logging.getLogger(__name__)


class DuplicateCommand(PaasError):
    """Two rooms name a command alike."""


class UnknownCommand(PaasError):
    """No room has such a command."""

    exit_status = UNKNOWN_COMMAND

    def __init__(self, name: str, known: Iterable[str]) -> None:
        near = difflib.get_close_matches(name, list(known), n=3, cutoff=0.5)
        guess = f"; did you mean {' or '.join(near)}?" if near else "; `help` lists them"
        super().__init__(f"`{name[:60]}` is not a paas command{guess}")


class NotForThisKey(PaasError):
    """The key is limited to some apps, or to what a build host needs."""

    exit_status = 77  # sysexits.h: EX_NOPERM

    def __init__(self, what: str, only: Sequence[str]) -> None:
        super().__init__(f"this key is for {', '.join(only)} only, and not for {what}")


class Notes(Protocol):
    """Is told what was asked for, by name only: the words of a command may be secrets."""

    def command(self, name: str) -> None:
        """It runs now."""

    def refused(self, why: str) -> None:
        """It may not run."""


class _HelpAsked(Exception):
    def __init__(self, context: click.Context) -> None:
        self.text = context.get_help()


def split(line: str) -> list[str]:
    """The words of a command line as a POSIX shell would see them; BadInput."""
    try:
        return shlex.split(line)
    except ValueError as error:
        raise BadInput(
            "the quotes in this command are not balanced; over ssh a quoted value needs a second "
            "pair of quotes around the whole command"
        ) from error


class CommandTable:
    """All commands of all rooms, and `help` about them."""

    def __init__(self, *rooms: Sequence[Command]) -> None:
        own = Command(
            "help",
            "List the commands, or show how one is used",
            self._help,
            (click.Argument(["name"], required=False, metavar="[COMMAND]"),),
            for_all=True,
        )
        self._rows: dict[str, Command] = {}
        for row in [own, *(row for room in rooms for row in room)]:
            if row.name in self._rows:
                raise DuplicateCommand(f"two commands are named {row.name}")
            self._rows[row.name] = row

    def run(self, words: Sequence[str], session: Session, errors: IO[str], notes: Notes) -> int:
        """Run what was typed; return the exit status. Every error becomes a line on `errors`."""
        try:
            status = self._run(words or ["help"], session, notes)
            session.out.flush()
        except PaasError as error:
            return _complain(errors, str(error), error.exit_status)
        except (BrokenPipeError, KeyboardInterrupt):
            return CLIENT_GONE
        except Exception:  # noqa: BLE001 - the SSH session is where errors become text
            reference = secrets.token_hex(2)
            _log.exception("%s: reference %s", words[0], reference)
            return _complain(errors, f"internal error, reference {reference}", INTERNAL_ERROR)
        return status

    def is_raw(self, words: Sequence[str]) -> bool:
        """Whether the command needs keys as they are typed."""
        return bool(words) and words[0] in self._rows and self._rows[words[0]].raw

    def _run(self, words: Sequence[str], session: Session, notes: Notes) -> int:
        row = self._find(words[0])
        try:
            parameters = _parse(row, words[1:])
        except _HelpAsked as asked:
            session.print(asked.text)
            return 0
        app = str(parameters.get("app") or "")
        try:
            _admit(row, app, session)
        except NotForThisKey:
            notes.refused(f"{_noted(row, app)} is not for this key")
            raise
        notes.command(_noted(row, app))
        return row.run(session, **parameters) or 0

    def _find(self, name: str) -> Command:
        if name in ("--help", "-h"):
            return self._rows["help"]
        if name not in self._rows:
            raise UnknownCommand(name, self._rows)
        return self._rows[name]

    def _help(self, session: Session, name: str | None) -> None:
        if name:
            row = self._find(name)
            session.print(_click(row).make_context(row.name, [], resilient_parsing=True).get_help())
            return
        session.print("Usage: ssh paas COMMAND [ARGUMENT]...")
        width = max(len(name) for name in self._rows)
        rows = sorted(self._rows.values(), key=lambda row: row.name)
        for _, group in groupby(rows, key=lambda row: row.name.partition(":")[0]):
            session.print()
            for row in group:
                session.print(f"  {row.name:<{width}}  {row.summary}")
        session.print("\n`help COMMAND` shows the arguments of one.")


def _noted(row: Command, app: str) -> str:
    """What was typed in the app's place is a secret where the app was forgotten."""
    return f"{row.name} of {app}" if is_app_name(app) else row.name


def _admit(row: Command, app: str, session: Session) -> None:
    """NotForThisKey unless the command or its app is among what the key is for."""
    if session.only == BUILD_HOST:
        is_for_it = row.name in BUILD_HOST
    else:
        is_for_it = not session.only or row.for_all or session.may_use(app)
    if not is_for_it:
        raise NotForThisKey(app[:60] or row.name, session.only)


def _click(row: Command) -> click.Command:
    # click's own --help prints to this process's standard output and ends it
    asked = click.Option(
        ["--help"], is_flag=True, is_eager=True, expose_value=False, callback=_raise_help
    )
    has_options = any(isinstance(parameter, click.Option) for parameter in row.params)
    settings = {"terminal_width": _WIDTH, "max_content_width": _WIDTH}
    return click.Command(
        row.name,
        params=[*row.params, asked],
        help=f"{row.summary}\n\n{row.details}".strip(),
        options_metavar="[OPTION]..." if has_options else "",
        add_help_option=False,
        context_settings=settings,
    )


def _raise_help(context: click.Context, _: click.Parameter, asked: bool) -> None:
    if asked and not context.resilient_parsing:
        raise _HelpAsked(context)


def _parse(row: Command, words: Sequence[str]) -> dict[str, object]:
    command = _click(row)
    try:
        return command.make_context(row.name, own_words_first(command, words)).params
    except click.ClickException as error:
        _reject(command, error)


def _reject(command: click.Command, error: click.ClickException) -> NoReturn:
    context = click.Context(command, info_name=command.name, terminal_width=1000)
    usage = " ".join(command.get_usage(context).split())
    complaint = plain_line(error.format_message().rstrip("."), _COMPLAINT_CHARS)
    raise BadInput(f"{complaint}. {usage}") from error


def _complain(errors: IO[str], message: str, status: int) -> int:
    try:
        errors.write(f" !     {plain_line(message, _LINE_CHARS)}\n")
        errors.flush()
    except BrokenPipeError:
        return CLIENT_GONE
    return status
