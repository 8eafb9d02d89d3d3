"""Why a step of a build was not in the cache, as two records of builds tell it."""

import fnmatch
import re
from collections.abc import Iterable
from dataclasses import dataclass

from builder.record.ingredients import ARGUMENT, CONFIG, DOCKERFILE, changed_ingredients, is_cleared
from releases.domain.build import Build

NO_CACHE = "--no-cache"
CLEARED = "the build cache was cleared"
FIRST = "first build of the app"
NO_EARLIER = "no earlier build to compare with"
BASE = "the base image changed"
UNKNOWN = "it was no longer in the cache"

_STEP = re.compile(r"^\[(?:(?P<stage>.+?) +)?(?P<number>\d+)/\d+\] (?P<text>.*)$", re.DOTALL)
_NAMED = 3  # files or names in a reason
_MANY = 100  # changed files; a record may not have them all


@dataclass(frozen=True)
class _Step:
    stage: str
    number: int
    verb: str  # COPY, in capitals
    text: str  # the whole instruction


class Reasons:
    """Called with the name of each step that runs, in their order; answers why it has to.

    `now` needs what is known before a build: options, buildpack, base, recipe, changed paths.
    `before` is the build that those paths were compared with.
    """

    def __init__(self, before: Build | None, now: Build) -> None:
        self._before = before
        self._now = now
        self._done_before = {_text(step.name) for step in before.steps} if before else set()
        self._recipe = changed_ingredients(before, now)
        self._missed: dict[str, int] = {}  # stage -> its first step that was not in the cache

    def __call__(self, name: str) -> str:
        """The reason, or nothing where there is nothing to say."""
        step = _parse(name)
        if step is None:
            return ""
        if step.verb == "FROM":
            self._missed.pop(step.stage, None)  # the classic builder's stages have no names
            return BASE if self._base_changed() else ""
        if self._now.options.no_cache:
            return NO_CACHE
        if is_cleared(self._before, self._now):
            return CLEARED
        first = self._missed.setdefault(step.stage, step.number)
        if first != step.number:
            return f"after step {first}"
        return self._of_all_steps() or self._own(step)

    def _of_all_steps(self) -> str:
        before, now = self._before, self._now
        if before is None:
            return FIRST if now.number == 1 else NO_EARLIER
        if self._base_changed():
            return BASE
        if before.buildpack and now.buildpack != before.buildpack:
            return f"the buildpack is {now.buildpack} now, {before.buildpack} before"
        return ""

    def _own(self, step: _Step) -> str:
        own_dockerfile = self._now.buildpack == "dockerfile"
        dockerfile = "the Dockerfile" if own_dockerfile else f"buildpack {self._now.buildpack}"
        has_new_text = DOCKERFILE in self._recipe
        if has_new_text and self._done_before and step.text not in self._done_before:
            return f"{dockerfile} changed"
        reason = self._files(step) or self._arguments(step) or self._other_stage(step)
        if reason or not has_new_text:
            return reason or UNKNOWN
        return f"{dockerfile} changed"  # in a line that is no step: ENV, ARG, USER

    def _files(self, step: _Step) -> str:
        patterns = copied(step.text)
        changed = [path for path in self._now.changed if _matches_any(patterns, path)]
        if patterns and len(self._now.changed) > _MANY:
            return f"more than {_MANY} files changed"
        if not changed:
            return ""
        if len(changed) <= _NAMED:
            return f"{', '.join(changed)} changed"
        return f"{len(changed)} files changed: {', '.join(changed[:_NAMED])}, ..."

    def _arguments(self, step: _Step) -> str:
        if step.verb != "RUN":  # of others, BuildKit looks only at what they use
            return ""
        config = _names(self._recipe, CONFIG)
        if config:
            return f"build config changed: {config}"
        arguments = _names(self._recipe, ARGUMENT)
        return f"build arguments changed: {arguments}" if arguments else ""

    def _other_stage(self, step: _Step) -> str:
        others = [stage for stage in self._missed if stage != step.stage]
        named = re.search(r"\s--from=(\S+)", step.text)
        if named and named[1] in others:
            return f"after stage {named[1]}"
        return "after an earlier stage" if others else ""

    def _base_changed(self) -> bool:
        before, now = self._before, self._now
        known = before and before.base_image and now.base_image
        return bool(before and known and before.base_image != now.base_image)


def copied(text: str) -> tuple[str, ...]:
    """The patterns of the source's paths that a COPY or ADD takes; of other steps, none."""
    verb, *words = text.split()
    if verb.upper() not in ("COPY", "ADD") or any(word.startswith("--from=") for word in words):
        return ()
    paths = [word for word in words if not word.startswith("--")]
    if paths and paths[0].startswith("["):  # ["a file", "to"]
        paths = re.findall(r'"([^"]*)"', " ".join(paths))
    return tuple(path for path in paths[:-1] if "://" not in path)


def _matches_any(patterns: tuple[str, ...], path: str) -> bool:
    return any(_matches(pattern, path) for pattern in patterns)


def _matches(pattern: str, path: str) -> bool:
    """Whether the pattern names the path or a directory above it."""
    wanted = [part for part in pattern.split("/") if part not in ("", ".")]
    parts = path.split("/")
    return len(wanted) <= len(parts) and all(
        fnmatch.fnmatchcase(part, want) for part, want in zip(parts, wanted, strict=False)
    )


def _parse(name: str) -> _Step | None:
    found = _STEP.match(name)
    if not found:
        return None
    text = found["text"]
    return _Step(found["stage"] or "", int(found["number"]), text.split(" ")[0].upper(), text)


def _text(name: str) -> str:
    step = _parse(name)
    return step.text if step else name


def _names(parts: Iterable[str], prefix: str) -> str:
    names = sorted(part.removeprefix(prefix) for part in parts if part.startswith(prefix))
    return ", ".join(names[:_NAMED]) + (", ..." if len(names) > _NAMED else "")
