"""What `ps` says of a container beside Docker's own word."""

import pytest

from releases.commands.process_rows import state
from releases.domain.app import App
from releases.domain.container import Container, Slot
from releases.domain.desired import Desired

APP = App("shop", 0.0, "ada", {}, live=Desired(1, {"web": 1}), target=Desired(2, {"web": 1}))


@pytest.mark.parametrize(
    ("release", "condemned", "said"),
    [
        (1, False, "running"),  # it serves
        (2, False, "running"),  # it is about to
        (3, False, "retiring"),  # of a rollout that failed
        (1, True, "retiring"),  # scaled down, and up again before it was gone
    ],
)
def test_one_that_nobody_needs_is_retiring(release: int, condemned: bool, said: str) -> None:
    slot = Slot(release, 0, "web", 1)
    one = Container("id", "shop", slot, "10.0.0.1", 5000, "running", condemned=condemned)
    assert state(APP, one) == said
