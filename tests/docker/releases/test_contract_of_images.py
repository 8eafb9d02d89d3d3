"""What every engine promises of the images of apps."""

import pytest

from tests.docker.releases.contract import APP, GRACE_S, NAME, OTHER_NAME, Contract, slot
from tests.fakes import examples

pytestmark = pytest.mark.docker


def test_an_image_is_there_or_not(contract: Contract) -> None:
    assert contract.engine.image_exists(contract.image)
    assert not contract.engine.image_exists("sha256:" + "0" * 64)


def test_images_of_apps_are_listed_with_their_names(contract: Contract) -> None:
    made = contract.make(APP, NAME, OTHER_NAME, f"paas/{APP}:mine")
    [listed] = contract.engine.app_images(APP)
    assert (listed.id, listed.app, listed.in_use) == (made, APP, False)
    assert (listed.names, listed.foreign) == ((NAME, OTHER_NAME), (f"paas/{APP}:mine",))
    assert listed.size_bytes > 0
    assert listed in contract.engine.app_images()
    assert contract.engine.app_images(f"{APP}-2") == []


def test_a_removed_image_is_gone_with_all_its_names(contract: Contract) -> None:
    for names in ((NAME, OTHER_NAME), ()):
        made = contract.make(APP, *names)
        [listed] = contract.engine.app_images(APP)
        assert contract.engine.remove_image(listed) is True
        assert contract.engine.app_images(APP) == []
        assert not contract.engine.image_exists(made)
        assert contract.engine.remove_image(listed) is True


def test_an_image_that_somebody_else_named_loses_only_our_names(contract: Contract) -> None:
    made = contract.make(APP, NAME, f"alice/{APP}:1")
    [listed] = contract.engine.app_images(APP)
    assert contract.engine.remove_image(listed) is False
    assert contract.engine.image_exists(made)
    [left] = contract.engine.app_images(APP)
    assert (left.names, left.foreign, left.is_removable) == ((), (f"alice/{APP}:1",), False)


def test_an_image_that_a_container_uses_stays_also_when_it_has_stopped(contract: Contract) -> None:
    made = contract.make(APP, NAME)
    release = examples.release(APP, made=examples.artifact(image=made))
    [before] = contract.engine.app_images(APP)
    [container] = contract.engine.start(release, [slot("web.1")])
    assert contract.engine.remove_image(before) is False
    contract.stop(container)
    [listed] = contract.engine.app_images(APP)
    assert listed.in_use
    assert contract.engine.remove_image(listed) is False
    assert contract.engine.image_exists(made)
    contract.engine.retire(container, GRACE_S)
    [listed] = contract.engine.app_images(APP)
    assert contract.engine.remove_image(listed) is True


def test_all_images_of_an_app_are_removed_at_once_but_those_that_others_named(
    contract: Contract,
) -> None:
    gone, kept = contract.make(APP, NAME), contract.make(APP, OTHER_NAME, f"alice/{APP}:1")
    neighbour = contract.make(f"{APP}-2", f"paas/{APP}-2:{examples.COMMIT}")
    contract.engine.remove_images(APP)
    assert not contract.engine.image_exists(gone)
    assert contract.engine.image_exists(kept)
    assert contract.engine.image_exists(neighbour)
