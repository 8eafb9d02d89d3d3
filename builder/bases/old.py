"""Which stacks, runtimes and toolchains nothing stands on any more and nothing will."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from builder.bases.footing import read_footing
from builder.bases.layer import BELOW
from releases.domain.container import APP, INSTANCE

_SHA = r"[0-9a-f]{12}"
_OURS = (
    rf"base:(?:debian-[a-z]+|registry-[a-z]+-{_SHA})(?:-new)?",
    rf"(?:stack|runtime-[a-z0-9._-]+|toolchain-[a-z0-9._-]+):[A-Za-z0-9._-]+-(?:{_SHA}|new)",
    rf"look:{_SHA}",
    r"(?:base|stack|look|(?:runtime|toolchain)-[a-z0-9._-]+)@sha256:[0-9a-f]{64}",
)


@dataclass(frozen=True)
class Labelled:
    """An image of a platform, or one that was built on one."""

    id: str
    names: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    size_bytes: int = 0
    in_use: bool = False  # by a container


def own_names(registry: str, names: Iterable[str]) -> tuple[str, ...]:
    """Those that only the platform gives to an image below the apps'."""
    prefix = f"(?:{re.escape(registry)}/)?" if registry else ""
    ours = re.compile(f"{prefix}paas/(?:{'|'.join(_OURS)})")
    return tuple(name for name in names if ours.fullmatch(name))


def old_bases(
    images: Sequence[Labelled], current: Collection[str], instance: str, registry: str
) -> list[Labelled]:
    """The images below the apps' that may go, with those of their names that are ours.

    `images` are all that carry a platform's label: what an image of any platform stands on is
    needed, and only those of this one are removed. `current` are the names that the next build
    or the next `stack:update` will look for.
    """
    needed = _needed(images, current)
    found = []
    for image in images:
        ours = own_names(registry, image.names)
        is_base = image.labels.get(INSTANCE) == instance and APP not in image.labels
        is_free = image.id not in needed and not image.in_use
        if is_base and is_free and (ours or not image.names):
            found.append(Labelled(image.id, ours, image.labels, image.size_bytes))
    return found


def _needed(images: Sequence[Labelled], current: Collection[str]) -> set[str]:
    """Ids: what is current, what an app's image stands on, and what these stand on in turn."""
    by_name = {name: image for image in images for name in image.names}
    by_id = {image.id: image for image in images}
    footings = [read_footing(image.labels) for image in images if APP in image.labels]
    names = [*current, *(one.name for one in footings)]
    wanted = [by_name[name] for name in names if name in by_name]
    wanted += [by_id[one.image] for one in footings if one.image in by_id]
    needed = set[str]()
    while wanted:
        image = wanted.pop()
        below = by_name.get(image.labels.get(BELOW, ""))
        if image.id not in needed and below:
            wanted.append(below)
        needed.add(image.id)
    return needed
