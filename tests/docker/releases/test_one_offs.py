"""One-offs on the real engine: how many, in which images, and what is left of them."""

import io
from dataclasses import replace
from typing import Any

import pytest

from releases.command import Session
from releases.commands import COMMANDS
from releases.console import Window
from releases.domain.one_off import Run, TooManyOneOffs
from releases.engine.docker import DockerEngine
from releases.engine.program import Program
from releases.engine.protocol import EngineFailed
from releases.engine.runner import DockerRunner
from releases.platform import Platform
from releases.settings import Settings
from releases.store import Store
from tests.docker.images import busybox_image
from tests.fakes import examples
from tests.fakes.program import FakeConsole
from tests.services import wait_for

pytestmark = pytest.mark.docker
TABLE = {command.name: command for command in COMMANDS}


class Person:
    """Runs commands on an app whose live release has an image."""

    def __init__(self, platform: Platform, image: str) -> None:
        self.platform = platform
        store = platform.store
        store.apps.create("myapp", "ada")
        made = examples.artifact(image=image, processes={"web": None})
        store.releases.add(examples.release(made=made))
        live = {"live": '{"release": 1, "formation": {"web": 1}}', "flipped_at": 1, "routed_at": 1}
        store._redis.hset("paas:app:myapp", mapping=live)

    def __call__(self, name: str, console: FakeConsole | None = None, **given: Any) -> Any:
        """Run it; its output where it has no console, its exit status where it has."""
        out = io.StringIO()
        session = Session(self.platform, "ada", io.BytesIO(), out, console=console)
        status = TABLE[name].run(session, app="myapp", **given)
        return status if console else out.getvalue().strip()


@pytest.fixture
def person(docker_engine: DockerEngine, settings: Settings, image: str) -> Person:
    """With room for two one-offs."""
    return Person(Platform.open(replace(settings, max_one_offs=2)), image)


@pytest.fixture
def runner(settings: Settings, store: Store, docker_engine: DockerEngine) -> DockerRunner:
    """On the real engine."""
    return DockerRunner(settings, store, docker_engine)


def said(program: Program) -> bytes:
    """All that a program writes to its end; it is removed then."""
    try:
        return b"".join(piece.data for piece in program.output())
    finally:
        program.end(0)


def on_terminal(image: str, *words: str) -> Run:
    """A command on a terminal of 33 rows."""
    release = examples.release(made=examples.artifact(image=image))
    size = Window(77, 33).size
    return Run(release, 1, words, "ada", size=size, has_terminal=True, term="xterm")


def test_an_app_has_so_many_one_offs_and_no_more(
    person: Person, docker_engine: DockerEngine
) -> None:
    names = [person("run:detached", words=("sleep", "600")) for _ in range(2)]
    assert names == ["run.1", "run.2"]
    with pytest.raises(TooManyOneOffs, match="app myapp has 2 one-offs, and more than 2 are not"):
        person("run", FakeConsole(), words=("id",))
    person("run:stop", names=("run.1",))
    assert person("run", FakeConsole(), words=("id",)) == 0
    assert [one.name for one in docker_engine.one_offs("myapp")] == ["run.2"]


def test_the_output_of_the_last_that_ended_is_kept_and_no_more(
    person: Person, docker_engine: DockerEngine
) -> None:
    for number in range(1, 5):
        assert person("run:detached", words=("echo", "hi")) == f"run.{number}"
        wait_for(lambda: docker_engine.one_offs("myapp")[-1].has_ended, "its end")
    assert [one.name for one in docker_engine.one_offs("myapp")] == ["run.3", "run.4"]
    assert "app[run.4]: hi" in person("logs", tail=False, num=10, process="run.4")
    assert "run.4" in person("ps", as_json=False)


def test_a_client_that_is_gone_before_it_starts_leaves_nothing(
    person: Person, docker_engine: DockerEngine
) -> None:
    console = FakeConsole(stays=True)
    console.gone.set()
    person("run", console, words=("sleep", "600"))
    assert docker_engine.one_offs("myapp") == []


def test_an_attended_one_is_not_in_dockers_logs(
    person: Person, docker_engine: DockerEngine, api: Any
) -> None:
    drivers: list[str] = []

    class Nosy(FakeConsole):
        """Looks at the container while it runs."""

        def write(self, data: bytes) -> None:
            [one] = docker_engine.one_offs("myapp")
            found = api.inspect_container(one.container.id)
            drivers.append(found["HostConfig"]["LogConfig"]["Type"])

    assert person("run", Nosy(), words=("echo", "secret")) == 0
    assert drivers == ["none"]


def test_a_terminal_has_its_size_at_the_first_look(runner: DockerRunner, image: str) -> None:
    assert said(runner.run(on_terminal(image, "busybox", "stty", "size"))) == b"33 77\r\n"


def test_an_image_without_a_shell_runs_its_programs_on_a_terminal_too(
    runner: DockerRunner, api: Any, settings: Settings
) -> None:
    bare = busybox_image(api, settings, "bare", shell=False)
    assert said(runner.run(on_terminal(bare, "/bin/echo", "hi"))) == b"hi\r\n"


def test_an_entry_point_of_the_image_is_given_the_words_and_nothing_else(
    runner: DockerRunner, api: Any, settings: Settings
) -> None:
    pointed = busybox_image(api, settings, "pointed", entry_point=["/bin/echo", "given"])
    assert (
        said(runner.run(on_terminal(pointed, "one", "two  words"))) == b"given one two  words\r\n"
    )


def test_a_gone_image_is_one_plain_line(runner: DockerRunner, docker_engine: DockerEngine) -> None:
    release = examples.release(made=examples.artifact(image="sha256:" + "0" * 64))
    with pytest.raises(EngineFailed, match="the image of v1 is gone; `ps:rebuild myapp`"):
        runner.detach(Run(release, 1, ["ls"], "ada", until=2e9))
    assert docker_engine.one_offs() == []


def test_ending_twice_and_from_two_sides_is_fine(
    runner: DockerRunner, image: str, docker_engine: DockerEngine
) -> None:
    release = examples.release(made=examples.artifact(image=image))
    program = runner.run(Run(release, 1, ["sleep", "600"], "ada"))
    [one] = docker_engine.one_offs()
    docker_engine.retire(one.container, 0)
    assert list(program.output()) == []
    assert program.exit_status() == 137
    program.end(0)
    program.end(0)
    assert docker_engine.one_offs() == []
