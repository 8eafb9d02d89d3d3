"""What runs once for a release, on a real Docker: what it is given, and its image."""

import json
import threading
from contextlib import suppress
from typing import Any

import pytest

from releases.domain.container import Slot
from releases.domain.release import Release
from releases.engine.docker import DockerEngine
from releases.engine.protocol import EngineFailed, Once
from releases.settings import Settings
from tests.docker.images import named_image
from tests.docker.releases.conftest import NAME
from tests.fakes import examples
from tests.services import wait_for

pytestmark = pytest.mark.docker
SECRET = {"TOKEN": "s3cret"}


def released(image: str, number: int = 1) -> Release:
    """A release with config."""
    return examples.release(number=number, made=examples.artifact(image=image), config=SECRET)


def run(engine: DockerEngine, image: str, line: str, **how: Any) -> tuple[list[str], str]:
    """Run a line; its output, and the image that was made."""
    said: list[str] = []
    ran = engine.run_once(released(image), Once(line, 30.0, said.extend, **how))
    assert ran.status == 0, said
    return said, ran.image


def left(api: Any) -> list[str]:
    """The names of the run's containers."""
    found = api.containers(all=True, filters={"label": f"paas.instance={NAME}"})
    return [name.strip("/") for one in found for name in one["Names"]]


def test_it_is_given_the_config_and_its_name(docker_engine: DockerEngine, image: str) -> None:
    line = "echo $TOKEN $DYNO $PAAS_RELEASE $PORT; echo also >&2; printf rest"
    said, _ = run(docker_engine, image, line)
    assert sorted(said) == ["also", "rest", "s3cret release.1 v1 5000"]


def test_its_lines_come_while_it_runs(docker_engine: DockerEngine, image: str) -> None:
    first = threading.Event()
    line = "echo first; while [ ! -e /go ]; do sleep 0.1; done; echo last"
    said: list[str] = []

    def write(lines: list[str]) -> None:
        said.extend(lines)
        first.set()

    once = Once(line, 60.0, write)
    running = threading.Thread(target=docker_engine.run_once, args=(released(image), once))
    running.start()
    assert first.wait(30.0)
    assert said == ["first"]
    api: Any = docker_engine._api
    [name] = left(api)
    api.exec_start(api.exec_create(name, ["sh", "-c", ": >/go"])["Id"])
    running.join(30.0)
    assert said == ["first", "last"]


def test_what_it_changed_is_in_the_image_and_all_else_is_as_it_was(
    docker_engine: DockerEngine, image: str, api: Any
) -> None:
    _, made = run(docker_engine, image, "echo built >/www/index.html", keeps_changes=True)

    before, after = (api.inspect_image(one)["Config"] for one in (image, made))
    for key in ("Cmd", "Entrypoint", "Env", "User", "WorkingDir", "ExposedPorts", "Volumes"):
        assert after.get(key) == before.get(key), key
    assert before["Labels"].items() <= after["Labels"].items()
    assert "s3cret" not in json.dumps([api.inspect_image(made), api.history(made)])
    [web] = docker_engine.start(released(made), [Slot(1, 0, "web", 1)])
    assert docker_engine.execute(web, ["cat", "/www/index.html"], 10.0).output == ("built",)
    assert [one.id for one in docker_engine.containers("myapp")] == [web.id]


def test_a_container_of_the_made_image_is_not_taken_for_one_that_runs_once(
    docker_engine: DockerEngine, image: str
) -> None:
    _, made = run(docker_engine, image, "true", keeps_changes=True)
    [web] = docker_engine.start(released(made), [Slot(1, 0, "web", 1)])
    docker_engine.end_once("myapp")
    assert docker_engine.condition(web).running


def test_the_images_entrypoint_leads_the_line_as_it_does_for_a_process(
    docker_engine: DockerEngine, image: str, api: Any
) -> None:
    conf = {**api.inspect_image(image)["Config"], "Entrypoint": ["env", "LED=yes"]}
    holder = api.create_container(image)["Id"]
    led = api.commit(holder, conf=conf)["Id"]
    api.remove_container(holder)
    said, made = run(docker_engine, led, "echo $LED", keeps_changes=True)
    assert said == ["yes"]
    assert api.inspect_image(made)["Config"]["Entrypoint"] == ["env", "LED=yes"]


def test_what_a_dead_worker_left_is_ended_before_the_command_runs_again(
    docker_engine: DockerEngine, image: str, api: Any
) -> None:
    ended = threading.Event()

    def first() -> None:
        with suppress(EngineFailed):
            docker_engine.run_once(released(image), Once("echo up; sleep 600", 60.0, up))
        ended.set()

    started = threading.Event()

    def up(lines: list[str]) -> None:
        started.set()

    threading.Thread(target=first, daemon=True).start()
    assert started.wait(30.0)
    said, _ = run(docker_engine, image, "echo again")
    assert said == ["again"]
    wait_for(ended.is_set, "the first one to be ended")
    assert left(api) == []


def test_something_left_in_the_background_does_not_hold_it_up(
    docker_engine: DockerEngine, image: str
) -> None:
    said, _ = run(docker_engine, image, "sleep 600 & echo done")
    assert said == ["done"]


def test_all_images_of_an_app_go_with_it(
    docker_engine: DockerEngine, settings: Settings, api: Any
) -> None:
    image = named_image(api, settings, "gone", f"paas/gone:{examples.COMMIT}")
    once = Once("true", 30.0, print, keeps_changes=True)
    release = examples.release("gone", made=examples.artifact(image=image))
    made = docker_engine.run_once(release, once).image

    def are_gone() -> bool:
        docker_engine.remove_images("gone")
        return not docker_engine.image_exists(made) and not docker_engine.image_exists(image)

    wait_for(are_gone, "its images to go")  # Docker may still be removing the container
