"""How the start and the stop speak to the person who waits: the output dialect, on a screen."""

import shutil
import subprocess
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path

_LAST_LINES = 20
_DIALECT = ("-----> ", "       ", " !     ")


def step(text: str) -> None:
    """`-----> Starting Docker`."""
    _write(f"-----> {text}")


def detail(*lines: str) -> None:
    """Lines under a step, indented by seven."""
    for line in lines:
        _write(f"       {line}".rstrip())


def error(text: str) -> None:
    """` !     ` and what went wrong; on standard error."""
    sys.stdout.flush()
    print(f" !     {text}", file=sys.stderr, flush=True)


def show(
    arguments: Sequence[str],
    environ: Mapping[str, str],
    directory: Path | None = None,
    in_place: bool = False,
) -> tuple[int, list[str]]:
    """Run a program, its lines on the screen as they come; return exit status and last lines.

    `in_place`: on a terminal only the newest line is seen, and the last ones after a failure.
    """
    in_place = in_place and sys.stdout.isatty()
    last: deque[str] = deque([""], maxlen=_LAST_LINES)
    with _started(arguments, environ, directory) as process:
        for line in process.stdout or ():
            (_write_over if in_place else _write)(_in_dialect(line.rstrip()))
            if line.strip():
                last.append(line.rstrip())
    if in_place:
        _write_over("")
        if process.returncode != 0:
            detail(*last)
    return process.returncode, [line.strip().removeprefix("! ").strip() for line in last]


def _started(
    arguments: Sequence[str], environ: Mapping[str, str], directory: Path | None
) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        arguments,
        env=dict(environ),
        cwd=directory,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )


def _write_over(line: str) -> None:
    width = shutil.get_terminal_size().columns - 1
    print(f"\r\033[K{line[:width]}", end="", flush=True)


def _in_dialect(line: str) -> str:
    return line if line.startswith(_DIALECT) else f"       {line}".rstrip()


def _write(line: str) -> None:
    print(line, flush=True)
