"""What an app's image stands on: how that is told before a build and read from a finished image."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from releases.domain.build import Build, Step

_BASE, _BASE_IMAGE = "paas.base", "paas.base_image"
_SUITE, _VERSION = "paas.suite", "paas.version"
_PULLED = re.compile(r"\bFROM \S+?@(sha256:[0-9a-f]{64})")


@dataclass(frozen=True)
class Footing:
    """The exact base of an app's image. Its labels keep it, for an image that is used again."""

    name: str = ""  # "paas/runtime-python:3.11-<digest>", "debian:12"; empty: nobody knows
    image: str = ""  # its id, or the digest of its manifest where the engine keeps only that
    suite: str = ""  # "bookworm", where it is one of ours
    version: str = ""  # of the language that it brings

    @property
    def labels(self) -> dict[str, str]:
        """What an app's image carries."""
        found = {
            _BASE: self.name,
            _BASE_IMAGE: self.image,
            _SUITE: self.suite,
            _VERSION: self.version,
        }
        return {name: value for name, value in found.items() if value}

    def completed(self, steps: Iterable[Step]) -> "Footing":
        """With what only the build itself could tell: what BuildKit pulled."""
        if self.image:
            return self
        pulled = [found[1] for step in steps if (found := _PULLED.search(step.name))]
        return replace(self, image=pulled[-1]) if pulled else self

    def written_to(self, build: Build) -> Build:
        """The build's record with it."""
        return replace(
            build,
            base=self.name,
            base_image=self.image,
            suite=self.suite,
            version=self.version,
        )


def read_footing(labels: Mapping[str, str]) -> Footing:
    """What an app's image says of itself."""
    return Footing(*(labels.get(name, "") for name in (_BASE, _BASE_IMAGE, _SUITE, _VERSION)))
