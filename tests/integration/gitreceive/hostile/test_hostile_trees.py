"""Trees, commits and tags that git reads, and that must not be built or even kept."""

import pytest

from tests.integration.gitreceive.hostile.attack import Case, refused
from tests.integration.gitreceive.hostile.packs import (
    ABSENT,
    COMMIT,
    TAG,
    TREE,
    Thing,
    blob,
    commit,
    history,
    push,
    tag,
    tree,
)
from tests.integration.gitreceive.hostile.victim import Victim

pytestmark = pytest.mark.integration

FILE, EXECUTABLE, LINK, DIRECTORY, SUBMODULE = b"100644", b"100755", b"120000", b"40000", b"160000"
HELLO = blob()
GOOD = history([(FILE, b"a", HELLO.oid)], HELLO)


def file(name: bytes, mode: bytes = FILE) -> bytes:
    """A push of one file."""
    return push(history([(mode, name, HELLO.oid)], HELLO))


def files(*names: bytes) -> bytes:
    """A push of files in this order."""
    return push(history([(FILE, name, HELLO.oid) for name in names], HELLO))


def link(target: bytes, name: bytes = b"link") -> bytes:
    """A push of one symlink."""
    to = blob(target)
    return push(history([(LINK, name, to.oid)], to))


def modules(text: bytes, mode: bytes = FILE) -> bytes:
    """A push with this .gitmodules."""
    content = blob(text)
    return push(history([(mode, b".gitmodules", content.oid)], content))


def below(name: bytes) -> bytes:
    """A push of a directory of that name."""
    inner = tree((FILE, b"a", HELLO.oid))
    return push(history([(DIRECTORY, name, inner.oid)], inner, HELLO))


def nested(depth: int) -> bytes:
    """A push of a file so deep down."""
    trees = [tree((FILE, b"a", HELLO.oid))]
    for _ in range(depth):
        trees.append(tree((DIRECTORY, b"d", trees[-1].oid)))
    return push([commit(trees[-1].oid), *trees, HELLO])


def crafted(data: bytes) -> bytes:
    """A push of a commit with this content."""
    return push([Thing(COMMIT, data), *GOOD[1:]])


TREE_LINE = b"tree " + GOOD[1].oid.encode() + b"\n"
PEOPLE = b"author a <a@b> 1 +0000\ncommitter a <a@b> 1 +0000\n"

TREES = [
    Case("a file named ..", file(b".."), "hasDotdot"),
    Case("a file named .", file(b"."), "hasDot"),
    Case("a directory named ..", below(b".."), "hasDotdot"),
    Case("a directory named .git", below(b".git"), "hasDotgit"),
    Case("a file named .GIT", file(b".GIT"), "hasDotgit"),
    Case("a file named git~1", file(b"git~1"), "hasDotgit"),
    Case(
        "a .git with a character that some file systems drop",
        below(b".g\xe2\x80\x8cit"),
        "hasDotgit",
    ),
    Case("a .git with a space behind", below(b".git "), "hasDotgit"),
    Case("a .git with a stream behind", below(b".git::$INDEX_ALLOCATION"), "hasDotgit"),
    Case("a slash in a name", file(b"a/b"), "fullPathname"),
    Case("an absolute name", file(b"/etc/passwd"), "fullPathname"),
    Case("a way out in a name", file(b"../../x"), "fullPathname"),
    Case("a name of no characters", file(b""), "badTree"),
    Case("a name that is there twice", files(b"a", b"a"), "duplicateEntries"),
    Case(
        "a file and a directory of one name",
        push(history([(FILE, b"a", HELLO.oid), (DIRECTORY, b"a", GOOD[1].oid)], *GOOD[1:])),
        "duplicateEntries",
    ),
    Case("names out of order", files(b"b", b"a"), "treeNotSorted"),
    Case("an object of zeroes", push(history([(FILE, b"a", "0" * 40)])), "nullSha1"),
    Case("a mode that is none", file(b"a", b"100abc"), "badTree"),
    Case(
        "a tree cut short",
        push([commit(Thing(TREE, b"100644 a\0x").oid), Thing(TREE, b"100644 a\0x")]),
        "badTree",
    ),
    Case(
        "a .gitmodules that runs a command",
        modules(b'[submodule "x"]\n\turl = -u./payload\n\tpath = x\n'),
        "gitmodulesUrl",
    ),
    Case(
        "a .gitmodules with a name that leaves",
        modules(b'[submodule "../../x"]\n\turl = a\n\tpath = x\n'),
        "gitmodulesName",
    ),
    Case(
        "a .gitmodules that updates by a command",
        modules(b'[submodule "x"]\n\turl = a\n\tpath = x\n\tupdate = !id\n'),
        "gitmodulesUpdate",
    ),
    Case("a .gitmodules that is a symlink", modules(b"x", LINK), "gitmodulesSymlink"),
    Case("a line break in a name", file(b"a\nb"), "control character"),
    Case("a terminal's code in a name", file(b"a\x1b[2J"), "control character"),
    Case("a name of 5000 bytes", file(b"a" * 5000), "too long"),
    Case("a name that is not UTF-8", file(b"\xff\xfe"), "not UTF-8"),
    Case("a symlink to /etc", link(b"/etc"), "leaves the repository"),
    Case("a symlink that leaves the tree", link(b"a/../../x"), "leaves the repository"),
    Case("a symlink to its own parent", link(b".."), "leaves the repository"),
    Case("a symlink to 5000 bytes", link(b"a" * 5000), "points to a name of 5000 bytes"),
    Case("a symlink with a null byte", link(b"a\0b"), "leaves the repository"),
    Case("a symlink to nothing", link(b""), "points to"),
    Case("150 directories deep", nested(150), "directories deep"),
    Case("3000 directories deep", nested(3000), "unpack"),
]

OBJECTS = [
    Case("a commit without its tree", push([commit(ABSENT)]), "did not receive expected object"),
    Case(
        "a tree without its blob",
        push(history([(FILE, b"a", ABSENT)])),
        "did not receive expected object",
    ),
    Case(
        "a tree without its tree",
        push(history([(DIRECTORY, b"a", ABSENT)])),
        "did not receive expected object",
    ),
    Case(
        "a commit without its parent",
        push([commit(GOOD[1].oid, ABSENT), *GOOD[1:]]),
        "did not receive expected object",
    ),
    Case(
        "a commit whose tree is a blob", push([commit(HELLO.oid), HELLO]), "is a tree, not a blob"
    ),
    Case(
        "a tree whose directory is a blob",
        push(history([(DIRECTORY, b"a", HELLO.oid)], HELLO)),
        "is a tree, not a blob",
    ),
    Case(
        "a tree whose file is a tree",
        push(history([(FILE, b"a", GOOD[1].oid)], *GOOD[1:])),
        "invalid tree",
    ),
    Case(
        "a commit whose parent is a blob",
        push([commit(GOOD[1].oid, HELLO.oid), *GOOD[1:]]),
        "are reachable",
    ),
    Case("a branch that is a tree", push([GOOD[1], HELLO]), "not a commit"),
    Case("a branch that is a blob", push([HELLO]), "not a commit"),
    Case("a branch that is a tag", push([tag(GOOD[0].oid), *GOOD]), "not a commit"),
    Case(
        "a tag of what is not there",
        push([tag(ABSENT)], b"refs/tags/x"),
        "did not receive expected object",
    ),
    Case(
        "a tag that lies about its type",
        push([tag(HELLO.oid), HELLO], b"refs/tags/x"),
        "is a commit, not a blob",
    ),
    Case(
        "a tag without a type",
        push([Thing(TAG, b"object " + GOOD[0].oid.encode() + b"\n"), *GOOD], b"refs/tags/x"),
        "invalid tag",
    ),
    Case("a commit without an author", crafted(TREE_LINE + b"\nx"), "missingAuthor"),
    Case(
        "a commit with two authors",
        crafted(TREE_LINE + b"author a <a@b> 1 +0000\n" + PEOPLE + b"\nx"),
        "multipleAuthors",
    ),
    Case(
        "a commit with a null byte in its header",
        crafted(TREE_LINE + b"author a\0 <a@b> 1 +0000\n\nx"),
        "nulInHeader",
    ),
    Case(
        "a commit with a date beyond time",
        crafted(TREE_LINE + PEOPLE.replace(b" 1 ", b" " + b"9" * 30 + b" ") + b"\nx"),
        "badDateOverflow",
    ),
    Case("a commit with half a tree line", crafted(b"tree 12\n" + PEOPLE + b"\nx"), "bogus commit"),
    Case("an empty commit object", crafted(b""), "bogus commit"),
]
CASES = [*TREES, *OBJECTS]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_an_object_that_must_not_be_kept_is_refused(door: Victim, case: Case) -> None:
    refused(door, case)
