"""What a Procfile may say: one `type: command line` per line."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from releases.domain.app import is_process_type
from releases.errors import PaasError

_RELEASE = "release"
_CONFLICT = ("<<<<<<<", "|||||||", "=======", ">>>>>>>")


class BadProcfile(PaasError):
    """The Procfile cannot be understood; names the line."""

    def __init__(self, number: int, line: str, why: str) -> None:
        super().__init__(f"Procfile line {number}: {why}: {line.strip()[:100]!r}")


@dataclass(frozen=True)
class Procfile:
    """What an app runs, and what is run once before a release of it serves."""

    processes: Mapping[str, str | None]  # type -> shell line; None: the image's own command
    release: str = ""  # a shell line; it is no process: never started and never scaled


def read_procfile(text: str | None) -> Procfile:
    """Without a Procfile, or with `release` alone, web runs the image's own command."""
    lines: dict[str, str | None] = dict(_parse(text or ""))
    release = lines.pop(_RELEASE, None)
    return Procfile(lines or {"web": None}, release or "")


def _parse(text: str) -> Iterator[tuple[str, str]]:
    seen: dict[str, int] = {}
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, command = _check_line(number, line)
        if name in seen:
            raise BadProcfile(
                number, line, f"process type {name} is there already, on line {seen[name]}"
            )
        seen[name] = number
        yield name, command


def _check_line(number: int, line: str) -> tuple[str, str]:
    if line.startswith(_CONFLICT):
        raise BadProcfile(number, line, "merge conflict left in the file")
    name, colon, command = (part.strip() for part in line.partition(":"))
    if not colon:
        raise BadProcfile(number, line, "expected `type: command`")
    if not is_process_type(name):
        raise BadProcfile(
            number, line, "a process type is letters, digits, - and _, at most 32 of them"
        )
    if not command or "\0" in command:
        raise BadProcfile(number, line, f"process type {name} has no command")
    return name, command
