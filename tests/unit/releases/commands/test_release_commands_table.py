"""The release manager's command table fits click and the functions it names."""

import inspect

import click
import pytest

from releases.command import Command
from releases.commands import COMMANDS


def test_no_name_is_there_twice() -> None:
    names = [command.name for command in COMMANDS]
    assert sorted(names) == sorted(set(names))


def test_all_that_was_promised_is_there() -> None:
    promised = {
        "apps", "apps:create", "apps:info", "apps:destroy", "config", "config:get", "config:set",
        "config:unset", "releases", "releases:info", "rollback", "ps", "ps:scale", "ps:restart",
        "logs",
    }  # fmt: skip
    assert promised <= {command.name for command in COMMANDS}


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_a_row_gives_help(command: Command) -> None:
    shaped = click.Command(command.name, params=list(command.params), help=command.summary)
    shown = shaped.get_help(click.Context(shaped, info_name=command.name))
    assert shown.startswith(f"Usage: {command.name}")
    assert command.summary in shown


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_a_row_hands_over_what_its_function_takes(command: Command) -> None:
    session, *taken = inspect.signature(command.run).parameters
    assert session == "session"
    assert sorted(taken) == sorted(str(param.name) for param in command.params)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_a_summary_is_one_short_line(command: Command) -> None:
    assert command.summary[0].isupper()
    assert not command.summary.endswith(".")
    assert len(command.summary) <= 70
    assert "\n" not in command.summary
