"""Which images are removed beside rollouts and builds, and that none goes that somebody needs."""

import logging

import pytest

from releases.domain.image import AppImage
from releases.engine.protocol import EngineFailed
from releases.platform import Platform
from releases.rollout import changes, rollback
from releases.upkeep.reclaim import Reclaim, reclaim
from releases.work.build_queue import turn
from tests.builds import end_build, queue_build, start_build
from tests.fakes.engine import FakeEngine
from tests.fakes.examples import artifact
from tests.integration.releases.conftest import Shop
from tests.integration.releases.deploys import deploy
from tests.services import wait_for

pytestmark = pytest.mark.integration


def stock(shop: Shop, *letters: str, app: str = "shop") -> None:
    """Have the images `sha256:a`, ... in the engine."""
    for letter in letters:
        name = f"paas/{app}:{letter * 40}"
        image = AppImage(f"sha256:{letter}", app, (name,), size_bytes=180_000_000)
        shop.engine.made[image.id] = image
        shop.engine.images.add(image.id)


def left(shop: Shop) -> str:
    """The letters of the images that are there."""
    return "".join(sorted(one.removeprefix("sha256:") for one in shop.engine.made))


def settle(shop: Shop) -> None:
    """As the converger does in time: old containers are gone, and builds' logs have ended."""
    for one in shop.engine.containers("shop"):
        shop.engine.retire(one, 0)
    for build in shop.store.open_builds.all():
        shop.store.open_builds.close(*build)


@pytest.fixture
def grown(shop: Shop) -> Shop:
    """An app with the releases v1 to v4, of the commits a to d, of which two are kept."""
    stock(shop, *"abcd")
    for letter in "abcd":
        deploy(shop, letter)
    shop.store.apps.set_releases_kept("shop", 2)
    settle(shop)
    return shop


def test_images_of_old_releases_go_and_those_of_the_last_ones_stay(
    grown: Shop, platform: Platform, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        reclaim(platform, grown.engine)

    assert left(grown) == "cd"
    assert "removed the image of v1 of shop, 180 MB" in caplog.messages


def test_a_rollback_to_a_release_whose_image_was_removed_says_what_to_do(
    grown: Shop, platform: Platform
) -> None:
    reclaim(platform, grown.engine)

    with grown.open() as rollout, pytest.raises(rollback.CannotRollBack) as refused:
        rollback.roll_back(rollout, 1, "ada")
    assert "the image of v1 is gone" in str(refused.value)
    assert "ps:rebuild shop aaaaaaaaaaaa" in str(refused.value)


def test_a_rollback_to_a_release_that_is_kept_works(grown: Shop, platform: Platform) -> None:
    reclaim(platform, grown.engine)

    with grown.open() as rollout:
        rollback.roll_back(rollout, 0, "ada")
    assert grown.running() == ["v5 web.1"]


def test_the_setting_counts_where_the_app_has_no_number_of_its_own(
    grown: Shop, platform: Platform
) -> None:
    grown.store.apps.set_releases_kept("shop", 0)
    reclaim(platform, grown.engine)

    assert left(grown) == "abcd"


def test_an_image_that_a_container_uses_stays_until_the_container_is_gone(
    shop: Shop, platform: Platform
) -> None:
    stock(shop, *"abc")
    for letter in "abc":
        deploy(shop, letter)
    shop.store.apps.set_releases_kept("shop", 1)
    for build in shop.store.open_builds.all():
        shop.store.open_builds.close(*build)
    reclaim(platform, shop.engine)
    assert left(shop) == "abc"

    settle(shop)
    reclaim(platform, shop.engine)
    assert left(shop) == "bc"


def test_the_image_of_a_failed_release_goes(grown: Shop, platform: Platform) -> None:
    stock(grown, "e")
    grown.engine.dying.add("web.1")
    with pytest.raises(Exception, match=r"web\.1"):
        deploy(grown, "e")
    settle(grown)
    reclaim(platform, grown.engine)

    assert left(grown) == "cd"


def test_the_image_of_a_build_whose_deploy_has_not_ended_stays(
    grown: Shop, platform: Platform
) -> None:
    stock(grown, "e")
    grown.built("e")
    reclaim(platform, grown.engine)

    assert left(grown) == "cde"


def test_the_last_image_of_an_app_that_never_was_live_stays(shop: Shop, platform: Platform) -> None:
    stock(shop, "a", "b")
    for letter in "ab":
        shop.built(letter)
    settle(shop)
    reclaim(platform, shop.engine)

    assert left(shop) == "b"


def test_nothing_is_removed_while_the_app_is_rolled_out(grown: Shop, platform: Platform) -> None:
    with grown.open():
        reclaim(platform, grown.engine)
        assert left(grown) == "abcd"

    reclaim(platform, grown.engine)
    assert left(grown) == "cd"


def test_nothing_is_removed_while_the_app_is_built(grown: Shop, platform: Platform) -> None:
    with grown.store.locks.hold(turn("shop"), "Build"):
        reclaim(platform, grown.engine)

    assert left(grown) == "abcd"


def test_a_build_that_found_its_turn_taken_is_started_afterwards(
    grown: Shop, platform: Platform
) -> None:
    queued = queue_build(grown.store, "shop")
    reclaim(platform, grown.engine)

    assert platform.queue.waiting_builds("builds") == [("shop", queued.number)]


def test_images_of_an_app_that_is_no_more_go(grown: Shop, platform: Platform) -> None:
    stock(grown, "x", "y", app="gone")
    reclaim(platform, grown.engine)

    assert left(grown) == "cd"


def test_a_store_without_any_app_is_no_proof_that_nobody_needs_them(
    shop: Shop, platform: Platform
) -> None:
    stock(shop, "x", app="gone")
    shop.store.apps.forget("shop")
    reclaim(platform, shop.engine)

    assert left(shop) == "x"


def test_a_few_images_go_at_a_time_for_the_app_is_locked_meanwhile(
    grown: Shop, platform: Platform
) -> None:
    stock(grown, *"uvwxyz")
    reclaim(platform, grown.engine)
    assert len(left(grown)) == 10 - 3

    for _ in range(3):
        reclaim(platform, grown.engine)
    assert left(grown) == "cd"


class Troubled(FakeEngine):
    """Will not remove the images of one app."""

    def remove_image(self, image: AppImage) -> bool:
        if image.app == "gone":
            raise EngineFailed("cannot remove an image of gone: no space left")
        return super().remove_image(image)


def test_trouble_with_one_app_leaves_the_others_to_be_looked_at(
    grown: Shop, platform: Platform, caplog: pytest.LogCaptureFixture
) -> None:
    stock(grown, "x", app="gone")
    engine = Troubled()
    engine.made, engine.images = grown.engine.made, grown.engine.images
    reclaim(platform, engine)

    assert left(grown) == "cdx"
    assert "the old images of gone stay for now" in caplog.text


class Silent(FakeEngine):
    """Does not answer the first time."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def app_images(self, app: str = "") -> list[AppImage]:
        self.asked += 1
        if self.asked == 1:
            raise EngineFailed("Docker does not answer; is dockerd running?")
        return super().app_images(app)


def test_a_look_that_fails_is_logged_and_the_next_one_works(
    grown: Shop, platform: Platform, caplog: pytest.LogCaptureFixture
) -> None:
    engine = Silent()
    engine.made, engine.images = grown.engine.made, grown.engine.images
    upkeep = Reclaim(platform, engine)

    upkeep.look()
    wait_for(lambda: "Docker does not answer" in caplog.text, "the first look to fail")
    wait_for(lambda: upkeep.look() is None and left(grown) == "cd", "the images to go")


def test_an_image_of_which_a_rebuild_took_the_name_goes_when_its_release_is_old(
    shop: Shop, platform: Platform
) -> None:
    shop.store.apps.set_releases_kept("shop", 1)
    for name, image in (("-before-2", "first"), ("", "second"), ("", "third")):
        made = AppImage(image, "shop", (f"paas/shop:{'a' * 40}{name}",))
        shop.engine.made[image] = made
        shop.engine.images.add(image)
        build = start_build(shop.store, "shop", commit="a" * 40)
        build = end_build(shop.store, build, artifact=artifact(image=image, build=build.number))
        with shop.open() as rollout:
            changes.deploy(rollout, build)
    settle(shop)
    reclaim(platform, shop.engine)

    assert sorted(shop.engine.made) == ["second", "third"]
