"""The example's commit, made by the real git."""

import os
import stat
import subprocess
from pathlib import Path

import pytest

from host.first_push import FirstPushFailed, commit_of, example_repository, git_environ, push

_ENVIRON = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}


@pytest.fixture
def example(tmp_path: Path) -> Path:
    directory = tmp_path / "example"
    directory.mkdir()
    (directory / "app.py").write_text("print('hello')\n")
    (directory / "Procfile").write_text("web: python app.py\n")
    return directory


def test_commit_is_the_same_for_everyone(example: Path, tmp_path: Path) -> None:
    person = tmp_path / "person"
    person.mkdir()
    (person / ".gitconfig").write_text(
        "[user]\nname = Ann\nemail = ann@example.com\n[commit]\ngpgsign = true\n"
        "[core]\nautocrlf = true\nhooksPath = /nonexistent\n"
    )
    theirs = {**_ENVIRON, "HOME": str(person), "GIT_DIR": "/elsewhere", "TZ": "Asia/Tokyo"}
    with example_repository(example, _ENVIRON) as first:
        one = commit_of(first, _ENVIRON)
    (example / "__pycache__").mkdir()
    (example / "__pycache__" / "app.cpython-311.pyc").touch()
    with example_repository(example, theirs) as second:
        assert commit_of(second, theirs) == one


def test_changed_example_is_another_commit(example: Path) -> None:
    with example_repository(example, _ENVIRON) as first:
        one = commit_of(first, _ENVIRON)
    (example / "app.py").write_text("print('hello again')\n")
    with example_repository(example, _ENVIRON) as second:
        assert commit_of(second, _ENVIRON) != one


def test_refused_push_is_the_servers_own_line(
    example: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server = tmp_path / "server.git"
    subprocess.run(["git", "init", "-q", "--bare", server], check=True)
    hook = server / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho '-----> Building'\nexit 1\n")
    hook.chmod(hook.stat().st_mode | stat.S_IXUSR)
    with (
        example_repository(example, _ENVIRON) as directory,
        pytest.raises(FirstPushFailed, match="could not be pushed: pre-receive hook declined"),
    ):
        push(directory, str(server), _ENVIRON)


def test_server_that_is_not_there_is_gits_own_line(example: Path) -> None:
    with (
        example_repository(example, _ENVIRON) as directory,
        pytest.raises(FirstPushFailed, match="'/no/server' does not appear to be a git repository"),
    ):
        push(directory, "/no/server", _ENVIRON)


def test_alias_that_is_not_installed_is_named_to_git_by_its_file() -> None:
    environ = git_environ(_ENVIRON, Path("/srv/paas/client/ssh_config"))
    assert environ["GIT_SSH_COMMAND"] == "ssh -F /srv/paas/client/ssh_config"
