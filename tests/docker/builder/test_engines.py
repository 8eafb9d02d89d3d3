"""The classic builder as the fallback, and base images that are made once."""

import threading
from collections.abc import Generator
from pathlib import Path
from typing import Any

import docker
import pytest

from builder.bases.stack import Bases
from builder.buildkit.session import Offer
from builder.detection.manifest import read_buildpacks
from builder.docker.engine import Engine, EngineRefused, ImageBuild
from builder.docker.image import Recipe, build_image
from builder.source.archive import write_source
from builder.source.objects import Objects
from releases.settings import PROJECT, Settings
from tests.docker.builder.conftest import INSTANCE, Workshop
from tests.docker.fresh import mark

pytestmark = pytest.mark.docker


class WithoutBuildKit(Engine):
    """The real engine, but it refuses sessions: so do engines without BuildKit."""

    def build(self, build: ImageBuild, offer: Offer) -> Generator[dict[str, Any], None, None]:
        """Refuse before anything was sent."""
        raise EngineRefused("Docker refused a session: HTTP/1.1 404 Not Found")


def test_an_engine_without_buildkit_builds_the_same_app(
    workshop: Workshop, engine: docker.APIClient, tmp_path: Path
) -> None:
    commit = workshop.commit("hello-python", {"requirements.txt": ""})
    source = write_source(Objects(workshop.repository.path), commit, tmp_path / "1.tar")
    settings = workshop.platform.settings
    python = next(b for b in read_buildpacks(settings.buildpacks) if b.name == "python")
    old = WithoutBuildKit(settings.docker_host)
    lines: list[str] = []
    bases = Bases(old, settings, lines.extend)
    recipe = Recipe(
        build_id="paas-classic",
        tag=f"paas/classic:{commit}",
        dockerfile=python.text(python.dockerfile),
        labels={"paas.instance": INSTANCE, "paas.app": "classic"},
        arguments={
            "RUNTIME": bases.runtime(python).name,
            "TOOLCHAIN": bases.toolchain(python).name,
        },
        source=source.path,
    )
    built = build_image(old, recipe, lines.extend)
    found = engine.inspect_image(recipe.tag)
    assert found["Id"] == built.image
    assert found["Config"]["Labels"]["paas.app"] == "classic"
    assert any("RUN with-build-env install-python" in line for line in lines)
    assert any(line.startswith("Without BuildKit, so without cache mounts") for line in lines)
    lines.clear()
    build_image(old, recipe, lines.extend)
    assert any(line.startswith("CACHED [4/") for line in lines)


def test_two_builds_at_once_make_the_stack_once(
    workshop: Workshop, engine: docker.APIClient, tmp_path: Path
) -> None:
    workshop.build("again", workshop.commit("hello-static"))  # the base is there from here on
    text = f"ARG STACK\nFROM ${{STACK}}\nLABEL paas.app=stack-test paas.test={mark()}\n"
    (tmp_path / "stack.Dockerfile").write_text(text)
    settings = Settings(home=tmp_path, instance=INSTANCE, buildpacks=tmp_path)
    said: list[str] = []
    barrier = threading.Barrier(2)

    def make() -> None:
        bases = Bases(Engine(settings.docker_host), settings, said.extend)
        barrier.wait()
        bases.stack()

    threads = [threading.Thread(target=make) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said.count("Making the bookworm stack (once)") == 1
    assert not [line for line in said if "FROM" in line][1:]


def test_an_image_that_exists_is_found_with_its_ports_and_one_that_does_not_is_none(
    workshop: Workshop,
) -> None:
    engine = Engine(workshop.platform.settings.docker_host)
    text = "FROM scratch\nEXPOSE 9000 53/udp 8000\nLABEL paas.app=ports\n"
    recipe = Recipe("paas-ports", "paas/ports:1", text, {"paas.instance": INSTANCE})
    build_image(engine, recipe, print)
    image = engine.image("paas/ports:1")
    assert image
    assert image.ports == (8000, 9000)
    engine.remove("paas/ports:1")
    assert engine.image("paas/ports:1") is None
    engine.remove("paas/ports:1")


def test_the_registry_is_asked_through_the_engine_and_a_refusal_comes_at_once(
    workshop: Workshop,
) -> None:
    engine = Engine(workshop.platform.settings.docker_host)
    assert not engine.can_reach_registry_of("127.0.0.1:1/nothing:1", 2)


def test_prepare_has_nothing_to_do_the_second_time(workshop: Workshop) -> None:
    settings = workshop.platform.settings
    said: list[str] = []
    bases = Bases(Engine(settings.docker_host), settings, said.extend)
    for buildpack in read_buildpacks(PROJECT / "buildpacks"):
        if buildpack.name == "static":
            bases.runtime(buildpack)
            said.clear()
            bases.runtime(buildpack)
    assert said == []
