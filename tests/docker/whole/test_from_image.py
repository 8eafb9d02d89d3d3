"""`git:from-image` with a real image: the one that another app's push has made."""

from collections.abc import Callable

import pytest

from tests.sample import Sample
from tests.whole import Whole

pytestmark = pytest.mark.docker


def test_an_image_is_deployed_without_a_source_and_then_runs_already(
    whole: Whole, live: Sample, sample: Callable[..., Sample]
) -> None:
    app, image = sample().app, f"paas/{live.app}:{live.head()}"
    assert whole.ssh("apps:create", app).returncode == 0

    deployed = whole.ssh("git:from-image", app, image)

    assert deployed.returncode == 0, deployed.stderr
    assert "-----> Image app: Dockerfile.image found" in deployed.stdout
    assert whole.get(app).body == "one -"
    assert "runs" in whole.ssh("git:from-image", app, image).stdout
    assert len(whole.platform.store.builds.list(app)) == 1


def test_an_image_that_is_nowhere_fails_with_its_name(
    whole: Whole, sample: Callable[..., Sample]
) -> None:
    app = sample().app
    assert whole.ssh("apps:create", app).returncode == 0

    refused = whole.ssh("git:from-image", app, "127.0.0.1:1/nowhere:v1")

    assert refused.returncode == 1
    assert "127.0.0.1:1/v2/nowhere" in refused.stderr
