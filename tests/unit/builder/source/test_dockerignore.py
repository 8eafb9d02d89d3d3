"""What a .dockerignore leaves out: expectations are those of Docker's documentation and CLI."""

import time

import pytest

from builder.source.dockerignore import MAX_PATTERNS, BadDockerIgnore, DockerIgnore


@pytest.mark.parametrize(
    ("patterns", "ignored", "kept"),
    [
        ("node_modules", ["node_modules", "node_modules/a/b.js"], ["x/node_modules", "node"]),
        ("**/node_modules", ["node_modules/a", "x/y/node_modules/z"], ["node_modules2"]),
        ("*.log", ["a.log", "a.log/b"], ["x/a.log", "a.logs"]),
        ("**/*.log", ["a.log", "x/y/a.log"], ["a.txt"]),
        ("*/temp*", ["a/temp", "a/temp1/x"], ["temp", "a/b/temp"]),
        ("temp?", ["tempa"], ["temp", "temp/a", "tempab"]),
        ("/build/", ["build", "build/a"], ["x/build"]),
        ("./a//b/../c", ["a/c"], ["a/b"]),
        ("logs/**", ["logs/a", "logs/a/b"], ["logs"]),
        ("a/**/z", ["a/z", "a/b/c/z", "a/b/z/y"], ["a", "a/b", "z"]),
        ("**", ["a", "a/b"], []),
        ("*.md\n!README.md", ["a.md"], ["README.md"]),
        ("docs\n!docs/keep.md", ["docs/a.md"], ["docs/keep.md"]),
        ("!README.md\n*.md", ["README.md"], []),
        ("*\n!src", ["a", "b/c"], ["src", "src/d/e"]),
        ("# a comment\n\n  spaced  \n", ["spaced"], ["# a comment"]),
        ("[ab]*.txt", ["a.txt", "b1.txt"], ["c.txt"]),
        ("[^ab].txt", ["c.txt"], ["a.txt"]),
        (r"\*.txt", ["*.txt"], ["a.txt"]),
        ("a.c", ["a.c"], ["abc"]),
        ("\ufeffsecret", ["secret"], ["a"]),
        (".git\r\n.env\r\n", [".git/config", ".env"], [".envrc"]),
        ("", [], ["a"]),
    ],
)
def test_patterns_leave_out_what_docker_leaves_out(
    patterns: str, ignored: list[str], kept: list[str]
) -> None:
    ignore = DockerIgnore(patterns)
    assert [path for path in ignored + kept if ignore.ignores(path)] == ignored


def test_too_many_patterns_are_refused() -> None:
    with pytest.raises(BadDockerIgnore, match="more than 1000 patterns"):
        DockerIgnore("a\n" * (MAX_PATTERNS + 1))


def test_a_pattern_made_to_backtrack_costs_no_time() -> None:
    ignore = DockerIgnore("*a" * 40 + "b\n" + "**/a/" * 40 + "b\n")
    began = time.process_time()
    assert not ignore.ignores("a" * 255)
    assert not ignore.ignores("/".join("a" * 100))
    assert time.process_time() - began < 0.5
