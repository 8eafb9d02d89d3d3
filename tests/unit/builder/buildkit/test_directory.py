"""In which order and with which attributes entries are shown."""

import tarfile
from pathlib import Path

import pytest

from builder.buildkit.directory import directory_of_files, directory_of_tar
from builder.source import tar
from builder.source.members import BrokenSource, read_members

GO_DIRECTORY = 1 << 31
GO_SYMLINK = 1 << 27
LONG = "long/" + "x" * 150


def source(path: Path) -> Path:
    """A tar of all kinds of members, in the order of a source: top level first."""
    members = [
        (tar.Member(b"a-b", tar.FILE, 0o644, 3, mtime=7), b"one"),
        (tar.Member(b"a", tar.DIRECTORY, 0o755), b""),
        (tar.Member(b"link", tar.SYMLINK, 0o777, target=b"a/" + b"t" * 120), b""),
        (tar.Member(b"long", tar.DIRECTORY, 0o755), b""),
        (tar.Member("ü".encode(), tar.FILE, 0o755, 0), b""),
        (tar.Member(b"a/z", tar.FILE, 0o644, 600), b"z" * 600),
        (tar.Member(LONG.encode(), tar.FILE, 0o644, 1), b"l"),
    ]
    blocks = [
        tar.header(member) + content + tar.padding(len(content)) for member, content in members
    ]
    path.write_bytes(b"".join(blocks) + tar.END)
    return path


def test_members_are_read_as_another_reader_reads_them(tmp_path: Path) -> None:
    path = source(tmp_path / "1.tar")
    with tarfile.open(path) as other:
        expected = [
            (m.name, m.mode, m.size, m.mtime, m.linkname, m.offset_data if m.isfile() else 0)
            for m in other
        ]
    assert [
        (
            m.path.decode(),
            m.mode,
            m.size,
            m.mtime,
            m.target.decode(),
            m.start if m.kind == tar.FILE else 0,
        )
        for m in read_members(path)
    ] == expected


@pytest.mark.parametrize("damage", [b"", b"junk", b"x" * 600])
def test_a_source_that_is_no_tar_is_said_to_be_damaged(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "1.tar"
    path.write_bytes(damage)
    with pytest.raises(BrokenSource, match=r"the stored source 1\.tar is damaged; push again"):
        list(read_members(path))


def test_a_source_that_was_cut_off_is_said_to_be_damaged(tmp_path: Path) -> None:
    path = source(tmp_path / "1.tar")
    path.write_bytes(path.read_bytes()[:1100])
    with pytest.raises(BrokenSource, match="damaged"):
        list(read_members(path))


def test_entries_come_name_by_name_with_what_is_in_a_directory_behind_it(tmp_path: Path) -> None:
    with directory_of_tar(source(tmp_path / "1.tar")) as directory:
        paths = [entry.path.decode() for entry in directory.entries]
        assert paths == ["a", "a/z", "a-b", "link", "long", LONG, "ü"]


def test_modes_are_gos_and_a_symlink_has_the_size_of_its_target(tmp_path: Path) -> None:
    with directory_of_tar(source(tmp_path / "1.tar")) as directory:
        found = {entry.path: entry for entry in directory.entries}
        assert found[b"a"].mode == GO_DIRECTORY | 0o755
        assert found["ü".encode()].mode == 0o755
        link = found[b"link"]
        assert (link.mode, link.size, link.target) == (GO_SYMLINK | 0o777, 122, b"a/" + b"t" * 120)
        assert found[b"a-b"].mtime_ns == 7 * 10**9
        assert (found[b"a"].is_file, link.is_file, found[b"a-b"].is_file) == (False, False, True)


def test_contents_are_read_where_they_are(tmp_path: Path) -> None:
    with directory_of_tar(source(tmp_path / "1.tar")) as directory:
        found = {entry.path: entry for entry in directory.entries}
        assert directory.read(found[b"a-b"].start, 3) == b"one"
        assert directory.read(found[LONG.encode()].start, 1) == b"l"


def test_files_in_memory_have_their_directories_and_times_of_their_contents() -> None:
    first = directory_of_files({"b/c/d": b"deep", "a": b"same"})
    second = directory_of_files({"b/c/d": b"else", "a": b"same"})
    assert [entry.path for entry in first.entries] == [b"a", b"b", b"b/c", b"b/c/d"]
    deep, same = first.entries[3], first.entries[0]
    assert first.read(deep.start, deep.size) == b"deep"
    assert same.mtime_ns == second.entries[0].mtime_ns
    assert deep.mtime_ns != second.entries[3].mtime_ns
