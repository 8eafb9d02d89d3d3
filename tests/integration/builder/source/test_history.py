"""What git says of the commits between two, also of hostile ones."""

import pytest

from builder.record.title import introduce, title_of
from builder.source.history import count, history
from builder.source.objects import Objects
from releases.domain.app import Desired
from releases.platform import Platform
from tests.fakes.examples import artifact, release
from tests.integration.builder.repository import Repository

pytestmark = pytest.mark.integration


def commit(repository: Repository, message: bytes, *parents: str) -> str:
    """A commit with that message."""
    lines = [f"tree {repository.tree()}", *(f"parent {parent}" for parent in parents)]
    lines += [f"{role} a <a@example.com> 1700000000 +0000" for role in ("author", "committer")]
    raw = "\n".join(lines).encode() + b"\n\n" + message
    return repository.run("hash-object", "-t", "commit", "-w", "--stdin", stdin=raw)


@pytest.fixture
def line(repository: Repository) -> list[str]:
    """Four commits, one after the other."""
    made = [commit(repository, b"First\n\nWith a body\n")]
    for subject in (b"Second\n", b"Third\n", b"Fourth\n"):
        made.append(commit(repository, subject, made[-1]))
    return made


def test_commits_between_two_are_told_newest_first(repository: Repository, line: list[str]) -> None:
    objects = Objects(repository.path)
    found = history(objects, line[3], line[0], 50)
    assert found
    assert [(one.commit, one.subject) for one in found] == [
        (line[3], "Fourth"), (line[2], "Third"), (line[1], "Second"),
    ]  # fmt: skip
    assert {one.authored_at for one in found} == {1_700_000_000}
    assert count(objects, line[3], line[0]) == 3


def test_no_more_are_told_than_asked_for(repository: Repository, line: list[str]) -> None:
    found = history(Objects(repository.path), line[3], "", 2)
    assert found
    assert [one.subject for one in found] == ["Fourth", "Third"]
    assert count(Objects(repository.path), line[3], "") == 4


def test_backwards_and_between_equals_there_are_none(
    repository: Repository, line: list[str]
) -> None:
    objects = Objects(repository.path)
    assert history(objects, line[0], line[3], 50) == []
    assert history(objects, line[0], line[0], 50) == []
    assert count(objects, line[0], line[3]) == 0


def test_a_commit_that_is_not_there_is_told_apart_from_no_commits(
    repository: Repository, line: list[str]
) -> None:
    objects, absent = Objects(repository.path), "1" * 40
    for new, old in ((absent, ""), (line[0], absent), (absent, line[0])):
        assert history(objects, new, old, 50) is None
        assert count(objects, new, old) is None


@pytest.mark.parametrize(
    ("message", "title"),
    [
        (b"", ""),
        (b"\n\n\n", ""),
        (b"one\ntwo\n\nbody", "one two"),
        (b"bad \xff\xfe bytes", "bad \ufffd\ufffd bytes"),
        (b"\x1b]0;owned\x07\x1b[2Jclear", "clear"),
        (b"tab\there", "tab here"),
    ],
)
def test_strange_subjects_become_titles(repository: Repository, message: bytes, title: str) -> None:
    [found] = history(Objects(repository.path), commit(repository, message), "", 1) or []
    assert title_of(found.subject) == title


@pytest.mark.parametrize("letter", ["x", "\u0301"], ids=["letters", "marks without a width"])
def test_a_subject_of_megabytes_is_not_read_to_its_end(repository: Repository, letter: str) -> None:
    huge = commit(repository, letter.encode() * (4 << 20))
    found = history(Objects(repository.path), huge, "", 1)
    assert found
    assert found[0].commit == huge
    assert len(found[0].subject) <= 4096


def test_a_build_is_introduced_by_its_subject_and_what_it_brings(
    platform: Platform, repository: Repository, line: list[str]
) -> None:
    store, objects = platform.store, Objects(repository.path)
    store.apps.create("myapp", "ada")
    assert introduce(store, "myapp", line[3], objects) == {"title": "Fourth"}

    store.apps.next_release("myapp")
    store.releases.add(release(made=artifact(commit=line[0])))
    with store.locks.hold("myapp", "Deploy") as lock:
        store.routes.flip(lock, Desired(1, {}), {}, [])
    assert introduce(store, "myapp", line[3], objects) == {
        "title": "Fourth", "since": line[0], "commits": 3,
    }  # fmt: skip
    assert introduce(store, "myapp", line[0], objects) == {"title": "First"}
