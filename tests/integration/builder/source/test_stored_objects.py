"""What objects are, and which commit a name means, without reading what is in them."""

from pathlib import Path

import pytest

from builder.source.objects import Objects
from tests.integration.builder.repository import Repository

pytestmark = pytest.mark.integration


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """An empty one."""
    return Repository(tmp_path / "app.git")


def test_kinds_of_what_is_there_and_nothing_of_what_is_not(repository: Repository) -> None:
    commit = repository.commit({"a": "x"})
    tree, blob = (repository.run("rev-parse", f"{commit}{part}") for part in ("^{tree}", ":a"))
    asked = [commit, tree, blob, "d" * 40]
    assert Objects(repository.path).kinds(asked) == {commit: "commit", tree: "tree", blob: "blob"}
    assert Objects(repository.path).kinds([]) == {}


def test_more_objects_are_asked_for_than_a_pipe_holds(repository: Repository) -> None:
    blob = repository.blob("x")
    asked = [f"{number:040x}" for number in range(5000)]
    assert Objects(repository.path).kinds([*asked, blob]) == {blob: "blob"}


def test_a_branch_a_tag_and_the_beginning_of_an_id_name_a_commit(repository: Repository) -> None:
    commit = repository.commit({"a": "x"})
    repository.run("update-ref", "refs/heads/topic/x", commit)
    repository.run("tag", "-a", "v1.0", "-m", "x", commit)
    for name in ("topic/x", "v1.0", "refs/tags/v1.0", commit, commit[:8]):
        assert Objects(repository.path).commit(name) == commit, name


@pytest.mark.parametrize(
    "name",
    [
        *("", "nosuch", "d" * 40, "--help", "-x", "HEAD^", "v1~1", ":/x", "HEAD@{1}", "@", "a b"),
        *("v1\nv1", "v1\x00", "../v1", "v1..v1", "v1^{/x}", "v1:a", "x" * 10_000, "\udcff"),
    ],
)
def test_everything_else_names_none(repository: Repository, name: str) -> None:
    repository.run("update-ref", "refs/heads/v1", repository.commit({"a": "x"}))
    assert Objects(repository.path).commit(name) is None


def test_what_is_no_commit_is_not_named(repository: Repository) -> None:
    commit = repository.commit({"a": "x"})
    blob = repository.run("rev-parse", f"{commit}:a")
    repository.run("tag", "blob", blob)
    assert Objects(repository.path).commit("blob") is None
    assert Objects(repository.path).commit(blob) is None


def test_what_differs_between_two_commits_is_named_in_order(repository: Repository) -> None:
    old = repository.commit({"a": "x", "b/c": "x", "gone": "x", "same": "x", "é": "x"})
    new = repository.commit({"a": "y", "b/c*": "x", "new": "x", "same": "x", "é": "y"})
    objects = Objects(repository.path)
    assert objects.changed(old, new, 100) == ("a", "b/c", "gone", "new", "é")
    assert objects.changed(old, new, 2) == ("a", "b/c")
    assert objects.changed(old, old, 2) == ()


def test_what_differs_from_a_commit_that_is_not_there_is_not_known(repository: Repository) -> None:
    commit = repository.commit({"a": "x"})
    assert Objects(repository.path).changed("d" * 40, commit, 100) is None


def test_no_more_is_read_of_what_differs_than_is_asked_for(repository: Repository) -> None:
    blob = repository.blob("x")
    entries = (f"100644 blob {blob}\t{number:05}-{'x' * 200}" for number in range(20_000))
    new = repository.commit_tree(repository.tree(*entries))
    found = Objects(repository.path).changed(repository.commit({}), new, 3)
    assert found
    assert [path[:5] for path in found] == ["00000", "00001", "00002"]
