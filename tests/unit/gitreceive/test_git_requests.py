"""Which requests of git are served, and how git is run for them."""

from pathlib import Path

import pytest

from gitreceive import git
from gitreceive.git import BadRepositoryPath, GitRequest, parse_request
from gitreceive.limits import Limits
from releases.domain.app import BadAppName


@pytest.mark.parametrize("path", ["myapp", "/myapp", "myapp.git", "/myapp.git/", "myapp/"])
@pytest.mark.parametrize("program", [["git-receive-pack"], ["git", "receive-pack"]])
def test_the_spellings_of_a_push(program: list[str], path: str) -> None:
    assert parse_request([*program, path]) == GitRequest("receive-pack", "myapp")


@pytest.mark.parametrize("words", [["git"], ["git", "gc", "x"], ["receive-pack", "x"], ["apps"]])
def test_everything_else_is_left_to_the_commands(words: list[str]) -> None:
    assert parse_request(words) is None


@pytest.mark.parametrize("path", ["../x", "a/b", "//x", "x\n", "", "-x", ".git", "X", "a_b", "~a"])
def test_a_path_is_an_app_s_name_and_nothing_more(path: str) -> None:
    with pytest.raises(BadAppName):
        parse_request(["git-upload-pack", path])


@pytest.mark.parametrize("arguments", [[], ["a", "b"], ["--strict", "a"]])
def test_one_path_is_needed(arguments: list[str]) -> None:
    with pytest.raises(BadRepositoryPath):
        parse_request(["git-upload-pack", *arguments])


@pytest.mark.parametrize("value", ["version=0", "version=1", "version=2"])
def test_a_protocol_is_one_of_gits_and_nothing_more(value: str) -> None:
    assert git.is_protocol(value)
    assert not git.is_protocol(value + "\n")


def test_git_runs_under_limits_and_with_its_objects_checked() -> None:
    limits = Limits(git_memory_bytes=5, git_cpu_s=6, push_bytes=7)
    line = git.arguments(GitRequest("receive-pack", "x"), Path("/r/x.git"), limits)
    assert line[:5] == ["prlimit", "--as=5", "--cpu=6", "--core=0", "git"]
    assert line[-2:] == ["receive-pack", "/r/x.git"]
    assert {"receive.fsckObjects=true", "receive.maxInputSize=7"} < set(line)
    assert not [word for word in line if "fsync" in word]


def test_git_gets_nobody_s_configuration() -> None:
    environment = git.environment("version=2", {"X": "1"})
    assert environment["GIT_CONFIG_GLOBAL"] == "/dev/null"
    assert (environment["GIT_PROTOCOL"], environment["X"]) == ("version=2", "1")
    assert set(environment) == {
        *("PATH", "HOME", "LC_ALL", "GIT_CONFIG_NOSYSTEM", "GIT_CONFIG_GLOBAL"),
        *("GIT_NO_REPLACE_OBJECTS", "GIT_PROTOCOL", "X"),
    }
