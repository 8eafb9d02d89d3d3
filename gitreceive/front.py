"""What happens to a call that came in: git is served by git, everything else is a command."""

import logging
import secrets
import time

from gitreceive import git
from gitreceive.dispatch import INTERNAL_ERROR, CommandTable, split
from gitreceive.gitcalls import GitCalls
from gitreceive.session import Call
from gitreceive.terminal import terminal_input
from releases.command import Session
from releases.errors import BadInput, PaasError
from releases.platform import Platform

_log = logging.getLogger(__name__)


class KeyRemoved(PaasError):
    """The connection outlived its key."""


class Front:
    """Answers calls, each in its own thread."""

    def __init__(self, platform: Platform, table: CommandTable, git_calls: GitCalls) -> None:
        self._platform = platform
        self._table = table
        self._git_calls = git_calls

    def answer(self, call: Call) -> None:
        """Serve one call to its end; every error becomes a line and an exit status."""
        started = time.monotonic()
        try:
            status = self._serve(call)
        except PaasError as error:
            call.client.say(f" !     {error}")
            status = error.exit_status
        except Exception:  # noqa: BLE001 - the SSH session is where errors become text
            reference = secrets.token_hex(2)
            _log.exception("reference %s", reference)
            call.client.say(f" !     internal error, reference {reference}")
            status = INTERNAL_ERROR
        call.client.finish(status)
        who = call.key.name if call.key else "?"
        _log.info("%s: exit status %d after %.1f s", who, status, time.monotonic() - started)

    def _serve(self, call: Call) -> int:
        if call.key is None:
            raise KeyRemoved("this key was removed; nothing can be done with it any more")
        words = split(_text(call.line))
        # never more than two words, nor what follows a "=": it may be a secret
        shown = [word.partition("=")[0] for word in words[:2]]
        _log.info("%s (%s): %r", call.key.name, call.key.fingerprint, shown)
        request = git.parse_request(words) if words else None
        if request:
            return self._git_calls.serve(call, call.key.name, request)
        return self._run_command(call, call.key.name, words)

    def _run_command(self, call: Call, who: str, words: list[str]) -> int:
        newline = "\r\n" if call.terminal else "\n"
        session = Session(
            platform=self._platform,
            who=who,
            stdin=terminal_input(call.client) if call.terminal else call.client.bytes_in(),
            out=call.client.text_out(newline),
            terminal=call.terminal,
            over_ssh=True,
        )
        return self._table.run(words, session, call.client.text_error(newline))


def _text(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise BadInput("this command is not UTF-8; check the locale of your terminal") from error
