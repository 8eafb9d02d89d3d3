"""From a commit to a tar, with real git repositories."""

import os
import tarfile
import time
from pathlib import Path

import pytest

from builder.source.archive import Source, write_source
from builder.source.objects import Objects, UnreadableCommit
from builder.source.tree import BadTree, Limits
from releases.errors import PaasError
from tests.integration.builder.repository import Repository

pytestmark = pytest.mark.integration


def write(
    repository: Repository, commit: str, target: Path, limits: Limits | None = None
) -> Source:
    return write_source(Objects(repository.path), commit, target / "1.tar", limits)


def members(source: Source) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(source.path, "r:") as tar:
        return {member.name: member for member in tar}


def content(source: Source, name: str) -> bytes:
    with tarfile.open(source.path, "r:") as tar:
        file = tar.extractfile(name)
        return file.read() if file else b""


def test_files_modes_symlinks_and_directories_are_as_in_the_commit(
    repository: Repository, tmp_path: Path
) -> None:
    commit = repository.commit(
        {"app.py": "print()", "bin/run*": "#!/bin/sh", "a/b/c.txt": "deep", "empty": ""},
        links={"a/link": "../app.py"},
    )
    source = write(repository, commit, tmp_path)
    found = members(source)
    assert list(found) == ["a", "app.py", "bin", "empty", "a/b", "a/link", "bin/run", "a/b/c.txt"]
    assert {name for name, member in found.items() if member.isdir()} == {"a", "bin", "a/b"}
    assert {found[name].mode for name in ("a", "bin/run")} == {0o755}
    assert {found[name].mode for name in ("app.py", "a/b/c.txt", "empty")} == {0o644}
    assert found["a/link"].linkname == "../app.py"
    assert {(member.uid, member.gid, member.uname) for member in found.values()} == {(0, 0, "")}
    assert content(source, "a/b/c.txt") == b"deep"
    assert source.warnings == ()


def test_equal_trees_give_equal_bytes_whenever_they_were_committed(
    repository: Repository, tmp_path: Path
) -> None:
    files = {f"d{n % 7}/f{n}": f"content {n}" for n in range(500)}
    first = repository.commit(files)
    second = repository.commit_tree(repository.run("rev-parse", f"{first}^{{tree}}"))
    tars = [write(repository, commit, tmp_path / commit).path for commit in (first, second)]
    assert tars[0].read_bytes() == tars[1].read_bytes()


def test_a_file_keeps_its_time_as_long_as_its_content(
    repository: Repository, tmp_path: Path
) -> None:
    first, second = (
        members(write(repository, repository.commit({"kept": "same", "changed": text}), tmp_path))
        for text in ("one", "two")
    )
    assert first["kept"].mtime == second["kept"].mtime
    assert first["changed"].mtime != second["changed"].mtime
    assert all(2000 <= time.gmtime(member.mtime).tm_year <= 2008 for member in first.values())


def test_a_changed_file_of_the_same_size_gets_another_time(
    repository: Repository, tmp_path: Path
) -> None:
    times = set()
    for colour in ("red ", "blue"):
        source = write(repository, repository.commit({"a.css": colour}), tmp_path)
        times.add(members(source)["a.css"].mtime)
    assert len(times) == 2


def test_git_archive_agrees_about_names_and_contents(
    repository: Repository, tmp_path: Path
) -> None:
    big = os.urandom(3 << 20)
    files = {f"{'x' * 90}/{'y' * n}/ü {n}:.txt": f"{n}" for n in range(1, 60)} | {"big": big}
    commit = repository.commit(files)
    source = write(repository, commit, tmp_path)
    repository.run("archive", "-o", str(tmp_path / "git.tar"), commit)
    with tarfile.open(tmp_path / "git.tar") as expected:
        assert {member.name for member in expected} == set(members(source))
    assert content(source, "big") == big


def test_dockerignore_is_applied_but_not_to_what_the_build_itself_needs(
    repository: Repository, tmp_path: Path
) -> None:
    commit = repository.commit(
        {
            ".dockerignore": "*\n!src\nsrc/*.log\n!keep/me.txt\n",
            "Dockerfile": "FROM scratch",
            "Procfile": "web: x",
            "secret": "",
            "src/a.py": "",
            "src/a.log": "",
            "keep/me.txt": "",
            "keep/not.txt": "",
        }
    )
    assert sorted(members(write(repository, commit, tmp_path))) == [
        "Dockerfile",
        "Procfile",
        "keep",
        "keep/me.txt",
        "src",
        "src/a.py",
    ]


def test_a_submodule_is_left_out_with_a_warning_that_names_it(
    repository: Repository, tmp_path: Path
) -> None:
    commit = repository.commit_index(
        [f"160000 {'1' * 40}\tvendor/lib", f"100644 {repository.blob('')}\ta"]
    )
    source = write(repository, commit, tmp_path)
    assert sorted(members(source)) == ["a", "vendor"]
    (warning,) = source.warnings
    assert warning.startswith("submodule vendor/lib is left out")


@pytest.mark.parametrize("target", ["/etc/passwd", "../../outside", "a/../../../y", "../.."])
def test_a_symlink_that_leaves_the_tree_is_refused_with_its_path(
    repository: Repository, tmp_path: Path, target: str
) -> None:
    commit = repository.commit(
        {"dir/a": ""}, links={"dir/link": f"../{target}"[3 * (target[0] == "/") :]}
    )
    with pytest.raises(BadTree, match=r"symlink dir/link -> .* leaves the repository"):
        write(repository, commit, tmp_path)
    assert list(tmp_path.glob("*.tar")) + list(tmp_path.glob("*.part")) == []


def test_a_symlink_to_a_long_name_is_refused(repository: Repository, tmp_path: Path) -> None:
    commit = repository.commit({}, links={"link": "x" * 5000})
    with pytest.raises(BadTree, match="symlink link points to a name of 5000 bytes"):
        write(repository, commit, tmp_path)


def test_a_symlink_that_leaves_the_tree_by_way_of_another_is_refused(
    repository: Repository, tmp_path: Path
) -> None:
    commit = repository.commit({"etc/a": ""}, links={"d/up": "..", "way": "d/up/../etc"})
    with pytest.raises(BadTree, match=r"symlink way -> 'd/up/\.\./etc' leaves the repository"):
        write(repository, commit, tmp_path)
    assert list(tmp_path.glob("1.*")) == []


def test_symlinks_that_lead_through_each_other_and_loops_are_kept(
    repository: Repository, tmp_path: Path
) -> None:
    links = {"d/up": "..", "way": "d/up/etc", "loop": "loop", "a": "b/x", "b": "a"}
    found = members(write(repository, repository.commit({"etc/a": ""}, links=links), tmp_path))
    assert {name: found[name].linkname for name in links} == links


def test_symlinks_that_would_take_for_ever_to_follow_are_refused(
    repository: Repository, tmp_path: Path
) -> None:
    links = {f"l{n}": f"l{n + 1}/{'x/../' * 800}" for n in range(60)}
    with pytest.raises(BadTree, match="too often to be followed"):
        write(repository, repository.commit({}, links=links), tmp_path)


def test_a_symlink_to_nothing_is_refused(repository: Repository, tmp_path: Path) -> None:
    tree = repository.tree(f"120000 blob {repository.blob('')}\tlink")
    with pytest.raises(BadTree, match="symlink link points to nothing"):
        write(repository, repository.commit_tree(tree), tmp_path)


def test_odd_modes_do_not_reach_the_tar(repository: Repository, tmp_path: Path) -> None:
    blob = repository.blob("x")
    odd = (("104755", b"suid"), ("102755", b"sgid"), ("20666", b"device"), ("100777", b"open"))
    data = b"".join(
        mode.encode() + b" " + name + b"\0" + bytes.fromhex(blob)
        for mode, name in sorted(odd, key=lambda pair: pair[1])
    )
    tree = repository.run("hash-object", "-t", "tree", "--literally", "-w", "--stdin", stdin=data)
    found = members(write(repository, repository.commit_tree(tree), tmp_path))
    assert {name: member.mode for name, member in found.items()} == {
        "open": 0o755,
        "sgid": 0o755,
        "suid": 0o755,
    }


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a\nb", "control character"),
        ("a\x1bb", "control character"),
        ("caf\udce9", "is not UTF-8"),
        ("x" * 300, "too long to unpack"),
    ],
)
def test_an_odd_name_is_refused(
    repository: Repository, tmp_path: Path, name: str, message: str
) -> None:
    tree = repository.tree(f"100644 blob {repository.blob('')}\t{name}")
    with pytest.raises(BadTree, match=message) as caught:
        write(repository, repository.commit_tree(tree), tmp_path)
    assert str(caught.value).isprintable()


def test_a_tree_of_a_hundred_million_files_is_refused_at_once(
    repository: Repository, tmp_path: Path
) -> None:
    blob = repository.blob("x")
    tree = repository.tree(*(f"100644 blob {blob}\tf{n}" for n in range(10)))
    for _ in range(7):
        tree = repository.tree(*(f"040000 tree {tree}\td{n}" for n in range(10)))
    began = time.monotonic()
    with pytest.raises(BadTree, match="more than 100000 files and directories"):
        write(repository, repository.commit_tree(tree), tmp_path)
    assert time.monotonic() - began < 20
    assert list(tmp_path.glob("*.part")) == []


def test_limits_of_bytes_and_depth_name_the_culprit(repository: Repository, tmp_path: Path) -> None:
    commit = repository.commit({"small": "x", "data/large.bin": "x" * 2000})
    with pytest.raises(BadTree, match=r"the largest is data/large\.bin \(2000 bytes\)"):
        write(repository, commit, tmp_path, Limits(total_bytes=1000))
    commit = repository.commit({"/".join("abcdef"): ""})
    with pytest.raises(BadTree, match="more than 4 directories deep"):
        write(repository, commit, tmp_path, Limits(depth=4))


def test_what_is_ignored_does_not_count_against_the_limit_of_bytes(
    repository: Repository, tmp_path: Path
) -> None:
    commit = repository.commit({".dockerignore": "data", "a": "x", "data/b": "x" * 2000})
    assert write(repository, commit, tmp_path, Limits(total_bytes=1000)).path.exists()


def test_objects_in_quarantine_are_read_and_the_repository_stays_as_it_was(
    repository: Repository, tmp_path: Path
) -> None:
    old = repository.blob("old")
    pusher = Repository(tmp_path / "pusher.git")
    pusher.blob("old")
    commit = pusher.commit({"new.py": "new", "old.py": "old"})
    quarantine = tmp_path / "tmp_objdir-incoming-x"
    for path in (pusher.path / "objects").glob("??/*"):
        if path.parent.name + path.name != old:
            (quarantine / path.parent.name).mkdir(parents=True, exist_ok=True)
            path.rename(quarantine / path.parent.name / path.name)
    before = sorted(repository.path.rglob("*"))
    source = write_source(Objects(repository.path, quarantine), commit, tmp_path / "1.tar")
    assert content(source, "new.py") + content(source, "old.py") == b"newold"
    assert sorted(repository.path.rglob("*")) == before


@pytest.mark.parametrize("commit", ["0" * 40, "f" * 40])
def test_a_commit_that_is_not_there_is_named(
    repository: Repository, tmp_path: Path, commit: str
) -> None:
    with pytest.raises(UnreadableCommit, match=commit):
        write(repository, commit, tmp_path)


def test_a_missing_blob_is_an_error_and_leaves_nothing(
    repository: Repository, tmp_path: Path
) -> None:
    commit = repository.commit({"a": "content"})
    blob = repository.run("rev-parse", f"{commit}:a")
    (repository.path / "objects" / blob[:2] / blob[2:]).unlink()
    with pytest.raises(PaasError, match="a cannot be read"):
        write(repository, commit, tmp_path)
    assert list(tmp_path.glob("1.*")) == []
