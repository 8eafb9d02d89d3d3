"""What a push may ask for, checked on a repository on disk."""

from pathlib import Path

import pytest
from dulwich.objects import Blob, Commit, Tree
from dulwich.repo import Repo

from gitreceive.push import PushCheck, PushRefused, RefCommand, parse_commands, without_deploy
from gitreceive.repository import Repository, sweep

ABSENT = "f" * 40
BRANCHES = ("main", "master")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """An app's repository with one commit, its tree and its blob, and no ref."""
    made = Repository(tmp_path, "myapp")
    made.ensure()
    blob, tree = Blob.from_string(b"x"), Tree()
    tree.add(b"file", 0o100644, blob.id)
    with Repo(str(made.path)) as disk:
        for stored in (blob, tree, commit_of(tree)):
            disk.object_store.add_object(stored)
    return made


def commit_of(tree: Tree) -> Commit:
    """Always the same commit of a tree."""
    commit = Commit()
    commit.tree = tree.id
    commit.author = commit.committer = b"a <a@example.org>"
    commit.author_time = commit.commit_time = 0
    commit.author_timezone = commit.commit_timezone = 0
    commit.message = b"first"
    return commit


def objects(repository: Repository) -> dict[str, str]:
    """Kind -> id."""
    with Repo(str(repository.path)) as disk:
        return {disk[sha].type_name.decode(): sha.decode() for sha in disk.object_store}


def check(repository: Repository, *commands: RefCommand, live: bool = False) -> RefCommand | None:
    """Run the check."""
    return PushCheck(repository, None, BRANCHES, live).run(list(commands))


def set_ref(repository: Repository, ref: str, sha: str) -> None:
    """As git would."""
    with Repo(str(repository.path)) as disk:
        disk.refs[ref.encode()] = sha.encode()


def test_a_new_deploy_branch_deploys_and_another_does_not(
    repository: Repository,
) -> None:
    commit = objects(repository)["commit"]
    for branch in ("main", "master"):
        command = RefCommand(None, commit, f"refs/heads/{branch}")
        assert check(repository, command) is command
    other = [
        RefCommand(None, commit, "refs/heads/topic"),
        RefCommand(None, commit, "refs/tags/master"),
    ]
    assert check(repository, *other) is None
    assert without_deploy(other, BRANCHES) == [
        "Stored topic, which does not deploy; main and master do"
    ]


def test_old_must_be_what_the_ref_is_now(repository: Repository) -> None:
    commit = objects(repository)["commit"]
    moved = RefCommand(ABSENT, commit, "refs/heads/master")
    with pytest.raises(PushRefused, match="master has moved meanwhile"):
        check(repository, moved)
    set_ref(repository, "refs/heads/master", commit)
    with pytest.raises(PushRefused, match="has moved"):
        check(repository, RefCommand(None, commit, "refs/heads/master"))
    assert check(repository, RefCommand(commit, commit, "refs/heads/master"))


def test_packed_refs_count_too(repository: Repository) -> None:
    commit = objects(repository)["commit"]
    packed = f"# pack-refs with: peeled fully-peeled sorted \n{commit} refs/heads/master\n"
    (repository.path / "packed-refs").write_text(packed)
    assert repository.ref("refs/heads/master") == commit


@pytest.mark.parametrize("kind", ["tree", "blob", "absent"])
def test_a_branch_names_a_commit_that_is_there(repository: Repository, kind: str) -> None:
    new = {**objects(repository), "absent": ABSENT}[kind]
    with pytest.raises(PushRefused, match="not a commit"):
        check(repository, RefCommand(None, new, "refs/heads/master"))


def test_a_tag_may_name_anything_that_is_there(repository: Repository) -> None:
    assert check(repository, RefCommand(None, objects(repository)["blob"], "refs/tags/x")) is None
    with pytest.raises(PushRefused, match="not sent"):
        check(repository, RefCommand(None, ABSENT, "refs/tags/x"))


@pytest.mark.parametrize(
    "ref",
    [
        *("HEAD", "config", "refs/notes/x", "refs/heads/", "refs/heads/../../x", "refs/headsx/y"),
        *("refs/heads/a..b", "refs/heads/a.lock", "refs/heads/.a", "refs/heads/a~1"),
        *(
            "refs/heads/a//b",
            "refs/tags/a^{}",
            "refs/heads/@{u}",
            "refs/heads/a\\b",
            "/refs/heads/a",
        ),
    ],
)
def test_strange_refs_are_refused_before_anything_is_built(
    repository: Repository, ref: str
) -> None:
    with pytest.raises(PushRefused):
        check(repository, RefCommand(None, objects(repository)["commit"], ref))


def test_a_deploy_branch_goes_only_when_nothing_of_it_runs(repository: Repository) -> None:
    commit = objects(repository)["commit"]
    set_ref(repository, "refs/heads/master", commit)
    gone = RefCommand(commit, None, "refs/heads/master")
    assert check(repository, gone) is None
    with pytest.raises(PushRefused, match="apps:destroy myapp"):
        check(repository, gone, live=True)


def test_two_deploy_branches_at_once_are_refused(repository: Repository) -> None:
    commit = objects(repository)["commit"]
    with pytest.raises(PushRefused, match="one of them at a time"):
        check(
            repository,
            RefCommand(None, commit, "refs/heads/main"),
            RefCommand(None, commit, "refs/heads/master"),
        )


def test_the_hook_s_lines_are_read_strictly() -> None:
    line = f"{'0' * 40} {'1' * 40} refs/heads/master"
    assert parse_commands([line]) == [RefCommand(None, "1" * 40, "refs/heads/master")]
    sha256 = f"{'0' * 64} {'1' * 64} refs/heads/x"
    for bad in ("", line + " x", line.replace("1", "A"), line[1:], sha256):
        with pytest.raises(PushRefused):
            parse_commands([bad])


def test_making_a_repository_twice_keeps_the_first(repository: Repository, tmp_path: Path) -> None:
    commit = objects(repository)["commit"]
    set_ref(repository, "refs/heads/main", commit)
    repository.ensure()
    assert repository.ref("refs/heads/main") == commit
    assert [found.name for found in tmp_path.iterdir()] == ["myapp.git"]


def test_head_follows_the_first_deploy_and_stays_until_another_branch_deploys(
    repository: Repository,
) -> None:
    commit = objects(repository)["commit"]
    assert repository.head == "main"
    repository.point_head("master", BRANCHES)
    assert (repository.path / "HEAD").read_text() == "ref: refs/heads/master\n"
    set_ref(repository, "refs/heads/master", commit)
    repository.point_head("main", BRANCHES)
    assert repository.head == "master"
    repository.point_head("live", ("live",))
    assert repository.head == "live"


def test_an_apps_own_deploy_branch_is_named(repository: Repository) -> None:
    commit = objects(repository)["commit"]
    master = RefCommand(None, commit, "refs/heads/master")
    assert PushCheck(repository, None, ("live",), False).run([master]) is None
    assert without_deploy([master], ("live",)) == [
        "Stored master, which does not deploy; live does"
    ]


@pytest.mark.parametrize(
    ("there", "new"),
    [("topic", "topic/x"), ("topic/x", "topic"), ("a/b/c", "a"), ("a", "a/b/c"), (None, "v")],
)
def test_a_ref_that_git_could_not_keep_beside_another_is_refused_before_anything_is_built(
    repository: Repository, there: str | None, new: str
) -> None:
    commit = objects(repository)["commit"]
    if there:
        set_ref(repository, f"refs/heads/{there}", commit)
        set_ref(repository, f"refs/tags/{new}", commit)
        commands = [RefCommand(None, commit, f"refs/heads/{new}")]
    else:  # both in one push
        commands = [RefCommand(None, commit, f"refs/heads/{name}") for name in ("v", "v/1")]
    with pytest.raises(PushRefused, match="cannot be beside"):
        check(repository, *commands)
    check(repository, RefCommand(None, commit, "refs/heads/topics/x"))


def test_the_sweep_takes_what_killed_pushes_left_and_nothing_else(
    repository: Repository, tmp_path: Path
) -> None:
    left = repository.path / "objects" / "tmp_objdir-incoming-abc" / "pack"
    left.mkdir(parents=True)
    (left / "tmp_pack").touch()
    packs = repository.path / "objects" / "pack"
    (packs / ".tmp-12-pack-ab.pack").touch()
    (packs / "tmp_pack_x").touch()
    (packs / "pack-ab.keep").touch()
    for lock in ("HEAD.lock", "refs/heads/a/master.lock"):
        (repository.path / lock).parent.mkdir(exist_ok=True)
        (repository.path / lock).touch()
    (tmp_path / ".new.git.1234").mkdir()
    before = objects(repository)
    sweep(tmp_path)
    assert not left.parent.exists()
    assert list(repository.path.rglob("*.lock")) == []
    assert [path.name for path in packs.iterdir()] == ["pack-ab.keep"]
    assert [found.name for found in tmp_path.iterdir()] == ["myapp.git"]
    assert objects(repository) == before
