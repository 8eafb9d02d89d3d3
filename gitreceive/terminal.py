"""What a terminal in raw mode sends (`ssh -t`): keys, of which Ctrl-C and Ctrl-D mean something."""

import os
import threading
from contextlib import suppress
from typing import IO

from gitreceive.client import Client

_CTRL_C = b"\x03"
_CTRL_D = b"\x04"


def terminal_input(client: Client) -> IO[bytes]:
    """The client's keys as standard input; Ctrl-C closes the channel, and with it the command."""
    reader, writer = os.pipe()
    threading.Thread(target=_pump, args=(client, writer), daemon=True).start()
    return os.fdopen(reader, "rb")


def _pump(client: Client, writer: int) -> None:
    with os.fdopen(writer, "wb", buffering=0) as out:
        while data := client.read():
            # the command may have read enough, or all; Ctrl-C still counts
            with suppress(BrokenPipeError, ValueError):
                out.write(data.partition(_CTRL_D)[0].replace(b"\r", b"\n"))
            if _CTRL_D in data:
                out.close()
            if _CTRL_C in data:
                client.hang_up()
