"""What a record tells before the first step of its build."""

from pathlib import Path

import pytest

from builder.bases.footing import Footing
from builder.detection.manifest import Buildpack
from builder.detection.plan import Plan
from builder.record.known import Given, Ground, foretell
from releases.domain.build import BuildSettings
from releases.domain.config import BuildConfig
from tests.unit.builder.record.test_explain import NOW

CONFIG = BuildConfig({"TOKEN": "s3cret"}, {"TOKEN": "77aa"}, version=4)
FOOTING = Footing("paas/runtime-go:12", "sha256:12", "bookworm")
BUILDPACK = Buildpack(Path("/nowhere"), "go", "Go", 1, ())


def ground(dockerfile: str, path_in_source: str = "") -> Ground:
    plan = Plan(BUILDPACK, "go.mod found", dockerfile, path_in_source, version="1.19")
    images = {"RUNTIME": FOOTING.name, "TOOLCHAIN": "paas/toolchain-go:34"}
    return Ground(plan, images, FOOTING)


def test_buildpack_base_version_and_config_are_on_record_before_the_first_step() -> None:
    given = Given(NOW, BuildSettings(caches=2), CONFIG, None)
    known = foretell(given, ground("ARG BUILD_CONFIG\n"))
    assert (known.buildpack, known.why, known.version) == ("go", "go.mod found", "1.19")
    assert (known.base, known.base_image) == ("paas/runtime-go:12", "sha256:12")
    assert known.config_version == 4
    parts = dict(part.split(":") for part in known.recipe.split())
    assert parts.keys() == {"argument.TOOLCHAIN", "caches", "config.TOKEN", "dockerfile"}
    assert parts["caches"] == "2"
    assert "s3cret" not in repr(known)


@pytest.mark.parametrize(
    ("dockerfile", "path", "is_part"),
    [("ARG TOKEN\n", "Dockerfile", True), ("ARG TOKEN\n", "", False), ("", "Dockerfile", False)],
)
def test_a_config_var_counts_only_where_the_dockerfile_can_see_it(
    dockerfile: str, path: str, is_part: bool
) -> None:
    known = foretell(Given(NOW, BuildSettings(), CONFIG, None), ground(dockerfile, path))
    assert ("config.TOKEN:77aa" in known.recipe) is is_part
