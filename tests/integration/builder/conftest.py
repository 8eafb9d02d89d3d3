"""What the builder's tests share."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from releases.platform import Platform
from tests.integration.builder.floor import Floor, engine_in_memory
from tests.integration.builder.repository import Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """An empty bare repository."""
    return Repository(tmp_path / "app.git")


@pytest.fixture
def floor(platform: Platform, repository: Repository) -> Iterator[Floor]:
    """Build workers can be started here; none runs yet."""
    with ExitStack() as stack:
        engine = stack.enter_context(engine_in_memory(platform.settings.instance))
        yield Floor(platform, engine, repository, stack)
