"""Which symlinks of a tree stay inside it, also by way of one another."""

from collections.abc import Mapping

from builder.source.tree import BadTree

_MOST_HOPS = 40  # as the kernel counts them
_MOST_DEEP = 200  # deeper than any directory of a tree that is built
_MOST_STEPS = 1_000_000  # of all links together: some 100,000 ordinary ones


def check_symlinks(links: Mapping[str, str]) -> None:
    """Raise BadTree unless all of these (path -> target) can be followed without leaving the tree.

    `dir/up -> ..` stays inside, and `way -> dir/up/../etc` only looks as if it did.
    """
    steps = 0
    for path, target in links.items():
        if not target:
            raise BadTree(f"symlink {path} points to nothing; remove it")
        walk = _Walk(links, path)
        if "\0" in target or not walk.stays_inside():
            raise BadTree(
                f"symlink {path} -> {target[:200]!r} leaves the repository; "
                "make it relative to a file inside, or list it in .dockerignore"
            )
        steps += walk.steps
        if steps > _MOST_STEPS:
            raise BadTree("the commit's symlinks lead through each other too often to be followed")


class _Walk:
    """Follows one symlink, name by name."""

    def __init__(self, links: Mapping[str, str], path: str) -> None:
        self._links = links
        self._ahead = path.split("/")[::-1]
        self._reached: list[str] = []
        self._hops = 0
        self.steps = 0

    def stays_inside(self) -> bool:
        while self._ahead and self._hops <= _MOST_HOPS and len(self._reached) <= _MOST_DEEP:
            self.steps += 1
            if not self._step(self._ahead.pop()):
                return False
        return True  # where it ends, or nowhere: a loop, or deeper than there are directories

    def _step(self, name: str) -> bool:
        if name in ("", "."):
            return True
        if name == "..":
            return bool(self._reached) and bool(self._reached.pop())
        target = self._links.get("/".join([*self._reached, name]))
        if target is None:
            self._reached.append(name)
            return True
        self._hops += 1
        self._ahead.extend(target.split("/")[::-1])
        return not target.startswith("/")
