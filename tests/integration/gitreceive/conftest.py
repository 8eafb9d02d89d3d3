"""Fixtures of the front door's tests."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import click
import pytest

from gitreceive import event_commands, image_commands, release_diff, repository_commands
from gitreceive.commands import COMMANDS
from gitreceive.limits import Limits
from releases.command import Command
from releases.platform import Platform
from releases.settings import Settings
from tests.integration.gitreceive.front_door import Door, crash, echo, open_door, watch
from tests.services import need

OPEN = Callable[[Limits], Door]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """The platform's settings, with a free port."""
    return replace(settings, ssh_port=0)


@pytest.fixture
def open_with(platform: Platform, tmp_path: Path) -> Iterator[OPEN]:
    """Open the door with limits of the test's own."""
    need("git")
    need("ssh")
    commands = [
        *COMMANDS,
        *event_commands.COMMANDS,
        *repository_commands.COMMANDS,
        *image_commands.COMMANDS,
        *release_diff.COMMANDS,
        Command("echo", "Say it", echo, (click.Argument(["words"], nargs=-1),)),
        Command("watch", "Follow a log", watch, (click.Argument(["log"]),)),
        Command("crash", "Fail", crash),
    ]
    with ExitStack() as stack:
        yield lambda limits: stack.enter_context(open_door(platform, tmp_path, commands, limits))


@pytest.fixture
def door(open_with: OPEN) -> Door:
    """The door with its usual limits."""
    return open_with(Limits())
