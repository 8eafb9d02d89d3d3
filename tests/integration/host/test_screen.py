"""What a person sees of a program that runs for them."""

import os
import pty
import sys
from contextlib import redirect_stdout, suppress

import pytest

from host import screen

_SPEAKER = [
    sys.executable,
    "-c",
    "print('-----> A step'); print('       indented'); print('plain'); print(' !     wrong')",
]


def test_lines_are_shown_in_the_dialect(capsys: pytest.CaptureFixture[str]) -> None:
    status, last = screen.show(_SPEAKER, os.environ)
    assert status == 0
    assert capsys.readouterr().out == (
        "-----> A step\n       indented\n       plain\n !     wrong\n"
    )
    assert last[-1] == "wrong"


def test_exit_status_is_the_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert screen.show([sys.executable, "-c", "raise SystemExit(3)"], os.environ)[0] == 3


def read_to_the_end(terminal: int) -> str:
    """All that was written to a terminal whose other side is closed: then reading fails."""
    said = b""
    with os.fdopen(terminal, "rb", buffering=0) as outside, suppress(OSError):
        while chunk := outside.read(4096):
            said += chunk
    return said.decode()


def test_on_a_terminal_only_the_newest_line_stays() -> None:
    outside, inside = pty.openpty()
    with os.fdopen(inside, "w") as terminal, redirect_stdout(terminal):
        screen.show(_SPEAKER, os.environ, in_place=True)
    said = read_to_the_end(outside)
    assert "\n" not in said
    assert said.endswith("\r\033[K")
