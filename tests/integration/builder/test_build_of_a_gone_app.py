"""What a build leaves behind whose app was destroyed before its turn came."""

import pytest

from builder import jobs
from builder.request import request_build
from builder.source.objects import Objects
from releases.domain.build import BuildRequest, BuildStatus
from releases.log import DeployFailed, follow
from releases.platform import Platform
from tests.integration.builder.repository import Repository

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def _environment(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """A job reads the environment of its worker."""
    monkeypatch.setenv("PAAS_HOME", str(platform.settings.home))
    monkeypatch.setenv("PAAS_REDIS_URL", platform.settings.redis_url)


def requested(platform: Platform, repository: Repository) -> tuple[int, str]:
    """A build that was asked for while the app was on its way out: its number and log."""
    commit = repository.commit({"index.html": ""})
    request = BuildRequest("gone", commit, "refs/heads/master", "tester")
    build = request_build(platform, request, Objects(repository.path))
    return build.number, build.log


def test_nothing_but_its_verdict_is_left(platform: Platform, repository: Repository) -> None:
    number, log = requested(platform, repository)

    jobs.build("gone", number, log)

    with pytest.raises(DeployFailed, match="app gone was destroyed"):
        follow(platform.store.logs, log, print)
    assert platform.store.builds.list("gone") == []
    assert list(platform.settings.sources.rglob("*.tar")) == []


def test_while_the_app_is_there_the_record_says_why(
    platform: Platform, repository: Repository
) -> None:
    platform.store.apps.create("gone", "tester")
    platform.store.apps.mark_destroying("gone")
    number, log = requested(platform, repository)

    jobs.build("gone", number, log)

    (build,) = platform.store.builds.list("gone")
    assert (build.status, build.reason) == (BuildStatus.FAILED, "app gone was destroyed")


def test_a_build_without_a_record_ends_its_log(platform: Platform) -> None:
    platform.store.apps.create("gone", "tester")

    jobs.build("gone", 7, "gone:1")

    with pytest.raises(DeployFailed, match="app gone has no build 7"):
        follow(platform.store.logs, "gone:1", print)
