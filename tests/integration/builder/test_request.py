"""How a build is asked for, and what is on record afterwards."""

import pytest
import redis
from rq import Queue
from rq.serializers import JSONSerializer

from builder.request import request_build
from builder.source.archive import source_path
from builder.source.objects import Objects
from builder.source.tree import BadTree
from releases.domain.build import Build, BuildRequest, BuildStatus
from releases.platform import Platform
from tests.builds import end_build
from tests.integration.builder.repository import Repository

pytestmark = pytest.mark.integration


def request(platform: Platform, repository: Repository, commit: str) -> Build:
    asked = BuildRequest("hello", commit, "refs/heads/master", "tester")
    return request_build(platform, asked, Objects(repository.path))


def test_a_request_stores_the_source_and_queues_one_job_of_plain_values(
    platform: Platform, repository: Repository
) -> None:
    platform.store.apps.create("hello", "tester")
    commit = repository.commit({"requirements.txt": ""})
    build = request(platform, repository, commit)
    assert platform.store.builds.list("hello") == [build]
    assert (build.number, build.status, build.commit) == (1, BuildStatus.QUEUED, commit)
    assert source_path(platform.settings.sources, "hello", 1).exists()
    connection = redis.Redis.from_url(platform.settings.redis)
    (job,) = Queue("builds", connection=connection, serializer=JSONSerializer).jobs
    assert (job.func_name, job.args) == ("builder.jobs.build", ["hello", 1, build.log])
    assert job.timeout == platform.settings.build_timeout_s


def test_a_bad_tree_records_and_queues_nothing(platform: Platform, repository: Repository) -> None:
    platform.store.apps.create("hello", "tester")
    commit = repository.commit({"a": ""}, links={"link": "/etc/passwd"})
    with pytest.raises(BadTree):
        request(platform, repository, commit)
    assert platform.store.builds.list("hello") == []
    assert list(platform.settings.sources.rglob("*.*")) == []
    assert Queue("builds", connection=redis.Redis.from_url(platform.settings.redis)).count == 0


def test_a_submodule_is_told_in_the_builds_log(platform: Platform, repository: Repository) -> None:
    platform.store.apps.create("hello", "tester")
    commit = repository.commit_index(
        [f"160000 {'1' * 40}\tlib", f"100644 {repository.blob('')}\tindex.html"]
    )
    build = request(platform, repository, commit)
    lines = [entry.line for entry in platform.store.logs.read(build.log)]
    assert lines[0].startswith(" !     submodule lib is left out")


def test_a_build_says_what_changed_since_the_last_one_that_succeeded(
    platform: Platform, repository: Repository
) -> None:
    platform.store.apps.create("hello", "tester")
    good, bad = repository.commit({"a": "1", "b": "1"}), repository.commit({"a": "2", "b": "2"})
    for commit, status in ((good, BuildStatus.SUCCEEDED), (bad, BuildStatus.FAILED)):
        queued = request(platform, repository, commit)
        running = platform.store.builds.start("hello", queued.number)
        assert running
        end_build(platform.store, running, status=status)
    build = request(platform, repository, repository.commit({"a": "1", "b": "2"}))
    assert (build.compared_with, build.changed) == (1, ("b",))
    assert platform.store.builds.get("hello", build.number) == build


def test_the_first_build_is_compared_with_nothing(
    platform: Platform, repository: Repository
) -> None:
    platform.store.apps.create("hello", "tester")
    build = request(platform, repository, repository.commit({"a": "1"}))
    assert (build.compared_with, build.changed) == (0, ())
