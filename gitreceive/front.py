"""What happens to a call that came in: git is served by git, everything else is a command."""

import logging
import secrets
import threading
import time
from dataclasses import dataclass

from gitreceive import git
from gitreceive.console import SshConsole
from gitreceive.dispatch import INTERNAL_ERROR, CommandTable, NotForThisKey, split
from gitreceive.gitcalls import GitCalls
from gitreceive.journal import Journal, Page
from gitreceive.printable import plain_line
from gitreceive.session import Call
from gitreceive.terminal import terminal_input
from releases.command import Session
from releases.errors import BadInput, PaasError
from releases.platform import Platform
from releases.store.ssh_keys import SshKey

_LINE_CHARS = 500
_log = logging.getLogger(__name__)


class KeyRemoved(PaasError):
    """The connection outlived its key."""


class TooBusy(PaasError):
    """As many calls are under way as this process takes."""


@dataclass(frozen=True)
class Services:
    """What calls are answered with."""

    platform: Platform
    table: CommandTable
    git_calls: GitCalls
    journal: Journal


class Front:
    """Answers calls, each in its own thread."""

    def __init__(self, services: Services, most_calls: int) -> None:
        self._services = services
        self._places = threading.BoundedSemaphore(most_calls)
        self._most = most_calls

    def answer(self, call: Call) -> None:
        """Serve one call to its end; every error becomes a line and an exit status."""
        started = time.monotonic()
        try:
            status = self._serve_in_place(call)
        except PaasError as error:
            call.client.say(f" !     {plain_line(str(error), _LINE_CHARS)}")
            self._page(call).refused(str(error))
            status = error.exit_status
        except Exception:  # noqa: BLE001 - the SSH session is where errors become text
            reference = secrets.token_hex(2)
            _log.exception("reference %s", reference)
            call.client.say(f" !     internal error, reference {reference}")
            status = INTERNAL_ERROR
        call.client.finish(status)
        who = call.key.name if call.key else "?"
        _log.info("%s: exit status %d after %.1f s", who, status, time.monotonic() - started)

    def _serve_in_place(self, call: Call) -> int:
        if not self._places.acquire(blocking=False):
            raise TooBusy(
                f"{self._most} commands and pushes are under way, and more are not taken; "
                "try again in a moment"
            )
        try:
            return self._serve(call)
        finally:
            self._places.release()

    def _serve(self, call: Call) -> int:
        if call.key is None:
            raise KeyRemoved("this key was removed; nothing can be done with it any more")
        if call.is_first:
            self._page(call).login()
        words = split(_text(call.line))
        request = git.parse_request(words) if words else None
        if request:
            if call.key.only and request.app not in call.key.only:
                raise NotForThisKey(request.app, call.key.only)
            return self._services.git_calls.serve(call, call.key, request, self._page(call))
        return self._run_command(call, call.key, words)

    def _page(self, call: Call) -> Page:
        name, fingerprint = (call.key.name, call.key.fingerprint) if call.key else ("", "")
        return self._services.journal.of(name, fingerprint, call.address)

    def _run_command(self, call: Call, key: SshKey, words: list[str]) -> int:
        newline = "\r\n" if call.terminal else "\n"
        is_cooked = call.terminal and not self._services.table.is_raw(words)
        session = Session(
            platform=self._services.platform,
            who=key.name,
            stdin=terminal_input(call.client) if is_cooked else call.client.bytes_in(),
            out=call.client.text_out(newline),
            terminal=call.terminal,
            console=SshConsole(call.client),
            over_ssh=True,
            only=key.only,
        )
        errors = call.client.text_error(newline)
        return self._services.table.run(words, session, errors, self._page(call))


def _text(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise BadInput("this command is not UTF-8; check the locale of your terminal") from error
