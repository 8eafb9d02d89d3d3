"""What an engine says during a build, and how it reads as lines and as a reason for failure."""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from builder.docker.steps import INTERNAL, Explain, Steps, unexplained
from builder.docker.text import Mask, plain, shorten, unmasked
from builder.docker.trace import decode_trace
from releases.domain.build import Step
from releases.errors import PaasError

_EXECUTOR = re.compile(r"^(?:executor failed running|process) .*(?:\]|\"): ", re.DOTALL)
_EXIT_CODE = re.compile(r"exit code: (\d+)|non-zero code: (\d+)")
_PREFIXES = (
    "failed to solve with frontend dockerfile.v0: ",
    "failed to create LLB definition: ",
)
_CANCELLED = b"context canceled"  # a step that was ended because another one failed
_CLASSIC_STEP = re.compile(r"^Step (\d+/\d+) : (.*)", re.DOTALL)
_CLASSIC_NOISE = (" ---> ", "Removing intermediate container ", "Successfully ")
_MAX_STEP_CHARS = 160
_MAX_REASON_CHARS = 400


class BuildFailed(PaasError):
    """The engine could not make the image."""

    def __init__(self, reason: str, steps: tuple[Step, ...] = ()) -> None:
        super().__init__(reason)
        self.steps = steps  # what was done until then


class Progress:
    """Reads the messages of one build, of BuildKit or of the classic builder."""

    def __init__(
        self,
        explain: Explain = unexplained,
        mask: Mask = unmasked,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.image = ""  # the image's id, once there is one
        self.failure: BuildFailed | None = None  # the engine's last word, if it was a bad one
        self._steps = Steps(explain, mask)
        self._mask = mask
        self._clock = clock
        self._failed = ""  # the key of the step that failed
        self._classic = ""  # the key of the classic builder's step at hand
        self._classic_began = 0.0
        self._unnamed = ""  # the same step's name, until it is known whether the cache had it

    @property
    def steps(self) -> tuple[Step, ...]:
        """All that has begun so far."""
        return self._steps.ended()

    def read(self, message: Mapping[str, Any]) -> Iterator[str]:
        """The lines to show for one message."""
        if "error" in message:
            yield from self._steps.flush()
            failed = self._failed or self._classic
            yield from self._steps.last_lines(failed)
            self.failure = self._failure(str(message["error"]), failed)
        if message.get("id") == "moby.buildkit.trace":
            yield from self._trace(decode_trace(message["aux"]))
        elif isinstance(message.get("aux"), Mapping):  # moby.image.id, or classic's only aux
            self.image = message["aux"].get("ID", self.image)
        elif "stream" in message:
            yield from self._classic_text(message["stream"])

    def _trace(self, status: Any) -> Iterator[str]:
        for vertex in status.vertexes:
            if vertex.HasField("started"):
                yield from self._vertex(vertex)
        for log in status.logs:
            yield from self._steps.output(log.vertex, log.stream, log.msg)

    def _vertex(self, vertex: Any) -> Iterator[str]:
        key, has_failed = vertex.digest, bool(vertex.error)
        name = vertex.name.decode("utf-8", "replace")
        yield from self._steps.begin(key, name, cached=vertex.cached)
        began, ended = _seconds(vertex.started), _seconds(vertex.completed)
        yield from self._steps.time(key, began, ended, failed=has_failed)
        if has_failed and not (self._failed and _CANCELLED in vertex.error):
            self._failed = key

    def _classic_text(self, text: str) -> Iterator[str]:
        step = _CLASSIC_STEP.match(text)
        if step or text.startswith("Successfully built "):
            yield from self._end_classic_step()
        if step:
            self._unnamed = f"[{step[1]}] {step[2]}"
            return
        if text == "\n":
            return
        if self._unnamed:  # what follows a step says whether the cache had it
            yield from self._begin_classic_step(cached=text == " ---> Using cache\n")
        if not text.startswith(_CLASSIC_NOISE):
            yield from self._steps.output(self._classic, 0, text.encode())

    def _begin_classic_step(self, *, cached: bool) -> Iterator[str]:
        self._classic, self._unnamed = self._unnamed, ""
        self._classic_began = self._clock()
        yield from self._steps.begin(self._classic, self._classic, cached=cached)
        yield from self._steps.time(self._classic, self._classic_began, 0.0)

    def _end_classic_step(self) -> Iterator[str]:
        if self._classic:
            yield from self._steps.time(self._classic, self._classic_began, self._clock())

    def _failure(self, error: str, failed: str) -> BuildFailed:
        name = self._steps.name(failed) if failed else ""
        step = shorten(name.partition("] ")[2], _MAX_STEP_CHARS)
        code = _EXIT_CODE.search(error)
        if step and code:
            status = code[1] or code[2]
            return BuildFailed(f"`{step}` ended with exit status {status}", self.steps)
        reason = " ".join(plain(line) for line in _EXECUTOR.sub("", error).splitlines())
        for prefix in _PREFIXES:
            reason = reason.removeprefix(prefix)
        reason = shorten(self._mask(reason), _MAX_REASON_CHARS)
        if step and not name.startswith(INTERNAL):
            return BuildFailed(f"`{step}`: {reason}", self.steps)
        return BuildFailed(reason, self.steps)


def _seconds(moment: Any) -> float:
    """Of a protobuf Timestamp; 0.0 for one that is not there."""
    return float(moment.seconds) + float(moment.nanos) / 1e9
