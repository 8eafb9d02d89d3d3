"""Fixtures that every test may use: a clean store on a real Redis, and settings around it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from releases.platform import Platform
from releases.settings import Settings
from releases.store import Store
from tests.services import redis_server, short_directory


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """One Redis for the whole run."""
    with short_directory() as directory, redis_server(directory) as url:
        yield url


@pytest.fixture
def home() -> Iterator[Path]:
    """The platform's home, short enough for sockets."""
    with short_directory() as directory:
        yield directory


@pytest.fixture
def settings(redis_url: str, home: Path) -> Settings:
    """Settings over an empty Redis and an empty home."""
    redis.Redis.from_url(redis_url).flushall()
    return Settings(home=home, redis_url=redis_url, instance="paas-test", subnet="10.214.0.0/16")


@pytest.fixture
def platform(settings: Settings) -> Platform:
    """The platform as a process opens it."""
    return Platform.open(settings)


@pytest.fixture
def store(platform: Platform) -> Store:
    """An empty store."""
    return platform.store
