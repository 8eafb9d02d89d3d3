"""What reaches the engine over a session: files as they are, only what changed, secrets, caches."""

import io
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker
import pytest

from builder.bases.stack import Bases
from builder.buildkit.directory import Directory, directory_of_files, directory_of_tar
from builder.buildkit.session import Offer
from builder.docker.engine import Engine, EngineUnreachable, ImageBuild
from builder.docker.image import Built, Recipe, build_image
from builder.docker.progress import BuildFailed
from builder.source.archive import write_source
from builder.source.objects import Objects
from releases.settings import Settings
from tests.docker.builder.conftest import INSTANCE
from tests.docker.fresh import mark
from tests.integration.builder.repository import Repository

pytestmark = pytest.mark.docker

LABELS = {"paas.instance": INSTANCE, "paas.app": "session"}
HOST = "unix:///var/run/docker.sock"
TAG = f"paas/session:{INSTANCE}"


@dataclass
class Builds:
    """Builds on a stack, what they print, and the image."""

    api: Any
    stack: str
    said: list[str] = field(default_factory=list)

    def build(self, *steps: str, **known: Any) -> Built:
        """An image of these steps."""
        text = "\n".join([f"FROM {self.stack}", *steps])
        self.said.clear()
        recipe = Recipe(TAG, TAG, text, LABELS, **known)
        return build_image(Engine(HOST), recipe, self.said.extend)

    def everything(self) -> bytes:
        """The image's layers, config and history, unpacked."""
        content = b""
        with tarfile.open(fileobj=io.BytesIO(b"".join(self.api.get_image(TAG)))) as image:
            for member in image:
                file = image.extractfile(member)
                content += file.read() if file else b""
        return content + repr(self.api.history(TAG)).encode()


@pytest.fixture
def builds(engine: docker.APIClient, tmp_path: Path) -> Builds:
    """On the machine's stack."""
    bases = Bases(Engine(HOST), Settings(home=tmp_path, instance=INSTANCE), print)
    return Builds(engine, bases.stack().name)


def unpacked(api: Any, image: str) -> dict[str, tarfile.TarInfo]:
    """All that is in an image, by path."""
    container = api.create_container(image, command=["none"], labels=LABELS)
    try:
        content = b"".join(api.export(container))
    finally:
        api.remove_container(container)
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        return {member.name: member for member in archive}


def test_every_kind_of_file_arrives_as_it_was_committed(
    engine: docker.APIClient, tmp_path: Path
) -> None:
    repository = Repository(tmp_path / "r.git")
    files = {
        "src/run*": "#!/bin/sh\n",
        "src/données ☃.txt": "snow",
        "src/a-b": "",
        "src/a/b": "x" * 200_000,
        f"src/{'long' * 40}/{'name' * 40}": "l",
        "src/ space ": "s",
        "src/#hash": "h",
        "src/.dockerignore": "",
    }
    links = {"src/link": "a/b", "src/dangling": "nowhere", "src/dir": "a", "src/far": "a/" * 70}
    source = write_source(
        Objects(repository.path), repository.commit(files, links), tmp_path / "1.tar"
    )
    text = "FROM scratch\nCOPY . /\n"
    recipe = Recipe("session", TAG, text, LABELS, source=source.path)
    found = unpacked(engine, build_image(Engine(HOST), recipe, print).image)
    with tarfile.open(source.path) as expected:
        for member in expected:
            there = found[member.name]
            assert (
                there.type,
                there.mode & 0o7777,
                there.size,
                there.linkname,
                there.uid,
                there.gid,
            ) == (*(member.type, member.mode, member.size, member.linkname, 0, 0),)
            assert there.isdir() or there.mtime == member.mtime


def test_directories_with_nothing_in_them_arrive(engine: docker.APIClient) -> None:
    empty = directory_of_files({"a/b/c": b""}).entries[:2]
    dockerfile = directory_of_files({"Dockerfile": b"FROM scratch\nCOPY . /\n"})
    context = Directory(empty, lambda _place, _size: b"")
    offer = Offer({"context": context, "dockerfile": dockerfile}, "session-empty")
    build = ImageBuild("session", TAG, "Dockerfile", LABELS)
    assert any(message.get("id") == "moby.image.id" for message in Engine(HOST).build(build, offer))
    assert {"a", "a/b"} <= set(unpacked(engine, TAG))


@dataclass
class Recorder:
    """Builds the versions of a source, and says what of it the engine read."""

    repository: Repository
    path: Path
    key: str

    def read_for(self, text: str, files: Mapping[str, str]) -> set[str]:
        """The files whose contents were asked for."""
        commit = self.repository.commit(files)
        write_source(Objects(self.repository.path), commit, self.path)
        starts: set[int] = set()
        with directory_of_tar(self.path) as source:

            def read(start: int, size: int) -> bytes:
                starts.add(start)
                return source.read(start, size)

            dockerfile = directory_of_files({"Dockerfile": text.encode()})
            shown = {"context": Directory(source.entries, read), "dockerfile": dockerfile}
            build = ImageBuild(self.key, TAG, "Dockerfile", LABELS)
            list(Engine(HOST).build(build, Offer(shown, self.key)))
            return {entry.path.decode() for entry in source.entries if entry.start in starts}


@pytest.fixture
def recorder(engine: docker.APIClient, tmp_path: Path) -> Recorder:
    """With a key that no build had before."""
    return Recorder(Repository(tmp_path / "r.git"), tmp_path / "1.tar", mark())


def test_only_what_changed_is_sent_again(recorder: Recorder) -> None:
    text = "FROM scratch\nCOPY . /\n"
    files = {f"d{n % 3}/f{n}": f"content {n}" for n in range(30)}
    assert recorder.read_for(text, files) == set(files)
    assert recorder.read_for(text, files) == set()
    changed = {**files, "d1/f1": "content Y", "new": "n"}
    del changed["d2/f2"]
    assert recorder.read_for(text, changed) == {"d1/f1", "new"}


def test_what_no_step_copies_is_not_sent(recorder: Recorder) -> None:
    text = "FROM scratch\nCOPY package*.json lib /\n"
    files = {"package.json": "{}", "package-lock.json": "{}", "lib/a": "a", "large": "x" * 100_000}
    assert recorder.read_for(text, files) == {"package.json", "package-lock.json", "lib/a"}


def test_a_secret_is_there_for_its_step_and_nowhere_else(builds: Builds) -> None:
    secret = mark()
    builds.build(
        "RUN --mount=type=secret,id=TOKEN rev /run/secrets/TOKEN && echo",
        "RUN test ! -e /run/secrets/TOKEN",
        secrets={"TOKEN": secret.encode()},
        no_cache=True,
    )
    assert secret[::-1] in builds.said
    assert secret.encode() not in builds.everything()


def test_a_secret_that_the_build_has_not_is_named(builds: Builds) -> None:
    step = "RUN --mount=type=secret,id=OTHER,required=true cat /run/secrets/OTHER"
    with pytest.raises(BuildFailed, match="OTHER"):
        builds.build(step, secrets={"TOKEN": b"hush"})


def test_apps_and_generations_share_no_cache_mount(builds: Builds) -> None:
    app = mark()
    steps = "RUN --mount=type=cache,target=/c --mount=type=cache,id=own,target=/o "
    read = steps + f"echo found $(cat /c/x /o/x); echo {{}} > /c/x; echo {{}} > /o/x # {app}"

    def found(scope: str, word: str) -> str:
        builds.build(read.replace("{}", word), cache_scope=scope)
        return next(line for line in builds.said if line.startswith("found"))

    assert found(f"{app}/0", "one").strip() == "found"
    assert found(f"{app}/0", "two") == "found one one"
    assert found(f"{app}/1", "three").strip() == "found"
    assert found(f"other-{app}/0", "four").strip() == "found"
    assert found(f"{app}/0", "five") == "found two two"


def test_an_engine_that_is_not_there_is_said_so() -> None:
    with pytest.raises(EngineUnreachable, match="no Docker Engine answers at tcp://127"):
        Engine("tcp://127.0.0.1:1")
