"""A router as it runs: real Redis, real HAProxy, `python -m router_sync`, and small backends."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.router_sync.backends import Backends
from tests.integration.router_sync.stage import Stage
from tests.services import need


@pytest.fixture
def backends() -> Iterator[Backends]:
    """A place to start backends in."""
    with Backends() as started:
        yield started


@pytest.fixture
def stage(redis_url: str, home: Path) -> Iterator[Stage]:
    """HAProxy and router_sync, running, with no routes."""
    need("haproxy")
    with Stage(home, redis_url) as running:
        running.empty_redis()
        running.start_haproxy()
        running.start_sync()
        yield running
