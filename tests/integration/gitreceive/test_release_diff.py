"""`releases:diff`: releases on record, and a repository that has their commits or not."""

import io
import json
import shutil
from typing import Any

import pytest

from gitreceive.dispatch import CommandTable
from gitreceive.release_diff import COMMANDS
from releases.command import Session
from releases.domain.app import Desired
from releases.platform import Platform
from tests.builds import end_build, start_build
from tests.fakes.examples import artifact, release
from tests.integration.builder.repository import Repository

pytestmark = pytest.mark.integration
DAY = "2023-11-14"


class Notes:
    """Nobody takes note."""

    def command(self, name: str) -> None: ...

    def refused(self, why: str) -> None: ...


class History:
    """An app whose releases a test makes, and the command."""

    def __init__(self, platform: Platform) -> None:
        self.platform, self.store = platform, platform.store
        self.store.apps.create("myapp", "ada")
        platform.settings.repositories.mkdir(parents=True, exist_ok=True)
        self.repository = Repository(platform.settings.repositories / "myapp.git")

    def commit(self, message: bytes, *parents: str) -> str:
        """A commit with that message."""
        lines = [f"tree {self.repository.tree()}", *(f"parent {parent}" for parent in parents)]
        for role in ("author", "committer"):
            lines.append(f"{role} a <a@example.com> 1700000000 +0000")
        raw = "\n".join(lines).encode() + b"\n\n" + message
        return self.repository.run("hash-object", "-t", "commit", "-w", "--stdin", stdin=raw)

    def commits(self, number: int, *parents: str) -> list[str]:
        """So many, one after the other."""
        made = list(parents[:1])
        for place in range(1, number + 1):
            made.append(self.commit(f"Change {place}".encode(), *made[-1:]))
        return made[len(parents) :]

    def release(self, commit: str, config: dict[str, str] | None = None, **known: Any) -> int:
        """A release of a commit that is live now."""
        number = self.store.apps.next_release("myapp")
        build = end_build(self.store, start_build(self.store, "myapp", commit=commit), **known)
        image = f"sha256:{build.number:064}"
        made = artifact(image=image, commit=commit, build=build.number)
        self.store.releases.add(release(number=number, made=made, config=config))
        with self.store.locks.hold("myapp", "Deploy") as lock:
            self.store.routes.flip(lock, Desired(number, {"web": 1}), config or {}, [])
        return number

    def diff(self, *words: str) -> tuple[int, list[str]]:
        """Exit status, and the lines without their indentation."""
        out, errors = io.StringIO(), io.StringIO()
        session = Session(self.platform, "ada", io.BytesIO(), out)
        words = ("releases:diff", "myapp", *words)
        status = CommandTable(COMMANDS).run(words, session, errors, Notes())
        return status, [line.strip() for line in (out.getvalue() + errors.getvalue()).splitlines()]


@pytest.fixture
def history(platform: Platform) -> History:
    """Without a release."""
    return History(platform)


def test_the_live_release_is_compared_with_the_one_before(history: History) -> None:
    first, second, third = history.commits(3)
    history.release(first, {"A": "s3cret", "B": "1"}, buildpack="python", version="3.11")
    history.release(third, {"B": "s3cret2", "C": "3"}, buildpack="python", version="3.13")
    status, lines = history.diff()
    assert status == 0
    assert lines == [
        "-----> From v1 to v2 of myapp",
        f"commit: {first[:7]} -> {third[:7]}",
        "2 commits:",
        f"{third[:7]} {DAY} Change 3",
        f"{second[:7]} {DAY} Change 2",
        "config:",
        "+ C=****",
        "~ B=****",
        "- A=****",
        "version: 3.11 -> 3.13",
        "image: 000000000000 -> 000000000000",
    ]


def test_releases_are_compared_in_the_order_in_which_they_are_named(history: History) -> None:
    made = history.commits(3)
    for commit in made:
        history.release(commit)
    assert history.diff("v1")[1][:3] == [
        "-----> From v1 to v3 of myapp",
        f"commit: {made[0][:7]} -> {made[2][:7]}",
        "2 commits:",
    ]
    backwards = history.diff("v3", "2")[1]
    assert backwards[0] == "-----> From v3 to v2 of myapp"
    assert backwards[2] == "rolled back 1 commit"
    assert not any("Change" in line for line in backwards)


def test_branches_that_went_apart_are_told_both_ways(history: History) -> None:
    [root] = history.commits(1)
    left, right = history.commits(2, root), history.commit(b"Other way", root)
    history.release(left[-1])
    history.release(right)
    lines = history.diff()[1]
    assert lines[2:5] == ["rolled back 2 commits", "1 commit:", f"{right[:7]} {DAY} Other way"]


def test_equal_commits_are_the_same_code(history: History) -> None:
    [commit] = history.commits(1)
    history.release(commit, {"A": "1"})
    history.release(commit, {"A": "2"})
    assert history.diff()[1][1:4] == [f"same code, {commit[:7]}", "config:", "~ A=****"]
    assert history.diff("v2", "v2")[1][1:] == [
        f"same code, {commit[:7]}", "same config, processes and image",
    ]  # fmt: skip


def test_many_commits_are_counted_and_some_of_them_shown(history: History) -> None:
    made = history.commits(54)
    history.release(made[0])
    history.release(made[-1])
    lines = history.diff()[1]
    assert "53 commits:" in lines
    assert len([line for line in lines if DAY in line]) == 50
    assert "and 3 more" in lines
    document = json.loads("\n".join(history.diff("--json")[1]))
    assert (document["commits_total"], len(document["commits"])) == (53, 50)


def test_hostile_subjects_reach_no_terminal(history: History) -> None:
    first = history.commit(b"First")
    nasty = [b"\x1b]0;owned\x07\x1b[2JFix", b"", b"\xff\xfe", "\u202eevil".encode()]
    commits = [first]
    for message in nasty:
        commits.append(history.commit(message, commits[-1]))
    history.release(first)
    history.release(commits[-1])
    for words in ((), ("--json",)):
        shown = "\n".join(history.diff(*words)[1])
        assert "Fix" in shown
        assert "(no subject)" in shown
        assert not any(bad in shown for bad in ("\x1b", "\x07", "\u202e"))


def test_a_history_that_is_not_in_the_repository_any_more_is_told(history: History) -> None:
    [kept] = history.commits(1)
    history.release("1" * 40)
    history.release(kept)
    assert "the history of 1111111 is not in the repository any more" in history.diff()[1]
    shutil.rmtree(history.repository.path)
    assert "the history of 1111111 is not in the repository any more" in history.diff()[1]
    document = json.loads("\n".join(history.diff("--json")[1]))
    assert document["history_missing"] == "1" * 40


def test_programs_get_names_and_no_values(history: History) -> None:
    first, second = history.commits(2)
    history.release(first, {"A": "s3cret"}, base="paas/runtime-python:3.11-a")
    history.release(second, {"B": "s3cret"}, base="paas/runtime-python:3.11-b")
    status, lines = history.diff("--json")
    document = json.loads("\n".join(lines))
    assert status == 0
    assert document["config"] == {"added": ["B"], "changed": [], "removed": ["A"]}
    assert document["base"]["new"] == "paas/runtime-python:3.11-b"
    assert document["commits"] == [{"commit": second, "date": DAY, "subject": "Change 2"}]
    assert "s3cret" not in "".join(lines)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ((), "myapp has no release before v1"),
        (("v9",), "has no release v9"),
        (("latest",), "'latest' is not a release"),
    ],
)
def test_what_cannot_be_compared_is_one_plain_line(
    history: History, words: tuple[str, ...], complaint: str
) -> None:
    history.release(history.commits(1)[0])
    status, [line] = history.diff(*words)
    assert status != 0
    assert complaint in line


def test_an_app_without_a_release_says_so(history: History) -> None:
    status, [line] = history.diff()
    assert status != 0
    assert "has no release yet" in line
