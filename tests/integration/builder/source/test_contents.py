"""What is read from a stored source before it is built."""

from pathlib import Path

import pytest

from builder.source.archive import write_source
from builder.source.contents import UnreadableFile, read_contents
from builder.source.objects import Objects
from tests.integration.builder.repository import Repository

pytestmark = pytest.mark.integration


def test_the_top_of_a_source_is_read_one_directory_deep(
    repository: Repository, tmp_path: Path
) -> None:
    commit = repository.commit(
        {"Procfile": "web: grün\n", "z.py": "", "public/index.html": "<p>", "a/b/package.json": ""},
        links={"link": "z.py"},
    )
    source = write_source(Objects(repository.path), commit, tmp_path / "1.tar")
    contents = read_contents(source.path)
    assert contents.paths == {"Procfile", "z.py", "public/index.html", "link"}
    assert contents.text("Procfile") == "web: grün\n"
    assert contents.text("Dockerfile") is None


def test_one_more_path_is_read_however_deep_it_is(repository: Repository, tmp_path: Path) -> None:
    files = {"a/b/c/Dockerfile": "FROM x\n", "a/b/other": "", "z": "", "a/b/c/z/deep": ""}
    path = write_source(Objects(repository.path), repository.commit(files), tmp_path / "1.tar").path
    contents = read_contents(path, also="a/b/c/Dockerfile")
    assert contents.paths == {"z", "a/b/c/Dockerfile"}
    assert contents.text("a/b/c/Dockerfile") == "FROM x\n"
    assert read_contents(path, also="a/b/c/none").text("a/b/c/none") is None
    assert read_contents(path, also="a/none").paths == {"z"}


def test_a_procfile_that_is_not_text_is_refused(repository: Repository, tmp_path: Path) -> None:
    commit = repository.commit({"Procfile": b"web: \xff\xfe", "Dockerfile": "#" * (2 << 20)})
    source = write_source(Objects(repository.path), commit, tmp_path / "1.tar")
    contents = read_contents(source.path)
    with pytest.raises(UnreadableFile, match="Procfile is not UTF-8"):
        contents.text("Procfile")
    with pytest.raises(UnreadableFile, match="Dockerfile is 2097152 bytes long"):
        contents.text("Dockerfile")
