"""Where our words end and the program's begin."""

import io
from typing import Any

import click
import pytest

from gitreceive.dispatch import CommandTable
from releases.command import APP, WORDS, Command, Session

GIVEN: list[dict[str, object]] = []


def take(session: Session, **given: object) -> int:
    """For the tests: note what arrived; exit status 7."""
    GIVEN.append(given)
    return 7


class Silent:
    """Takes no notes."""

    def command(self, name: str) -> None:
        """It ran."""

    def refused(self, why: str) -> None:
        """It may not run."""


TABLE = CommandTable(
    [
        Command(
            "run",
            "Run",
            take,
            (APP, WORDS, click.Option(["-e", "--env"]), click.Option(["--quiet"], is_flag=True)),
            raw=True,
        )
    ]
)


def run(*words: str) -> tuple[int, str, str]:
    """Exit status, output and errors."""
    out, errors = io.StringIO(), io.StringIO()
    unused: Any = None
    session = Session(platform=unused, who="ada", stdin=io.BytesIO(), out=out)
    return TABLE.run(["run", *words], session, errors, Silent()), out.getvalue(), errors.getvalue()


@pytest.mark.parametrize(
    ("typed", "env", "quiet", "words"),
    [
        ("myapp ls -la", None, False, "ls -la"),
        ("myapp ls --help -e --quiet", None, False, "ls --help -e --quiet"),
        ("-e A=1 --quiet myapp ls -e", "A=1", True, "ls -e"),
        ("myapp -e A=1 ls --quiet", "A=1", False, "ls --quiet"),
        ("--quiet myapp --env=A=1 ls", "A=1", True, "ls"),
        ("myapp -- ls -la", None, False, "ls -la"),
        ("myapp -- -x", None, False, "-x"),
        ("myapp ls -- -la", None, False, "ls -- -la"),
        ("myapp", None, False, ""),
    ],
)
def test_options_of_ours_stand_before_the_command(
    typed: str, env: str | None, quiet: bool, words: str
) -> None:
    GIVEN.clear()
    status, _, errors = run(*typed.split())
    assert (status, errors) == (7, "")
    assert [{"app": "myapp", "env": env, "quiet": quiet, "words": tuple(words.split())}] == GIVEN


@pytest.mark.parametrize("typed", ["--help", "myapp --help", "--help myapp ls"])
def test_help_before_the_command_is_about_ours(typed: str) -> None:
    status, out, _ = run(*typed.split())
    assert (status, out[:10]) == (0, "Usage: run")


@pytest.mark.parametrize("typed", ["--nope myapp ls", "myapp -x ls", "", "-e"])
def test_what_is_none_of_our_options_there_is_a_usage_error(typed: str) -> None:
    status, _, errors = run(*typed.split())
    assert (status, errors.count("\n"), "Usage: run" in errors) == (2, 1, True)


def test_a_command_says_whether_it_takes_keys_as_they_are_typed() -> None:
    assert TABLE.is_raw(["run"])
    assert not TABLE.is_raw(["help"])
    assert not TABLE.is_raw(["nope"])
    assert not TABLE.is_raw([])
