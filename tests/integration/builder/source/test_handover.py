"""A build host fetches sources from a real front door, with a key that can do nothing else."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import click
import pytest

import builder.commands
import gitreceive.commands
from builder.source.archive import source_path
from builder.source.handover import HandoverFailed, fetch
from gitreceive.keys import host_key
from gitreceive.limits import Limits
from releases.command import Command, Session
from releases.platform import Platform
from releases.settings import Settings
from tests.builds import queue_build
from tests.integration.gitreceive.front_door import Door, crash, make_key, open_door, run
from tests.services import need

pytestmark = pytest.mark.integration
TAR = os.urandom(3_000_001) + b"\r\n\xff"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, ssh_port=0)


@pytest.fixture
def door(platform: Platform, tmp_path: Path) -> Iterator[Door]:
    """A front door that has the source of build 1 of myapp."""
    need("ssh")
    commands = [
        *builder.commands.COMMANDS,
        *gitreceive.commands.COMMANDS,
        Command("crash", "Fail", crash),
    ]
    platform.store.apps.create("myapp", "alice")
    number = queue_build(platform.store).number
    path = source_path(platform.settings.sources, "myapp", number)
    path.parent.mkdir(parents=True)
    path.write_bytes(TAR)
    (tmp_path / "door").mkdir()
    with open_door(platform, tmp_path / "door", commands, Limits()) as door:
        yield door


@pytest.fixture
def build_host(door: Door, tmp_path: Path) -> Settings:
    """Another machine's settings: it knows the front door, and its key is let in."""
    home = tmp_path / "host"
    home.mkdir()
    public = make_key(home / "builder_key").with_suffix(".pub").read_text()
    added = door.ssh("keys:add", "--build-host", "builder-2", stdin=public)
    assert added.out.endswith("It is for builds:source only\n")
    (home / "front_door.pub").write_bytes(
        (door.platform.settings.home / "host_key.pub").read_bytes()
    )
    return Settings(home=home, front_door=f"127.0.0.1:{door.server.port}")


def ssh(door: Door, build_host: Settings, *words: str) -> tuple[int, str]:
    """What a command with the build host's key ends with, and what it complains of."""
    options = [*door.options[:-1], str(build_host.home / "builder_key"), "-p"]
    done = run(["ssh", *options, str(door.server.port), "paas@127.0.0.1", *words])
    return done.status, done.err


def test_a_build_host_fetches_a_source_whole(build_host: Settings, tmp_path: Path) -> None:
    path = tmp_path / "sources" / "myapp" / "1.tar"
    fetch(build_host, "myapp", 1, path)
    assert path.read_bytes() == TAR
    assert [one.name for one in path.parent.iterdir()] == ["1.tar"]


def test_openssh_gets_the_same_bytes(door: Door) -> None:
    command = [*door.ssh_command, "paas@127.0.0.1", "builds:source", "myapp", "1"]
    assert subprocess.run(command, capture_output=True, check=True).stdout == TAR


@pytest.mark.parametrize(
    "words",
    [("crash",), ("builds", "myapp"), ("keys",), ("version",), ("git-upload-pack", "myapp")],
    ids=" ".join,
)
def test_its_key_is_for_nothing_else(
    door: Door, build_host: Settings, words: tuple[str, ...]
) -> None:
    status, complaint = ssh(door, build_host, *words)
    assert status == 77
    assert "this key is for builds:source only, and not for" in complaint


@pytest.mark.parametrize(
    ("app", "number", "why"),
    [
        ("myapp", 9, "app myapp has no build 9"),
        ("yours", 1, "app yours does not exist"),
        ("myapp", 2, "the source of build 2 of myapp is no longer kept"),
    ],
)
def test_what_is_not_there_is_not_fetched(
    door: Door, build_host: Settings, tmp_path: Path, app: str, number: int, why: str
) -> None:
    queue_build(door.platform.store)
    with pytest.raises(HandoverFailed, match=why):
        fetch(build_host, app, number, tmp_path / "sources" / "1.tar")
    assert list((tmp_path / "sources").iterdir()) == []


def test_a_key_that_is_not_let_in_is_told_how(
    door: Door, build_host: Settings, tmp_path: Path
) -> None:
    door.ssh("keys:remove", "builder-2")
    with pytest.raises(HandoverFailed, match="keys:add --build-host NAME"):
        fetch(build_host, "myapp", 1, tmp_path / "1.tar")


def test_another_front_door_than_the_known_one_is_given_nothing(
    build_host: Settings, tmp_path: Path
) -> None:
    host_key(tmp_path / "other")
    (tmp_path / "other.pub").rename(build_host.home / "front_door.pub")
    with pytest.raises(HandoverFailed, match="another host key"):
        fetch(build_host, "myapp", 1, tmp_path / "1.tar")


@pytest.mark.parametrize("lacking", ["builder_key", "front_door.pub"])
def test_a_build_host_that_is_not_set_up_says_what_it_lacks(
    build_host: Settings, tmp_path: Path, lacking: str
) -> None:
    for content in (None, "nonsense"):
        (build_host.home / lacking).unlink()
        if content:
            (build_host.home / lacking).write_text(content)
        with pytest.raises(HandoverFailed, match=lacking):
            fetch(build_host, "myapp", 1, tmp_path / "1.tar")
        (build_host.home / lacking).touch()


@pytest.mark.parametrize("front_door", ["", ":2222", "door:x"])
def test_a_setting_that_names_no_front_door_says_so(
    build_host: Settings, tmp_path: Path, front_door: str
) -> None:
    with pytest.raises(HandoverFailed, match="the setting front_door is"):
        fetch(replace(build_host, front_door=front_door), "myapp", 1, tmp_path / "1.tar")


def test_a_front_door_that_is_not_there_leaves_nothing(
    door: Door, build_host: Settings, tmp_path: Path
) -> None:
    door.server.stop()
    with pytest.raises(HandoverFailed, match="could not be fetched from the front door"):
        fetch(build_host, "myapp", 1, tmp_path / "1.tar")
    assert not list(tmp_path.glob("1.*"))


def test_a_source_that_ends_in_the_middle_is_not_stored(
    platform: Platform, build_host: Settings, tmp_path: Path
) -> None:
    def half(session: Session, words: tuple[str, ...]) -> None:
        session.send([TAR])
        raise OSError("the disk broke")

    broken = Command("builds:source", "", half, (click.Argument(["words"], nargs=-1),))
    platform.store.ssh_keys.remove("alice")
    (tmp_path / "second").mkdir()
    with open_door(platform, tmp_path / "second", [broken], Limits()) as door:
        settings = replace(build_host, front_door=f"127.0.0.1:{door.server.port}")
        with pytest.raises(HandoverFailed, match="internal error, reference"):
            fetch(settings, "myapp", 1, tmp_path / "1.tar")
    assert not list(tmp_path.glob("1.*"))


def test_a_terminal_is_not_filled_with_a_tar(door: Door) -> None:
    shown = door.ssh("builds:source", "myapp", "1", options=["-tt"])
    assert (shown.status, "not for a terminal" in shown.text) == (2, True)
