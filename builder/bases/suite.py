"""Where the lowest image comes from: a Debian suite, pulled from a registry or made of packages."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from builder.bases import debian
from builder.docker.engine import Engine
from builder.docker.image import Report
from releases.domain.container import INSTANCE
from releases.settings import BadSetting, Settings

_PROBE_S = 2
_SOURCES: Mapping[str, tuple[str, ...]] = {
    "auto": ("registry", "debian"),
    "registry": ("registry",),
    "debian": ("debian",),
}


@dataclass(frozen=True)
class Suite:
    """One Debian suite. Its base is named by where it came from: so the choice is remembered."""

    name: str  # "bookworm"
    engine: Engine
    settings: Settings
    report: Report

    @property
    def image(self) -> str:
        """What is pulled where a registry has it: `debian:bookworm-slim`."""
        return self.settings.stack_image.replace("{suite}", self.name)

    @property
    def tags(self) -> list[str]:
        """What a base of this suite may be called, the one to be preferred first."""
        return [self.tag(source) for source in self._sources]

    def tag(self, source: str) -> str:
        """`paas/base:debian-bookworm`, `paas/base:registry-bookworm-<digest of its name>`."""
        if source == "debian":
            return f"paas/base:debian-{self.name}"
        digest = hashlib.sha256(self.image.encode()).hexdigest()[:12]
        return f"paas/base:registry-{self.name}-{digest}"

    def make(self) -> str:
        """Pull or make the base; return its tag. Only where there is a choice it is probed."""
        is_choice = len(self._sources) > 1
        if is_choice and not self.engine.can_reach_registry_of(self.image, _PROBE_S):
            return self._bootstrap(f"{self.image} cannot be pulled from here, so", self.tags[-1])
        if "registry" in self._sources:
            tag = self.tag("registry")
            self._pull(tag)
            return tag
        return self._bootstrap("As the settings say,", self.tags[0])

    def make_newer(self, tag: str, newer: str) -> None:
        """What the source of the base `tag` has today, under the name `newer`."""
        if tag == self.tag("registry"):
            self._pull(newer)
        else:
            self._bootstrap("For the newest packages", newer)

    def _pull(self, tag: str) -> None:
        self.report([f"Pulling {self.image}"])
        for line in self.engine.pull(self.image):
            self.report([line])
        self.engine.tag(self.image, tag)

    def _bootstrap(self, why: str, tag: str) -> str:
        self.report([f"{why} a Debian {self.name} is made from its packages (half a minute)"])
        changes = [f"LABEL {INSTANCE}={self.settings.instance}", 'CMD ["/bin/sh"]']
        archive = debian.root_file_system(self.name, self.report)
        self.engine.import_image(archive, tag, changes)
        return tag

    @property
    def _sources(self) -> tuple[str, ...]:
        try:
            return _SOURCES[self.settings.stack]
        except KeyError:
            raise BadSetting(
                f"setting stack: {self.settings.stack!r} is not one of {', '.join(_SOURCES)}"
            ) from None
