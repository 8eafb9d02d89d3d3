"""A build that is asked for while the disk is low is refused before anything is stored."""

from dataclasses import replace

import pytest

from builder.limits.disk import LowDisk
from builder.request import request_build
from builder.source.objects import Objects
from releases.domain.build import BuildRequest
from releases.platform import Platform
from tests.integration.builder.repository import Repository


def test_a_build_is_refused_while_the_disk_of_home_is_low(platform: Platform) -> None:
    platform.store.apps.create("myapp", "tester")
    platform.settings.home.mkdir(exist_ok=True)
    repository = Repository(platform.settings.home / "app.git")
    commit = repository.commit({"index.html": "hello"})
    full = replace(platform, settings=replace(platform.settings, low_disk_mb=10**9))
    request = BuildRequest("myapp", commit, "refs/heads/master", "tester")
    with pytest.raises(LowDisk, match=r"\(the setting low_disk_mb\)"):
        request_build(full, request, Objects(repository.path))
    assert platform.store.builds.list("myapp") == []
    assert not (platform.settings.sources / "myapp").exists()
