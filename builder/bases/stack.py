"""Which images ours stand on: the base (pulled or made), the stack on it, the runtimes on that."""

import hashlib
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

from builder.bases import debian
from builder.bases.turn import turn
from builder.detection.manifest import MANIFEST, Buildpack
from builder.docker.engine import Engine, Image
from builder.docker.image import Recipe, Report, build_image
from releases.container import INSTANCE
from releases.errors import PaasError
from releases.settings import BadSetting, Settings

_DOCKERFILE = "stack.Dockerfile"  # in the folder of the buildpacks
_BUNDLE = "extra-ca.crt"
_PROBE_S = 2
_SOURCES: Mapping[str, tuple[str, ...]] = {
    "auto": ("registry", "debian"),
    "registry": ("registry",),
    "debian": ("debian",),
}


class ImageVanished(PaasError):
    """An image was removed while it was being used."""


@dataclass(frozen=True)
class Bases:
    """Finds the images below an app's, and makes what is missing, once.

    Stacks and runtimes are named by all that went into them, so a change of a Dockerfile or of
    the CA bundle makes new ones. The base is named by where it came from: that is how the
    answer of the registry is remembered.
    """

    engine: Engine
    settings: Settings
    report: Report

    def runtime(self, buildpack: Buildpack) -> Image:
        """The image that the buildpack's Dockerfile stands on."""
        stack = self.stack()
        files = _files(buildpack)
        text = buildpack.text(buildpack.runtime)
        tag = f"paas/runtime-{buildpack.name}:{_digest(stack.id, text, files)}"
        return self._find_or_make(
            [tag],
            lambda: self._build(f"the {buildpack.title} runtime", tag, text, stack, files),
        )

    def stack(self) -> Image:
        """The base with the extra CA bundle trusted."""
        base = self._base()
        files = {_BUNDLE: self._bundle()}
        text = (self.settings.buildpacks / _DOCKERFILE).read_text()
        tag = f"paas/stack:{debian.SUITE}-{_digest(base.id, text, files)}"
        return self._find_or_make([tag], lambda: self._build("the stack", tag, text, base, files))

    def _base(self) -> Image:
        """Asks the registry only where there is a choice and no answer yet."""
        try:
            sources = _SOURCES[self.settings.stack]
        except KeyError:
            raise BadSetting(
                f"setting stack: {self.settings.stack!r} is not one of {', '.join(_SOURCES)}"
            ) from None
        return self._find_or_make(
            [self._base_tag(source) for source in sources], lambda: self._make_base(sources)
        )

    def _make_base(self, sources: tuple[str, ...]) -> str:
        name = self.settings.stack_image
        is_choice = len(sources) > 1
        if is_choice and not self.engine.can_reach_registry_of(name, _PROBE_S):
            return self._bootstrap(f"{name} cannot be pulled from here, so")
        if "registry" in sources:
            return self._pull(name)
        return self._bootstrap("As the settings say,")

    def _pull(self, name: str) -> str:
        tag = self._base_tag("registry")
        self.report([f"Pulling {name} (once)"])
        for line in self.engine.pull(name):
            self.report([line])
        self.engine.tag(name, tag)
        return tag

    def _bootstrap(self, why: str) -> str:
        tag = self._base_tag("debian")
        self.report([f"{why} a Debian is made from its packages (once, half a minute)"])
        changes = [f"LABEL {INSTANCE}={self.settings.instance}", 'CMD ["/bin/sh"]']
        archive = debian.root_file_system(self.report)
        self.engine.import_image(archive, tag, changes)
        return tag

    def _base_tag(self, source: str) -> str:
        if source == "debian":
            return f"paas/base:debian-{debian.SUITE}"
        return f"paas/base:registry-{_digest(self.settings.stack_image, '', {})}"

    def _build(
        self, what: str, tag: str, text: str, below: Image, files: Mapping[str, bytes]
    ) -> str:
        self.report([f"Making {what} (once)"])
        labels = {INSTANCE: self.settings.instance, "paas.below": below.name}
        recipe = Recipe(
            f"paas-{self.settings.instance}-{tag}", tag, text, labels, {"STACK": below.name}, files
        )
        build_image(self.engine, recipe, self.report)
        return tag

    def _find_or_make(self, tags: list[str], make: Callable[[], str]) -> Image:
        """The first image there is; else one process makes it while others wait for it."""
        found = self._find(tags)
        if found:
            return found
        with self._turn():
            found = self._find(tags) or self._find([make()])
        if found is None:
            raise ImageVanished(f"image {tags[0]} was removed in the middle of a build; try again")
        return found

    def _find(self, tags: list[str]) -> Image | None:
        for tag in tags:
            found = self.engine.image(tag)
            if found:
                return found
        return None

    def _bundle(self) -> bytes:
        try:
            return self.settings.ca_bundle.read_bytes()
        except FileNotFoundError:
            return b""  # nothing to trust beyond Debian's own

    def _turn(self) -> AbstractContextManager[None]:
        waiting = "Another build is making the images below; waiting for it"
        lock = self.settings.home / "run" / "images.lock"
        return turn(lock, lambda: self.report([waiting]))


def _files(buildpack: Buildpack) -> dict[str, bytes]:
    """What a runtime's Dockerfile may copy: all of the folder that is not for other uses."""
    others = {MANIFEST, buildpack.dockerfile, buildpack.runtime}
    return {
        path.name: path.read_bytes()
        for path in sorted(buildpack.directory.iterdir())
        if path.is_file() and path.name not in others
    }


def _digest(below: str, dockerfile: str, files: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256(f"{below}\0{dockerfile}\0".encode())
    for name, content in files.items():
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:12]
