"""The loop's looks: trouble in one of them keeps no other from being taken."""

import pytest

from releases.domain.container import Container
from releases.engine.protocol import EngineFailed
from releases.platform import Platform
from releases.upkeep.loop import Upkeep
from tests.fakes.engine import FakeEngine
from tests.integration.releases.conftest import Shop
from tests.integration.releases.deploys import deploy
from tests.services import wait_for

pytestmark = pytest.mark.integration


class Unmeasured(FakeEngine):
    """What a container takes cannot be told."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    def memory_bytes(self, container: Container) -> int:
        raise self._error


@pytest.mark.parametrize("error", [ValueError("no JSON"), EngineFailed("Docker does not answer")])
def test_trouble_in_one_look_is_logged_and_all_else_goes_on(
    shop: Shop, platform: Platform, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    for letter in "abc":
        deploy(shop, letter)
    engine = Unmeasured(error)
    engine.running = shop.engine.running

    upkeep = Upkeep(platform, engine)
    upkeep.tend()
    upkeep.tend()
    upkeep.resync()

    wait_for(lambda: shop.running() == ["v3 web.1"], "the oldest to be stopped")
    assert str(error) in caplog.text
