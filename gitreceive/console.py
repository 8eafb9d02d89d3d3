"""The other end of an SSH channel, for a command that is talked with byte by byte."""

import re
from contextlib import AbstractContextManager, nullcontext

from gitreceive.client import Client
from releases.console import Window

_TERM = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}")


class SshConsole:
    """A Console over one channel."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.window: Window | None = client.window
        self.term = client.term

    def taken(self) -> AbstractContextManager[None]:
        """The client's terminal is in raw mode all the time."""
        return nullcontext()

    def read(self) -> bytes:
        """What the client sent, as it is."""
        return self._client.read()

    def write(self, data: bytes) -> None:
        """Waits as long as the client may take to make room; ClientGone."""
        self._client.write(data)

    def write_error(self, data: bytes) -> None:
        """On a channel's second stream."""
        self._client.write_error(data)

    def wait_until_gone(self) -> None:
        """Hung up, cut off, or served."""
        self._client.wait_until_gone()


def term(asked: bytes) -> str:
    """The kind of terminal that a client says it has, if a program may be told so."""
    text = asked.decode("ascii", errors="replace")
    return text if _TERM.fullmatch(text) else ""
