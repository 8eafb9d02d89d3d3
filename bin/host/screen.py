"""How the start and the stop speak to the person who waits: the output dialect, on a screen."""

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
    arguments: Sequence[str], environ: Mapping[str, str], directory: Path | None = None
) -> tuple[int, list[str]]:
    """Run a program, its lines on the screen as they come; return exit status and last lines."""
    last: deque[str] = deque([""], maxlen=_LAST_LINES)
    with subprocess.Popen(
        arguments,
        env=dict(environ),
        cwd=directory,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        for line in process.stdout or ():
            _write(_in_dialect(line.rstrip()))
            if line.strip():
                last.append(line.strip().removeprefix("! "))
    return process.returncode, [line.strip() for line in last]


def _in_dialect(line: str) -> str:
    return line if line.startswith(_DIALECT) else f"       {line}".rstrip()


def _write(line: str) -> None:
    print(line, flush=True)
