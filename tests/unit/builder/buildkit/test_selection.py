"""Which entries a request's patterns and paths choose."""

from collections.abc import Sequence

import pytest

from builder.buildkit.directory import Directory, Entry
from builder.buildkit.selection import Wanted, select
from builder.source.dockerignore import BadDockerIgnore

SYMLINK = 1 << 27
PATHS = ["a", "a/b", "a/b/c.txt", "a/d.txt", "e.txt", "f", "f/g.md"]
LINKS = {"to-d": "a/d.txt", "up": "a/../f", "loop": "loop", "abs": "/e.txt", "out": "../../f"}


def chosen(wanted: Wanted) -> list[str]:
    links = [Entry(p.encode(), SYMLINK, len(t), 0, t.encode()) for p, t in LINKS.items()]
    entries = [Entry(path.encode(), 0o644, 0, 0) for path in PATHS]
    entries = sorted(entries + links, key=lambda entry: entry.path)
    found = select(Directory(entries, lambda _place, _size: b""), wanted)
    return [entry.path.decode() for entry in found]


def test_a_request_that_names_nothing_wants_everything() -> None:
    assert chosen(Wanted()) == sorted([*PATHS, *LINKS])


@pytest.mark.parametrize(
    ("follow", "expected"),
    [
        (["e.txt"], ["e.txt"]),
        (["/e.txt"], ["e.txt"]),
        (["a/b"], ["a", "a/b", "a/b/c.txt"]),
        (["*.txt", "missing"], ["e.txt"]),
        (["to-d"], ["a", "a/d.txt", "to-d"]),
        (["to-*"], ["a", "a/d.txt", "to-d"]),
        (["up/g.md"], ["f", "f/g.md", "up"]),
        (["loop"], ["loop"]),
        (["abs"], ["abs", "e.txt"]),
        (["out"], ["f", "f/g.md", "out"]),
        (["../../etc/passwd"], []),
        ([".", "e.txt"], sorted([*PATHS, *LINKS])),
    ],
)
def test_paths_bring_what_they_lead_to_and_the_directories_above(
    follow: Sequence[str], expected: list[str]
) -> None:
    assert chosen(Wanted(follow=follow)) == expected


def test_includes_and_excludes_are_patterns() -> None:
    assert chosen(Wanted(includes=["a", "e.*"], excludes=["**/*.txt", "!a/d.txt"])) == [
        "a",
        "a/b",
        "a/d.txt",
    ]


def test_what_is_kept_of_an_excluded_directory_brings_the_directory() -> None:
    assert chosen(Wanted(excludes=["*", "!f/g.md"])) == ["f", "f/g.md"]


def test_a_name_that_looks_like_a_comment_is_a_name() -> None:
    assert chosen(Wanted(follow=["#e", "e.txt"])) == ["e.txt"]


@pytest.mark.parametrize("pattern", ["[z-a]", "a" * 10 + "[" * 3 + "]"])
def test_what_is_no_pattern_is_refused_or_matches_nothing(pattern: str) -> None:
    try:
        assert chosen(Wanted(includes=[pattern])) == []
    except BadDockerIgnore as error:
        assert "no pattern" in str(error)  # noqa: PT017 - either is right
