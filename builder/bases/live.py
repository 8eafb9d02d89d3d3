"""What the apps that are live stand on, and which of them should stand on something newer."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from builder.bases.layer import RUNTIME, line_of
from releases.domain.app import NoSuchApp
from releases.domain.build import Build
from releases.store import Store
from releases.store.builds import NoSuchBuild


@dataclass(frozen=True)
class Standing:
    """What the live image of an app stands on."""

    app: str
    build: Build

    @property
    def line(self) -> str:
        """`paas/runtime-python:3.11`; empty if the base is not one of ours."""
        return line_of(self.build.base)

    @property
    def runtime(self) -> str:
        """The buildpack whose runtime it is; empty if it is a stack, or not ours."""
        name = self.line.partition(":")[0]
        return name.removeprefix(RUNTIME) if name.startswith(RUNTIME) else ""

    @property
    def suite(self) -> str:
        """`bookworm`; empty if the base is not one of ours."""
        return self.build.suite if self.line else ""

    @property
    def version(self) -> str:
        """Of the language."""
        return self.build.version

    def is_behind(self, current: Mapping[str, str], with_runtime: Collection[str]) -> bool:
        """Whether its base is one of ours and not the current one of its line.

        A record from before bases were noted counts as behind if its buildpack has a runtime.
        """
        if self.build.base:
            return bool(self.line) and current.get(self.line) != self.build.base_image
        return self.build.buildpack in with_runtime


def live_standings(store: Store, apps: Iterable[str]) -> list[Standing]:
    """For each app that is live, in the order of the names; others are left out."""
    found = (live_standing(store, app) for app in apps)
    return [one for one in found if one]


def live_standing(store: Store, app: str) -> Standing | None:
    """None: it is not deployed, or gone, or its build is not on record."""
    try:
        live = store.apps.get(app).live
        if live is None:
            return None
        artifact = store.releases.artifact(app, live.release)
        return Standing(app, store.builds.get(app, artifact.build))
    except (NoSuchApp, NoSuchBuild):
        return None
