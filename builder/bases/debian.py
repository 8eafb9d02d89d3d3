"""How a base image is made where none can be pulled: a root file system of Debian's packages."""

import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from builder.docker.image import Report
from builder.docker.text import LineBuffer, plain
from releases.errors import PaasError

_CHUNK_BYTES = 1 << 20
_UNKNOWN_KEY = "NO_PUBKEY"  # an older Debian, or another distribution, lacks a newer suite's
_UNNEEDED = ("/usr/share/man/*", "/usr/share/locale/*", "/usr/share/doc/*")


class NoBootstrap(PaasError):
    """No program is installed that makes a Debian."""


class BootstrapFailed(PaasError):
    """Debian's packages could not be turned into a root file system."""


def root_file_system(suite: str, report: Report) -> Iterator[bytes]:
    """A minimal Debian of a suite (`bookworm`) with ca-certificates as a tar, in chunks.

    mmdebstrap needs no root where the kernel lets users have namespaces; debootstrap does.
    """
    if shutil.which("mmdebstrap"):
        yield from _output(suite, _mmdebstrap(suite), report)
    elif shutil.which("debootstrap"):
        with tempfile.TemporaryDirectory(prefix="paas-debian-") as name:
            root = Path(name) / "root"
            progress = LineBuffer()  # debootstrap's goes to stdout
            for chunk in _output(suite, _debootstrap(suite, root), report):
                report(list(progress.feed(chunk)))
            yield from _output(suite, _tar(root), report)
    else:
        raise NoBootstrap(
            "no image registry can be reached and there is no mmdebstrap to make a base image: "
            "apt-get install mmdebstrap, or set stack_image to an image that can be pulled"
        )


def _mmdebstrap(suite: str) -> list[str]:
    return [
        "mmdebstrap",
        "--variant=minbase",
        "--include=ca-certificates",
        '--aptopt=Acquire::Languages "none"',
        *(f"--dpkgopt=path-exclude={path}" for path in _UNNEEDED),
        "--dpkgopt=path-include=/usr/share/doc/*/copyright",
        suite,
        "-",
    ]


def _debootstrap(suite: str, root: Path) -> list[str]:
    return ["debootstrap", "--variant=minbase", "--include=ca-certificates", suite, str(root)]


def _tar(root: Path) -> list[str]:
    unneeded = [f".{path}" for path in (*_UNNEEDED, "/var/cache/apt/*", "/var/lib/apt/lists/*")]
    excluded = [f"--exclude={path}" for path in unneeded]
    return ["tar", "--numeric-owner", "--one-file-system", *excluded, "-C", str(root), "-c", "."]


def _output(suite: str, arguments: Sequence[str], report: Report) -> Iterator[bytes]:
    """What a program writes to stdout as it comes; stderr is reported line by line."""
    with subprocess.Popen(
        arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        if process.stdout is None or process.stderr is None:
            raise AssertionError("the program was started with both pipes")
        said: list[str] = []
        reader = threading.Thread(target=_report_stderr, args=(process.stderr, report, said))
        reader.start()
        try:
            while chunk := os.read(process.stdout.fileno(), _CHUNK_BYTES):
                yield chunk
        finally:
            process.stdout.close()  # ends the program, by SIGPIPE, if it is still writing
            reader.join()
    if process.returncode != 0:
        errors = [line for line in said if line.startswith("E:")] or said
        reason = errors[0] if errors else f"exit status {process.returncode}"
        if any(_UNKNOWN_KEY in line for line in said):
            reason += "; apt-get install --only-upgrade debian-archive-keyring brings newer keys"
        raise BootstrapFailed(f"{arguments[0]} could not make a Debian {suite}: {reason}")


def _report_stderr(stderr: IO[bytes], report: Report, said: list[str]) -> None:
    for raw in stderr:
        line = plain(raw.decode("utf-8", "replace").rstrip("\n"))
        said.append(line)
        report([line])
