"""What the builder's tests share."""

from pathlib import Path

import pytest

from tests.integration.builder.repository import Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """An empty bare repository."""
    return Repository(tmp_path / "app.git")
