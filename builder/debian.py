"""How a base image is made where none can be pulled: a root file system of Debian's packages."""

import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from builder.image import Report
from builder.text import plain
from releases.errors import PaasError

SUITE = "bookworm"
_CHUNK_BYTES = 1 << 20
_UNNEEDED = ("/usr/share/man/*", "/usr/share/locale/*", "/usr/share/doc/*")


class NoBootstrap(PaasError):
    """No program is installed that makes a Debian."""


class BootstrapFailed(PaasError):
    """Debian's packages could not be turned into a root file system."""


def root_file_system(report: Report) -> Iterator[bytes]:
    """A minimal Debian with ca-certificates as a tar, in chunks.

    mmdebstrap needs no root where the kernel lets users have namespaces; debootstrap does.
    """
    if shutil.which("mmdebstrap"):
        yield from _output(_mmdebstrap(), report)
    elif shutil.which("debootstrap"):
        with tempfile.TemporaryDirectory(prefix="paas-debian-") as name:
            root = Path(name) / "root"
            for _ in _output(_debootstrap(root), report):
                pass
            yield from _output(_tar(root), report)
    else:
        raise NoBootstrap(
            "no image registry can be reached and there is no mmdebstrap to make a base image: "
            "apt-get install mmdebstrap, or set stack_image to an image that can be pulled"
        )


def _mmdebstrap() -> list[str]:
    return [
        "mmdebstrap",
        "--variant=minbase",
        "--include=ca-certificates",
        '--aptopt=Acquire::Languages "none"',
        *(f"--dpkgopt=path-exclude={path}" for path in _UNNEEDED),
        "--dpkgopt=path-include=/usr/share/doc/*/copyright",
        SUITE,
        "-",
    ]


def _debootstrap(root: Path) -> list[str]:
    # Its progress goes to stdout: nothing else is there to read.
    return ["debootstrap", "--variant=minbase", "--include=ca-certificates", SUITE, str(root)]


def _tar(root: Path) -> list[str]:
    unneeded = [f".{path}" for path in (*_UNNEEDED, "/var/cache/apt/*", "/var/lib/apt/lists/*")]
    excluded = [f"--exclude={path}" for path in unneeded]
    return ["tar", "--numeric-owner", "--one-file-system", *excluded, "-C", str(root), "-c", "."]


def _output(arguments: Sequence[str], report: Report) -> Iterator[bytes]:
    """What a program writes to stdout; stderr is reported line by line as it comes."""
    with subprocess.Popen(
        arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        said: list[str] = []
        reader = threading.Thread(target=_report_stderr, args=(process, report, said))
        reader.start()
        try:
            while process.stdout and (chunk := process.stdout.read(_CHUNK_BYTES)):
                yield chunk
        finally:
            if process.stdout:
                process.stdout.close()  # ends the program, by SIGPIPE, if it is still writing
            reader.join()
    if process.returncode != 0:
        reason = said[-1] if said else f"exit status {process.returncode}"
        raise BootstrapFailed(f"{arguments[0]} could not make a Debian {SUITE}: {reason}")


def _report_stderr(process: "subprocess.Popen[bytes]", report: Report, said: list[str]) -> None:
    for raw in process.stderr or ():
        line = plain(raw.decode("utf-8", "replace").rstrip("\n"))
        said.append(line)
        report([line])
