"""Which images a real Docker has left when those that nobody needs were removed."""

import os
from dataclasses import dataclass, replace
from typing import Any

import pytest

from releases.domain.app import Desired
from releases.engine.docker import DockerEngine
from releases.platform import Platform
from releases.settings import Settings
from releases.store import Store
from releases.upkeep.reclaim import reclaim
from tests.docker.images import named_image
from tests.fakes.examples import artifact, release

pytestmark = pytest.mark.docker
APP = f"reclaim-{os.getpid()}"


@dataclass
class Shelf:
    """An app's releases, each with an image of its own."""

    api: Any
    settings: Settings
    store: Store
    engine: DockerEngine

    def release(self, *, fails: bool = False) -> str:
        """One more; return its image."""
        number = self.store.apps.next_release(APP)
        image = self.image(f"paas/{APP}:{number:040x}")
        self.store.releases.add(release(APP, number, made=artifact(image=image, build=number)))
        if fails:
            self.store.releases.fail(APP, number, "web.1 exited with status 3")
            return image
        with self.store.locks.hold(APP, "Deploy") as lock:
            self.store.routes.flip(lock, Desired(number, {"web": 1}), {}, [])
        return image

    def image(self, *names: str) -> str:
        """One that is labelled as the app's."""
        return named_image(self.api, self.settings, APP, *names)

    def there(self, *images: str) -> list[bool]:
        """Which of them are."""
        return [self.engine.image_exists(image) for image in images]


@pytest.fixture
def shelf(api: Any, settings: Settings, store: Store, docker_engine: DockerEngine) -> Shelf:
    """An app that keeps two releases, and has none."""
    store.apps.create(APP, "ada")
    store.apps.set_releases_kept(APP, 2)
    return Shelf(api, settings, store, docker_engine)


def test_the_last_releases_keep_their_images_and_old_and_failed_ones_do_not(
    shelf: Shelf, platform: Platform
) -> None:
    first, second, failed = shelf.release(), shelf.release(), shelf.release(fails=True)
    third = shelf.release()
    reclaim(platform, shelf.engine)
    assert shelf.there(first, failed) == [False, False]
    assert shelf.there(second, third) == [True, True]


def test_what_has_no_name_and_what_a_rebuild_left_goes(shelf: Shelf, platform: Platform) -> None:
    live, dangling = shelf.release(), shelf.image()
    before = shelf.image(f"paas/{APP}:{1:040x}-before-2")
    reclaim(platform, shelf.engine)
    assert shelf.there(live, dangling, before) == [True, False, False]


def test_what_others_named_use_or_made_stays(
    api: Any, shelf: Shelf, platform: Platform, settings: Settings
) -> None:
    named, used = shelf.release(), shelf.release()
    shelf.release(), shelf.release()
    api.tag(named, f"alice/{APP}", "keep")
    foreign = api.create_container(used, ["sleep", "600"])["Id"]
    other = replace(settings, instance=f"{settings.instance}-other")
    theirs = named_image(api, other, APP, f"paas/{APP}:{99:040x}")
    try:
        reclaim(platform, shelf.engine)
        assert shelf.there(named, used, theirs) == [True, True, True]
        assert api.inspect_image(named)["RepoTags"] == [f"alice/{APP}:keep"]
    finally:
        api.remove_container(foreign)
        api.remove_image(theirs)
    reclaim(platform, shelf.engine)
    assert shelf.there(named, used) == [True, False]


def test_an_app_that_is_no_more_leaves_no_image(
    shelf: Shelf, platform: Platform, store: Store
) -> None:
    images = [shelf.release(), shelf.release()]
    store.apps.create("another", "ada")
    store.apps.forget(APP)
    reclaim(platform, shelf.engine)
    assert shelf.there(*images) == [False, False]
