"""What differs between two releases, told without a value of the config."""

from collections.abc import Mapping
from dataclasses import dataclass

from releases.domain.build import Build
from releases.domain.release import Release

UNKNOWN = "unknown"  # the build's record is not kept any more
_THE_IMAGE = "(the image)"  # a process that is the image's own command


@dataclass(frozen=True)
class Names:
    """Names that only one of two sides has, or both with different values; each sorted."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)


@dataclass(frozen=True)
class Fact:
    """What a release has one of: its port, its base."""

    name: str
    old: str
    new: str


@dataclass(frozen=True)
class Line:
    """What a process type runs; None on the side that lacks it."""

    process_type: str
    old: str | None
    new: str | None


@dataclass(frozen=True)
class Difference:
    """All but the commits, which only a repository knows."""

    config: Names
    processes: tuple[Line, ...]  # those that differ
    facts: tuple[Fact, ...]  # those that differ


def difference(
    old: Release, new: Release, old_build: Build | None, new_build: Build | None
) -> Difference:
    """What changes from one release to another; the builds are those that made their images."""
    before, after = _facts(old, old_build), _facts(new, new_build)
    facts = (Fact(name, before[name], after[name]) for name in before)
    return Difference(
        config=compare(old.config, new.config),
        processes=_lines(old.artifact.processes, new.artifact.processes),
        facts=tuple(fact for fact in facts if fact.old != fact.new),
    )


def compare(old: Mapping[str, str], new: Mapping[str, str]) -> Names:
    """By name; of the values nothing is kept, not even how long they are."""
    return Names(
        added=tuple(sorted(new.keys() - old.keys())),
        changed=tuple(sorted(name for name in old.keys() & new.keys() if old[name] != new[name])),
        removed=tuple(sorted(old.keys() - new.keys())),
    )


def _lines(old: Mapping[str, str | None], new: Mapping[str, str | None]) -> tuple[Line, ...]:
    before = {name: line or _THE_IMAGE for name, line in old.items()}
    after = {name: line or _THE_IMAGE for name, line in new.items()}
    names = sorted(before.keys() | after.keys())
    lines = (Line(name, before.get(name), after.get(name)) for name in names)
    return tuple(line for line in lines if line.old != line.new)


def _facts(release: Release, build: Build | None) -> dict[str, str]:
    """In the order in which they are shown."""
    return {
        "port": str(release.port),
        "buildpack": build.buildpack if build else UNKNOWN,
        "version": build.version if build else UNKNOWN,
        "base": build.base if build else UNKNOWN,
        "base image": build.base_image if build else UNKNOWN,
        "image": release.artifact.image,
    }
