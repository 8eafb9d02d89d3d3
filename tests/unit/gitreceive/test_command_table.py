"""From a typed line to a command that runs, without SSH."""

import io
from typing import Any

import click
import pytest

from gitreceive.commands import COMMANDS
from gitreceive.dispatch import CommandTable, DuplicateCommand, split
from releases.command import APP, JSON, Command, Session
from releases.domain.app import NoSuchApp
from releases.errors import BadInput


class Recorder:
    """A command's body that notes what it was given."""

    def __init__(self) -> None:
        self.given: dict[str, object] = {}

    def __call__(self, session: Session, **given: object) -> None:
        self.given = given


def missing(session: Session, app: str) -> None:
    """A command on an app that is not there."""
    raise NoSuchApp(app)


def gone(session: Session) -> None:
    """A command whose reader left."""
    raise BrokenPipeError


class Notes:
    """Notes what a command table says of a call."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def command(self, name: str) -> None:
        """It ran."""
        self.lines.append(name)

    def refused(self, why: str) -> None:
        """It may not run."""
        self.lines.append(f"refused: {why}")


SET = Recorder()
TABLE = CommandTable(
    [
        Command("apps", "List apps", Recorder(), (JSON,)),
        Command("apps:info", "Show an app", missing, (APP,)),
        Command("config:set", "Set", SET, (APP, click.Argument(["pairs"], nargs=-1))),
        Command("gone", "Leave", gone),
        Command("everyone", "For all", Recorder(), for_all=True),
    ]
)


NOTES = Notes()


def run(*words: str, only: tuple[str, ...] = ()) -> tuple[int, str, str]:
    """Exit status, output and errors."""
    out, errors = io.StringIO(), io.StringIO()
    unused: Any = None
    session = Session(platform=unused, who="alice", stdin=io.BytesIO(), out=out, only=only)
    NOTES.lines.clear()
    status = TABLE.run(words, session, errors, NOTES)
    return status, out.getvalue(), errors.getvalue()


def test_what_is_noted_of_a_command_is_its_name_and_its_app_and_no_word_of_it() -> None:
    run("config:set", "myapp", "TOKEN=secret")
    assert NOTES.lines == ["config:set of myapp"]
    run("config:set", "TOKEN=secret")  # the app was forgotten
    assert NOTES.lines == ["config:set"]
    run("config:set", "TOKEN=secret", only=("mine",))
    assert NOTES.lines == ["refused: config:set is not for this key"]
    run("SECRET=secret")
    assert NOTES.lines == []


@pytest.mark.parametrize("words", [("config:set", "mine", "A=1"), ("everyone",), ("help",)])
def test_a_limited_key_may_use_its_apps_and_what_is_for_all(words: tuple[str, ...]) -> None:
    assert run(*words, only=("mine", "other"))[0] == 0


@pytest.mark.parametrize(
    ("words", "what"),
    [(("config:set", "yours", "A=1"), "yours"), (("gone",), "gone"), (("apps",), "apps")],
)
def test_a_limited_key_may_use_nothing_else(words: tuple[str, ...], what: str) -> None:
    SET.given = {}
    complaint = f"this key is for mine, other only, and not for {what}"
    assert run(*words, only=("mine", "other")) == (77, "", f" !     {complaint}\n")
    assert SET.given == {}
    assert NOTES.lines[0].startswith(f"refused: {words[0]}")


def test_an_error_is_one_line_whatever_was_typed() -> None:
    _, _, errors = run("gone", "a\nb\x1b[2J" + "c" * 5000)
    assert errors.count("\n") == 1
    assert "\x1b" not in errors
    assert len(errors) < 2100


def test_parameters_arrive_by_name() -> None:
    assert run("config:set", "myapp", "A=1", "B=two words\n") == (0, "", "")
    assert SET.given == {"app": "myapp", "pairs": ("A=1", "B=two words\n")}


def test_help_lists_commands_in_groups() -> None:
    status, out, _ = run("help")
    assert status == 0
    assert "\n\n  apps        List apps\n  apps:info   Show an app\n\n  config:set  Set\n" in out
    assert run() == run("--help") == run("-h") == (0, out, "")


@pytest.mark.parametrize("words", [("help", "apps"), ("apps", "--help")])
def test_help_about_one_command_shows_its_usage(words: tuple[str, ...]) -> None:
    status, out, errors = run(*words)
    assert (status, errors) == (0, "")
    assert out.startswith("Usage: apps [OPTION]...\n\n  List apps\n")
    assert "--json" in out


def test_usage_errors_are_one_line_with_the_usage_and_status_2() -> None:
    complaint = " !     Missing argument 'APP'. Usage: config:set APP [PAIRS]...\n"
    assert run("config:set") == (2, "", complaint)


def test_a_domain_error_keeps_its_exit_status() -> None:
    status, out, errors = run("apps:info", "nope")
    assert (status, out) == (20, "")
    assert errors.startswith(" !     app nope does not exist")


def test_an_unknown_command_names_the_nearest() -> None:
    complaint = " !     `app:info` is not a paas command; did you mean apps:info or apps?\n"
    assert run("app:info") == (127, "", complaint)


def test_a_reader_who_left_is_no_error_of_ours() -> None:
    assert run("gone") == (141, "", "")


def test_two_commands_of_one_name_fail_at_the_start() -> None:
    with pytest.raises(DuplicateCommand, match="two commands are named version"):
        CommandTable(COMMANDS, [Command("version", "Again", gone)])
    with pytest.raises(DuplicateCommand, match="help"):
        CommandTable([Command("help", "Mine", gone)])


def test_the_front_door_s_own_commands_each_say_what_they_do() -> None:
    assert [row.name for row in COMMANDS] == ["keys", "keys:add", "keys:remove", "version"]
    assert all(row.summary and "\n" not in row.summary for row in COMMANDS)


def test_words_are_split_as_a_shell_does_and_nothing_is_expanded() -> None:
    assert split("a 'b c' \"d\" $(id) `id` * ; e\\ f") == [
        *("a", "b c", "d", "$(id)", "`id`", "*", ";", "e f")
    ]
    with pytest.raises(BadInput, match="not balanced"):
        split("a 'b")
