"""What is known of each step of a build that runs, and how steps and their output read."""

import re
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from builder.docker.text import MAX_CHARS, LineBuffer, Mask, shorten, unmasked, visible
from releases.domain.build import Step

Explain = Callable[[str], str]  # takes a step's name: why was it not in the cache?

# Steps of BuildKit's own, which tell the author of an app nothing unless they take long.
INTERNAL = ("[internal] ", "copy /context /", "exporting to ")
_SHOWN_CHARS = 120
_LONG_S = 1.0
_LAST_LINES = 10
_FIRST_STAGE = re.compile(r"^\[stage-0 +")
_MOUNT = re.compile(r" --mount=\S+")
_BASE = re.compile(r"\] FROM ", re.IGNORECASE)
_HUB = re.compile(r"(?<=\] FROM )docker\.io/(?:library/)?")


def unexplained(name: str) -> str:
    """No reasons."""
    return ""


@dataclass
class _Seen:
    name: str
    is_internal: bool
    cached: bool = False
    why: str = ""
    spans: dict[float, float] = field(default_factory=dict)  # began -> ended; 0.0: it runs
    is_tagged: bool = False  # its output stands among that of others
    last_lines: deque[str] = field(default_factory=lambda: deque(maxlen=_LAST_LINES))

    @property
    def tag(self) -> str:
        """`[build 2/4]`, or the whole name of a step that has no number."""
        head, bracket, _ = self.name.partition("] ")
        return head + "]" if bracket else self.name

    @property
    def took_s(self) -> float:
        """BuildKit can begin a step more than once: to look at it, then to do it."""
        return sum(ended - began for began, ended in self.spans.items() if ended)


class Steps:
    """The steps of one build by their keys, in the order in which they begin."""

    def __init__(self, explain: Explain = unexplained, mask: Mask = unmasked) -> None:
        self._explain = explain
        self._mask = mask
        self._seen: dict[str, _Seen] = {}
        self._output: defaultdict[tuple[str, int], LineBuffer] = defaultdict(
            lambda: LineBuffer(mask)
        )
        self._named = ""  # the key of the step that was named last
        self._running: set[str] = set()  # keys, without BuildKit's own

    def begin(self, key: str, name: str, *, cached: bool) -> Iterator[str]:
        """A step begins, or is now known to come from the cache: named once."""
        known = self._seen.get(key)
        if known:
            known.cached = known.cached or cached
            return
        name = self._name(name)
        step = self._seen[key] = _Seen(name, name.startswith(INTERNAL), cached)
        if step.is_internal:
            return
        if not cached:
            step.why = self._explain(name)
        self._named = key
        reason = f"  ({step.why})" if step.why else ""
        # Of a base image the engine may say late, or never, that it was there.
        is_cached = cached and not _BASE.search(name)
        yield ("CACHED " if is_cached else "") + shorten(name, _SHOWN_CHARS) + reason

    def time(self, key: str, began: float, ended: float, *, failed: bool = False) -> Iterator[str]:
        """A begun step runs since, or ended; Unix seconds, 0 for an end that has not come."""
        step = self._seen[key]
        is_new = ended and not step.spans.get(began)
        step.spans[began] = ended
        if ended:
            self._running.discard(key)
        elif not step.is_internal:
            self._running.add(key)
        if is_new and not failed and ended - began >= _LONG_S:
            tag = step.tag.removeprefix("[internal] ")
            yield f"{tag} took {ended - began:.1f} s"

    def output(self, key: str, stream: int, piece: bytes) -> Iterator[str]:
        """What a step printed, as lines; where several steps run, each line says whose it is."""
        yield from self._whose(key, self._output[key, stream].feed(piece))

    def flush(self) -> Iterator[str]:
        """Lines that had no newline."""
        for (key, _), buffer in self._output.items():
            yield from self._whose(key, buffer.flush())

    def last_lines(self, key: str) -> Iterator[str]:
        """The end of a step's output once more, where it stood among that of others."""
        step = self._seen.get(key)
        if step and step.is_tagged and step.last_lines:
            yield f"The last lines of {step.tag}:"
            yield from step.last_lines

    def name(self, key: str) -> str:
        """The name of a step that has begun."""
        return self._seen[key].name

    def ended(self) -> tuple[Step, ...]:
        """For the record: all of them, but of BuildKit's own only what took long."""
        return tuple(
            Step(step.name, round(step.took_s, 3), step.cached, step.why)
            for step in self._seen.values()
            if not step.is_internal or step.took_s >= _LONG_S
        )

    def _name(self, name: str) -> str:
        # A secret is looked for before anything is taken out of the name.
        words = " ".join(self._mask(visible(name)).split())
        words = _HUB.sub("", _MOUNT.sub("", _FIRST_STAGE.sub("[", words)))
        return shorten(words, MAX_CHARS)

    def _whose(self, key: str, lines: Iterator[str]) -> Iterator[str]:
        step = self._seen.get(key)
        if step is None:
            yield from lines
            return
        is_alone = key == self._named and self._running <= {key}
        step.is_tagged = step.is_tagged or not is_alone
        for line in filter(None, lines):
            step.last_lines.append(line)
            yield line if is_alone else f"{step.tag} {line}"
