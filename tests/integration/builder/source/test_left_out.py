"""What does not go into a source: `export-ignore`, held against `git archive`; LFS; submodules."""

import io
import subprocess
import tarfile
from pathlib import Path

import pytest

from builder.source.archive import Source, write_source
from builder.source.attributes import BadAttributes
from builder.source.objects import Objects
from tests.integration.builder.repository import Content, Repository

pytestmark = pytest.mark.integration
FILES: dict[str, Content] = {
    name: name
    for name in (
        *("a.py", "b.txt", "CHANGES", "docs/a.txt", "docs/deep/b.txt", "docs/deep/c.py"),
        *("src/docs/x.txt", "src/a.py", "src/test_a.py", "src/sub/test_b.py", "src/keep.txt"),
        *("x y.txt", "[odd].txt", "caf\u00e9.txt", "tests/a/b/c.txt", "tests/d.txt", "z/#hash"),
    )
}
POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'a' * 64}\nsize 12345\n"


def write(repository: Repository, files: dict[str, Content], target: Path) -> Source:
    commit = repository.commit(files)
    repository.run("update-ref", "refs/heads/main", commit)
    return write_source(Objects(repository.path), commit, target / "1.tar")


def names(tar: tarfile.TarFile) -> set[str]:
    return {member.name for member in tar if not member.isdir()}


def ours(source: Source) -> set[str]:
    with tarfile.open(source.path, "r:") as tar:
        return names(tar)


def git_archives(repository: Repository) -> set[str]:
    command = ["git", f"--git-dir={repository.path}", "archive", "--format=tar", "main"]
    done = subprocess.run(command, check=True, capture_output=True)
    with tarfile.open(fileobj=io.BytesIO(done.stdout), mode="r:") as tar:
        return names(tar)


@pytest.mark.parametrize(
    "attributes",
    [
        "CHANGES export-ignore",
        "docs export-ignore",
        "docs/ export-ignore",
        "/docs/ export-ignore",
        "docs/* export-ignore",
        "docs/** export-ignore",
        "**/docs export-ignore",
        "*.txt export-ignore\nkeep.txt -export-ignore",
        "*.txt export-ignore\nkeep.txt !export-ignore",
        "docs export-ignore\ndocs/deep -export-ignore",
        "*.py export-ignore=yes\n*.txt text export-ignore eol=lf",
        "*.txt export-ignore -export-ignore",
        "test_*.py export-ignore\nsrc/sub/* -export-ignore",
        "src/**/test_?.py export-ignore",
        "tests/**/c.txt export-ignore",
        "/*.txt export-ignore",
        '"x y.txt" export-ignore\n\\[odd].txt export-ignore',
        "[abc].* export-ignore\ncaf\u00e9.txt export-ignore",
        "[^a].txt export-ignore\n[!b].py export-ignore",
        "!*.txt export-ignore\n# *.py export-ignore\n\\#hash export-ignore",
        "[attr]private export-ignore text\n*.txt private\nkeep.txt -private",
        "[attr]private export-ignore\n[attr]hidden private\n*.py hidden",
        "a..b[ export-ignore\n/ export-ignore\n export-ignore",
        "*.txt filter=lfs diff=lfs -text",
    ],
)
def test_export_ignore_leaves_out_what_git_archive_does(
    repository: Repository, tmp_path: Path, attributes: str
) -> None:
    source = write(repository, {**FILES, ".gitattributes": attributes}, tmp_path)
    assert ours(source) == git_archives(repository)


def test_the_nearest_file_decides(repository: Repository, tmp_path: Path) -> None:
    nested = {
        ".gitattributes": "*.txt export-ignore\nsrc/a.py export-ignore",
        "src/.gitattributes": "*.txt -export-ignore\n/sub export-ignore\na.py text",
        "docs/.gitattributes": "deep/*.py export-ignore\n[attr]macro export-ignore\na.txt macro",
    }
    source = write(repository, {**FILES, **nested}, tmp_path)
    assert ours(source) == git_archives(repository)
    assert "src/docs/x.txt" in ours(source)


def test_what_the_build_is_steered_by_is_sent_all_the_same(
    repository: Repository, tmp_path: Path
) -> None:
    steering = ("Dockerfile", "Procfile", "app.json")
    files: dict[str, Content] = {**dict.fromkeys(steering, ""), "docs/a": "", "x": ""}
    attributes = "".join(f"{name} export-ignore\n" for name in (*steering, "docs"))
    source = write(repository, {**files, ".gitattributes": attributes}, tmp_path)
    assert ours(source) == {*steering, "x", ".gitattributes"}


def test_more_patterns_than_anybody_writes_are_refused(
    repository: Repository, tmp_path: Path
) -> None:
    many = "".join(f"f{number} export-ignore\n" for number in range(201))
    for attributes in (many, "x" * 300_000):
        with pytest.raises(BadAttributes, match=r"\.gitattributes"):
            write(repository, {"a": "", ".gitattributes": attributes}, tmp_path)


def test_lfs_pointers_that_are_built_are_named_in_one_line(
    repository: Repository, tmp_path: Path
) -> None:
    files: dict[str, Content] = {f"model-{number}.bin": POINTER for number in range(7)}
    longer = POINTER + "x" * 2000  # no pointer: it only begins like one
    source = write(
        repository,
        {**files, "left/out.bin": POINTER, "long.bin": longer, ".dockerignore": "left"},
        tmp_path,
    )
    (line,) = source.warnings
    assert line.startswith("Git LFS keeps the content of model-0.bin, model-1.bin, ")
    assert " and 2 more elsewhere" in line
    assert "git lfs migrate export" in line


def test_a_submodule_that_is_left_out_anyway_is_not_worth_a_word(
    repository: Repository, tmp_path: Path
) -> None:
    attributes = repository.blob("vendored export-ignore")
    index = [f"160000 {'1' * 40}\tvendored", f"100644 {attributes}\t.gitattributes"]
    commit = repository.commit_index(index)
    assert write_source(Objects(repository.path), commit, tmp_path / "1.tar").warnings == ()
