"""What a branch may be called, and how a list of the branches that deploy is written."""

from dulwich.refs import Ref, check_ref_format

from releases.errors import BadInput

HEADS = "refs/heads/"
_MAX_CHARS = 200


class BadBranchName(BadInput):
    """git would not take the name."""


def check_branch(name: str) -> str:
    """Return the name, or raise BadBranchName."""
    usable = name.isprintable() and not name.startswith("-") and len(name) <= _MAX_CHARS
    if not usable or not check_ref_format(Ref(f"{HEADS}{name}".encode(errors="replace"))):
        raise BadBranchName(f"{name[:60]!r} is no name for a branch; say for example main")
    return name


def parse_branches(text: str) -> tuple[str, ...]:
    """`main,master` as names in that order; BadBranchName."""
    return tuple(dict.fromkeys(check_branch(name.strip()) for name in text.split(",")))
