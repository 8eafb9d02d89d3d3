"""Which images of apps Docker has, and which of them may be removed."""

import os
from dataclasses import replace
from typing import Any

import pytest

from releases.domain.container import Slot
from releases.engine.docker import DockerEngine
from releases.engine.protocol import EngineFailed
from releases.settings import Settings
from tests.docker.images import named_image, plain_image
from tests.fakes import examples

pytestmark = pytest.mark.docker
OWN_APP = f"images-{os.getpid()}"  # names of images are seen by every run on the same Docker


def test_an_image_without_our_labels_stays_whatever_its_name(
    api: Any, docker_engine: DockerEngine
) -> None:
    name = f"paas/{OWN_APP}:{examples.COMMIT}"
    plain_image(api, name)
    try:
        docker_engine.remove_images(OWN_APP)
        assert docker_engine.app_images(OWN_APP) == []
        assert docker_engine.image_exists(name)
    finally:
        api.remove_image(name)


def test_an_image_of_another_platform_stays(
    api: Any, settings: Settings, docker_engine: DockerEngine
) -> None:
    other = replace(settings, instance=f"{settings.instance}-other")
    image = named_image(api, other, OWN_APP, f"paas/{OWN_APP}:{examples.COMMIT}")
    try:
        docker_engine.remove_images(OWN_APP)
        assert docker_engine.image_exists(image)
    finally:
        api.remove_image(image)


def test_a_name_that_a_build_gave_to_another_image_meanwhile_stays(
    api: Any, settings: Settings, docker_engine: DockerEngine
) -> None:
    name = f"paas/{OWN_APP}:{examples.COMMIT}"
    old = named_image(api, settings, OWN_APP, name)
    [listed] = docker_engine.app_images(OWN_APP)
    new = named_image(api, settings, OWN_APP, name)
    assert docker_engine.remove_image(listed) is True
    assert not docker_engine.image_exists(old)
    assert api.inspect_image(name)["Id"] == new


def test_an_image_that_was_named_meanwhile_stays(
    api: Any, settings: Settings, docker_engine: DockerEngine
) -> None:
    image = named_image(api, settings, OWN_APP)
    [listed] = docker_engine.app_images(OWN_APP)
    api.tag(image, f"alice/{OWN_APP}", "1")
    assert docker_engine.remove_image(listed) is False
    assert docker_engine.image_exists(f"alice/{OWN_APP}:1")


def test_a_missing_image_is_one_plain_line(docker_engine: DockerEngine) -> None:
    made = examples.artifact(image="sha256:" + "0" * 64)
    with pytest.raises(EngineFailed, match="the image of v1 is gone; `ps:rebuild myapp`"):
        docker_engine.start(examples.release(made=made), [Slot(1, 0, "web", 1)])
    assert docker_engine.containers("myapp") == []
