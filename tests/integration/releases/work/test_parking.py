"""How a change waits while its app is being changed."""

import pytest

from releases.engine.protocol import EngineFailed
from releases.platform import Platform
from releases.store.parked import Call
from releases.work.parking import try_hold
from releases.work.queue import SCALE
from tests.integration.releases.conftest import Shop

pytestmark = pytest.mark.integration


def test_what_waits_for_a_lock_goes_on_although_its_holder_failed(
    shop: Shop, platform: Platform
) -> None:
    call = Call(SCALE, ("shop", {"web": 2}, "ada"), shop.store.logs.new("shop"))
    shop.store.parked.add("shop", call)
    with pytest.raises(EngineFailed), try_hold(platform, "shop", "A test"):
        raise EngineFailed("Docker does not answer")

    assert shop.jobs() == [SCALE]
    assert shop.store.parked.next("shop") is None
