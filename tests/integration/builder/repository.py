"""How tests fill a bare repository with whatever tree they need."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.services import need

Content = str | bytes


class Repository:
    """A bare repository, written to by git's plumbing: no work tree, no configuration."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._git = need("git")
        self.run("init", "--quiet", "--bare", str(path))

    def run(self, *arguments: str, stdin: bytes = b"") -> str:
        """Run git in the repository; return what it printed."""
        environment = {
            "PATH": "/usr/bin:/bin",
            "GIT_DIR": str(self.path),
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_AUTHOR_NAME": "a",
            "GIT_AUTHOR_EMAIL": "a@example.com",
            "GIT_COMMITTER_NAME": "a",
            "GIT_COMMITTER_EMAIL": "a@example.com",
        }
        done = subprocess.run(
            [self._git, *arguments], input=stdin, env=environment, check=True, capture_output=True
        )
        return done.stdout.decode().strip()

    def blob(self, content: Content) -> str:
        """Write a blob; return its id."""
        raw = content.encode() if isinstance(content, str) else content
        return self.run("hash-object", "-w", "--stdin", stdin=raw)

    def tree(self, *entries: str) -> str:
        """Write a tree of `mode kind oid<TAB>name` entries; return its id."""
        listing = "\0".join(entries).encode("utf-8", "surrogateescape")
        return self.run("mktree", "-z", stdin=listing)

    def commit_tree(self, tree: str) -> str:
        """Commit a tree; return the commit's id."""
        return self.run("commit-tree", tree, "-m", "test")

    def commit(self, files: Mapping[str, Content], links: Mapping[str, str] | None = None) -> str:
        """Commit files (`path*` is executable) and symlinks; return the commit's id."""
        index = [
            f"100{755 if path.endswith('*') else 644} {self.blob(content)}\t{path.rstrip('*')}"
            for path, content in files.items()
        ]
        index += [f"120000 {self.blob(to)}\t{path}" for path, to in (links or {}).items()]
        return self.commit_index(index)

    def commit_index(self, index: list[str]) -> str:
        """Commit `mode oid<TAB>path` entries; return the commit's id."""
        self.run("read-tree", "--empty")
        self.run("update-index", "-z", "--index-info", stdin="\0".join([*index, ""]).encode())
        return self.commit_tree(self.run("write-tree"))

    def commit_directory(
        self, directory: Path, changes: Mapping[str, Content] | None = None
    ) -> str:
        """Commit all files of a directory, with some changed; return the commit's id."""
        files: dict[str, Content] = {
            str(path.relative_to(directory)): path.read_bytes()
            for path in sorted(directory.rglob("*"))
            if path.is_file()
        }
        return self.commit({**files, **changes})
