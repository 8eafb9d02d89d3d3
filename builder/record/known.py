"""What is known of a build before it runs: for its record, and for the reasons of its steps."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from builder.bases.footing import Footing
from builder.detection.plan import Plan
from builder.record.build_config import digests
from builder.record.ingredients import Ingredients
from releases.domain.build import Build, BuildSettings
from releases.domain.config import BuildConfig
from releases.store import Store
from releases.store.builds import NoSuchBuild


@dataclass(frozen=True)
class Given:
    """A build, what its app gives it beside the source, and the build that it follows."""

    build: Build
    settings: BuildSettings
    config: BuildConfig
    before: Build | None  # the one that `Build.changed` was compared with


@dataclass(frozen=True)
class Ground:
    """How the source is built, and the images that this needs, which are there by now."""

    plan: Plan
    images: Mapping[str, str]  # build argument -> name
    footing: Footing

    @property
    def is_of_app(self) -> bool:
        """Whether the Dockerfile is the app's own."""
        return bool(self.plan.path_in_source)


def read_given(store: Store, build: Build) -> Given:
    """As it is now: a later change is for the next build."""
    try:
        before = store.builds.get(build.app, build.compared_with) if build.compared_with else None
    except NoSuchBuild:
        before = None  # it was forgotten meanwhile
    app = build.app
    return Given(build, store.builds.settings(app), store.configs.build_config(app), before)


def foretell(given: Given, ground: Ground) -> Build:
    """The record as far as it can be told before the first step."""
    plan, footing = ground.plan, ground.footing
    others = {argument: name for argument, name in ground.images.items() if name != footing.name}
    config = digests(given.config, plan.declares, of_app=ground.is_of_app)
    made_by = Ingredients(plan.dockerfile, others, config, given.settings.caches)
    return replace(
        footing.written_to(given.build),
        buildpack=plan.buildpack.name,
        why=plan.why,
        version=footing.version or plan.version,
        recipe=made_by.recipe(),
        config_version=given.config.version,
    )
