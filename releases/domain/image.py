"""What an image of an app is, and which of its names the platform gave it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

_TAG = r":[0-9a-f]{40}(?:-before-[0-9]+|-v[0-9]+)?"
_DIGEST = r"@sha256:[0-9a-f]{64}"  # what was pulled or pushed is also known by it


@dataclass(frozen=True)
class AppImage:
    """An image that carries our labels, as Docker has it."""

    id: str  # sha256:...
    app: str
    names: tuple[str, ...] = ()  # those that the platform gave it; dangling images have none
    foreign: tuple[str, ...] = ()  # those that somebody else gave it: with one of them it stays
    size_bytes: int = 0
    in_use: bool = False  # by a container, whoever's and in whatever state

    @property
    def is_removable(self) -> bool:
        """Whether a name or the image itself can be taken away, as far as Docker is concerned."""
        return not self.in_use and bool(self.names or not self.foreign)


def split_names(
    app: str, registry: str, names: Iterable[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """An image's names (`paas/myapp:3f9a...`), ours first and then those of others.

    `registry` is the one of the settings, or empty. Ours are of one form exactly: who gives an
    image of ours a name below `paas/myapp` for himself keeps it.
    """
    prefix = f"(?:{re.escape(registry)}/)?" if registry else ""
    ours = re.compile(f"{prefix}paas/{re.escape(app)}(?:{_TAG}|{_DIGEST})")
    found = sorted(name for name in names if not name.startswith("<none>"))
    return (
        tuple(name for name in found if ours.fullmatch(name)),
        tuple(name for name in found if not ours.fullmatch(name)),
    )
