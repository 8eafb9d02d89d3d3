"""What went into a build beside its source, as digests by which two records are compared."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from releases.domain.build import Build

DOCKERFILE = "dockerfile"
CACHES = "caches"
ARGUMENT = "argument."  # a name follows
CONFIG = "config."  # a name follows


@dataclass(frozen=True)
class Ingredients:
    """All that can change the layers of an image and is neither its source nor its base."""

    dockerfile: str  # its text
    arguments: Mapping[str, str]  # build args, none of them secret
    config: Mapping[str, str] = field(default_factory=dict)  # name -> keyed digest of its value
    caches: int = 0  # the generation of the app's build cache

    def recipe(self) -> str:
        """For the record, `caches:0 config.TOKEN:77aa01 dockerfile:3f9ac21`."""
        parts = {DOCKERFILE: _digest(self.dockerfile), CACHES: str(self.caches)}
        parts |= {ARGUMENT + name: _digest(value) for name, value in self.arguments.items()}
        parts |= {CONFIG + name: digest for name, digest in self.config.items()}
        return " ".join(f"{name}:{digest}" for name, digest in sorted(parts.items()))


def changed_ingredients(before: Build | None, now: Build) -> frozenset[str]:
    """The parts that differ, also those that only one of the builds has.

    Nothing where there is no record to compare with, or one that says nothing.
    """
    if before is None or not before.recipe:
        return frozenset()
    differing = set(before.recipe.split()) ^ set(now.recipe.split())
    return frozenset(part.rpartition(":")[0] for part in differing)


def is_cleared(before: Build | None, now: Build) -> bool:
    """Whether the app's build cache was cleared since the build that this one is compared with."""
    caches = _caches(now)
    return caches > 0 and (before is None or _caches(before) != caches)


def _caches(build: Build) -> int:
    parts = dict(part.split(":") for part in build.recipe.split())
    return int(parts.get(CACHES, 0))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
