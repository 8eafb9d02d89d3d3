"""What git says of the commits between two: how many, and subject and date of the newest."""

from dataclasses import dataclass

from builder.source.objects import Objects

# A subject may be as long as the commit, and is of no use to anybody beyond this.
_ENTRY_BYTES = 4096
_FORMAT = "%H %at %<(500,trunc)%s"


@dataclass(frozen=True)
class Committed:
    """A commit as a history shows it."""

    commit: str  # 40 hex digits
    authored_at: int  # Unix seconds
    subject: str  # as whoever wrote it wants it: not fit for a terminal


def history(objects: Objects, commit: str, without: str, at_most: int) -> list[Committed] | None:
    """The newest commits in the history of one and not of another (`""`: of none).

    None where one of the two is not there (any more).
    """
    arguments = ["log", "-z", "--no-show-signature", f"--format={_FORMAT}"]
    arguments += [f"--max-count={at_most}", commit, *_excluded(without), "--"]
    said = objects.said(arguments, at_most * _ENTRY_BYTES)
    return None if said is None else [found for one in said.split(b"\0") if (found := _read(one))]


def count(objects: Objects, commit: str, without: str) -> int | None:
    """How many there are of them; None where one of the two is not there."""
    said = objects.said(["rev-list", "--count", commit, *_excluded(without), "--"], _ENTRY_BYTES)
    return None if said is None else int(said)


def _excluded(commit: str) -> list[str]:
    return [f"^{commit}"] if commit else []


def _read(entry: bytes) -> Committed | None:
    """None for what is no whole commit: the last one of too long an output."""
    commit, _, rest = entry.decode("utf-8", "replace").partition(" ")
    moment, _, subject = rest.partition(" ")
    if not moment.removeprefix("-").isdigit():
        return None
    return Committed(commit, int(moment), subject.strip())
