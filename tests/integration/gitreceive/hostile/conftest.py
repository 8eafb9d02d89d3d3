"""One front door for all the hostile cases of a file: it has to outlive every one of them."""

from collections.abc import Iterator

import pytest

from tests.integration.gitreceive.hostile.victim import Victim, victim
from tests.services import need


@pytest.fixture(scope="module")
def door() -> Iterator[Victim]:
    """A front door in a process of its own."""
    need("git")
    need("ssh")
    with victim() as opened:
        yield opened
