"""How stacks and runtimes are renewed: made anew, and kept only if something in them is newer."""

import re
from dataclasses import dataclass

from builder.bases.layer import Layer
from builder.bases.stack import Bases, suite_of
from builder.detection.manifest import Buildpack
from builder.docker.engine import Image
from builder.docker.image import Recipe, build_image
from releases.domain.container import INSTANCE

# All that a runtime has is a package of Debian's or in one of these two folders. Times are left
# out, and so is what differs from one installation of the same versions to the next.
_LOOK = r"""ARG IMAGE
FROM ${IMAGE}
USER root
RUN { dpkg-query -W; find /usr/local /opt -type f ! -name '*.pyc' -printf '%p %s\n' | sort; } \
    | sha256sum
"""
_NEW = "-new"
_DIGEST = re.compile(r"([0-9a-f]{64})  -")


@dataclass(frozen=True)
class Renewal:
    """Makes the current image of a stack or runtime the newest that can be had.

    What runs keeps what it stands on. Killed at any line it leaves the images that were current
    before, or the new ones, and some names that end in `-new`, which the next renewal takes over.
    """

    bases: Bases

    def stack(self, suite: str) -> Image:
        """The stack of a suite on today's base; the one there was if nothing in it is newer."""
        bases, before = self.bases, self.bases.stack(suite)
        with bases.turn():
            tag = next(tag for tag in bases.suite(suite).tags if bases.images.find(tag))
            newer = f"{tag}{_NEW}"
            bases.suite(suite).make_newer(tag, newer)
            base = bases.there(newer)
            layer = bases.stack_layer(suite, base)
            made = self._make(layer)
            if self._is_newer(made, before, layer.title):
                self._put(made, layer.tag)
                self._put(base, tag)  # from here on it is the current one
            self._forget(made.name, newer)
        return bases.stack(suite)

    def runtime(self, buildpack: Buildpack, version: str) -> Image:
        """The runtime on the current stack, with today's packages."""
        below = self.bases.stack(suite_of(buildpack, version))
        layer = self.bases.runtime_layer(buildpack, version, below)
        before = self.bases.images.find(layer.tag)
        if before:  # else it is made now, which is as new as can be
            with self.bases.turn():
                made = self._make(layer)
                if self._is_newer(made, before, layer.title):
                    self._put(made, layer.tag)
                self._forget(made.name)
        return self.bases.runtime(buildpack, version)

    def _make(self, layer: Layer) -> Image:
        self.bases.report([f"Making {layer.title} with today's packages"])
        return self.bases.build(layer, f"{layer.line}{_NEW}", no_cache=True)

    def _is_newer(self, made: Image, before: Image, title: str) -> bool:
        newer = self._contents(made) != self._contents(before)
        if not newer:
            self.bases.report([f"Nothing in {title} is newer; {before.name} stays"])
        return newer

    def _put(self, image: Image, tag: str) -> None:
        self.bases.engine.tag(image.id, tag)
        self.bases.images.share(tag)

    def _forget(self, *names: str) -> None:
        for name in names:
            self.bases.engine.remove(name)

    def _contents(self, image: Image) -> str:
        """Equal for images with the same packages and files."""
        said: list[str] = []
        labels = {INSTANCE: self.bases.settings.instance}
        name = f"paas/look:{image.id.removeprefix('sha256:')[:12]}"
        recipe = Recipe(
            build_id=name,
            tag=name,
            dockerfile=_LOOK,
            labels=labels,
            arguments={"IMAGE": image.name},
            no_cache=True,
        )
        build_image(self.bases.engine, recipe, said.extend)
        self._forget(name)
        digests = [found[1] for line in said if (found := _DIGEST.search(line))]
        return digests[-1] if digests else image.id
