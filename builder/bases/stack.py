"""Which images apps' images stand on: stacks by Debian suite, runtimes on them, toolchains."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from builder.bases.bundle import read_bundle
from builder.bases.layer import Layer
from builder.bases.suite import Suite
from builder.bases.turn import turn
from builder.detection.manifest import MANIFEST, Buildpack
from builder.docker.dockerfile import takes
from builder.docker.engine import Engine, Image
from builder.docker.image import Report, build_image
from builder.docker.registry import Images
from releases.errors import PaasError
from releases.settings import Settings
from releases.store.locks import LockStore

DEFAULT_SUITE = "bookworm"
_DOCKERFILE = "stack.Dockerfile"  # in the folder of the buildpacks
_BUNDLE = "extra-ca.crt"
_LOCK = ":images"  # no app is called that


class ImageVanished(PaasError):
    """An image was removed while it was being used."""


@dataclass(frozen=True)
class Bases:
    """Finds the images below an app's, and makes what is missing, once.

    With a registry, "once" is once for all build hosts: what one makes the others pull.
    """

    engine: Engine
    settings: Settings
    report: Report
    locks: LockStore | None = None  # keeps the builders of other hosts out while one makes images
    seen: dict[str, Image] | None = None  # looked up before, for as long as nothing is renewed

    @property
    def images(self) -> Images:
        """Where images are looked up."""
        return Images(self.engine, self.settings.registry, self.report)

    def stack(self, suite: str = DEFAULT_SUITE) -> Image:
        """The base of a Debian suite with the extra CA bundle trusted."""
        return self._find_or_make(self.stack_layer(suite, self.base(suite)))

    def runtime(self, buildpack: Buildpack, version: str = "") -> Image:
        """What the buildpack's Dockerfile stands on, with a version of its language."""
        stack = self.stack(suite_of(buildpack, version))
        return self._find_or_make(self.runtime_layer(buildpack, version, stack))

    def toolchain(self, buildpack: Buildpack, version: str = "") -> Image:
        """The runtime with compilers, for a stage of the Dockerfile that the app leaves behind."""
        runtime = self.runtime(buildpack, version)
        return self._find_or_make(self.toolchain_layer(buildpack, version, runtime))

    def base(self, suite: str) -> Image:
        """The suite as the registry or Debian has it, whichever was there first."""
        source = self.suite(suite)
        return self._once(
            source.tags[0],
            lambda: self._first(source.tags) or self._make_in_turn(source.tags, source.make),
        )

    def suite(self, name: str) -> Suite:
        """Where a suite's base comes from."""
        return Suite(name, self.engine, self.settings, self.report)

    def stack_layer(self, suite: str, base: Image) -> Layer:
        """What a stack is made of."""
        text = (self.settings.buildpacks / _DOCKERFILE).read_text()
        files = {_BUNDLE: read_bundle(self.settings.ca_bundle)}
        return Layer(f"the {suite} stack", f"paas/stack:{suite}", text, base, "STACK", files)

    def runtime_layer(self, buildpack: Buildpack, version: str, stack: Image) -> Layer:
        """What a runtime is made of."""
        return self._layer(buildpack, "runtime", version, stack)

    def toolchain_layer(self, buildpack: Buildpack, version: str, runtime: Image) -> Layer:
        """What a toolchain is made of."""
        return self._layer(buildpack, "toolchain", version, runtime)

    def _layer(self, buildpack: Buildpack, kind: str, version: str, below: Image) -> Layer:
        version = version or buildpack.default
        text = buildpack.text(buildpack.runtime if kind == "runtime" else buildpack.toolchain)
        return Layer(
            title=" ".join(word for word in ("the", buildpack.title, version, kind) if word),
            line=f"paas/{kind}-{buildpack.name}:{version or suite_of(buildpack)}",
            dockerfile=text,
            below=below,
            argument="STACK" if kind == "runtime" else "RUNTIME",
            files=_files(buildpack),
            arguments={"VERSION": version} if takes(text, "VERSION") else {},
        )

    def build(self, layer: Layer, tag: str, *, no_cache: bool = False) -> Image:
        """Build a layer under a tag of one's choice, on this engine."""
        recipe = layer.recipe(self.settings.instance, tag, no_cache=no_cache)
        build_image(self.engine, recipe, self.report)
        return self.there(tag)

    def there(self, tag: str) -> Image:
        """An image that this engine was given a moment ago."""
        found = self.engine.image(tag)
        if found is None:
            raise ImageVanished(f"image {tag} was removed right after it was made; try again")
        return found

    def _find_or_make(self, layer: Layer) -> Image:
        """The image of that layer; else one process makes it while others wait for it."""

        def make() -> str:
            self.report([f"Making {layer.title} (once)"])
            self.build(layer, layer.tag)
            return layer.tag

        return self._once(
            layer.tag,
            lambda: self.images.find(layer.tag) or self._make_in_turn([layer.tag], make),
        )

    def _once(self, tag: str, find: Callable[[], Image]) -> Image:
        if self.seen is None:
            return find()
        if tag not in self.seen:
            self.seen[tag] = find()
        return self.seen[tag]

    def _make_in_turn(self, tags: list[str], make: Callable[[], str]) -> Image:
        with self.turn():
            return self._first(tags) or self.images.share(make())

    def _first(self, tags: list[str]) -> Image | None:
        for tag in tags:
            found = self.images.find(tag)
            if found:
                return found
        return None

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Nobody else makes images meanwhile."""

        def tell() -> None:
            self.report(["Another build is making the images below; waiting for it"])

        with ExitStack() as stack:
            stack.enter_context(turn(self.settings.home / "run" / "images.lock", tell))
            if self.locks and self.settings.registry:
                purpose = "Images below the apps'"
                stack.enter_context(self.locks.hold(_LOCK, purpose, lambda _: tell()))
            yield


def suite_of(buildpack: Buildpack, version: str = "") -> str:
    """The Debian that a version of the buildpack's language stands on."""
    return buildpack.versions.get(version or buildpack.default, DEFAULT_SUITE)


def _files(buildpack: Buildpack) -> dict[str, bytes]:
    """What a runtime's or toolchain's Dockerfile may copy: the folder, but for what builds it."""
    return {
        path.name: path.read_bytes()
        for path in sorted(buildpack.directory.iterdir())
        if path.is_file() and path.name != MANIFEST and not path.name.endswith("Dockerfile")
    }
