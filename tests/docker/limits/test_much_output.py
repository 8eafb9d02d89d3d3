"""A build that prints 200 MB: Redis, the worker and whoever follows stay small."""

import pytest
import redis

from releases.domain.build import BuildStatus
from tests.docker.limits.conftest import LIMITS, Yard
from tests.docker.limits.other_app import OtherApp

pytestmark = pytest.mark.docker


def test_a_build_that_prints_200_mb_fills_neither_redis_nor_the_log(
    yard: Yard, other: OtherApp
) -> None:
    client = redis.Redis.from_url(yard.platform.settings.redis)
    before = client.info("memory")["used_memory"]
    line = "a line of some length that is said again and again and again and again"
    build = yard.run("loud", f"busybox yes '{line}' | busybox head -c 200000000; exit 4")
    output = yard.output(build)
    assert build.status is BuildStatus.FAILED
    assert build.reason.endswith("ended with exit status 4")
    assert any("(the setting build_log_kb)" in text for text in output)
    assert sum(map(len, output)) < (LIMITS["build_log_kb"] + 32) * 1024
    assert client.info("memory")["used_memory"] - before < 1024 * 1024
    assert other.missed() == []
