"""What a source tar holds at its top: enough to choose a buildpack and read a Procfile."""

import tarfile
from dataclasses import dataclass
from pathlib import Path

from releases.errors import PaasError

_MAX_TEXT_BYTES = 1 << 20


class UnreadableFile(PaasError):
    """A file that steers the build is too long or not text."""


@dataclass(frozen=True)
class Contents:
    """The files and symlinks of a source tar, at most one directory deep."""

    tar: Path
    _places: dict[str, tuple[int, int]]  # path -> where its content begins, and its size

    @property
    def paths(self) -> frozenset[str]:
        """Their paths."""
        return frozenset(self._places)

    def text(self, path: str) -> str | None:
        """A file as text, or None where there is none."""
        if path not in self._places:
            return None
        start, size = self._places[path]
        if size > _MAX_TEXT_BYTES:
            raise UnreadableFile(f"{path} is {size} bytes long; {_MAX_TEXT_BYTES} are allowed")
        with self.tar.open("rb") as file:
            file.seek(start)
            content = file.read(size)
        try:
            return content.decode()
        except UnicodeDecodeError as error:
            raise UnreadableFile(f"{path} is not UTF-8 text") from error


def read_contents(path: Path, also: str = "") -> Contents:
    """Read the head of a source tar: it has the top level first.

    `also` is one more path, however deep, that the contents have if the source has it.
    """
    places: dict[str, tuple[int, int]] = {}
    with tarfile.open(path, "r:") as tar:
        for member in tar:
            is_deep = member.name.count("/") > 1
            if is_deep and (also.count("/") < 2 or also in places):
                break
            if not member.isdir() and (not is_deep or member.name == also):
                places[member.name] = (member.offset_data, member.size)
    return Contents(path, places)
