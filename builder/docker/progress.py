"""What an engine says during a build, and how it reads as lines and as a reason for failure."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from builder.docker.text import LineBuffer, plain
from builder.docker.trace import decode_trace
from releases.errors import PaasError

# Steps of BuildKit's own, which tell the author of an app nothing.
_INTERNAL = ("[internal] ", "copy /context /", "exporting to ")
_FIRST_STAGE = re.compile(r"^\[stage-0 +")
_EXECUTOR = re.compile(r"^(?:executor failed running|process) .*(?:\]|\"): ", re.DOTALL)
_EXIT_CODE = re.compile(r"exit code: (\d+)|non-zero code: (\d+)")
_CLASSIC_STEP = re.compile(r"^Step (\d+/\d+) : (.*)", re.DOTALL)
_CLASSIC_NOISE = (" ---> ", "Removing intermediate container ", "Successfully ")
_MAX_STEP_CHARS = 160


class BuildFailed(PaasError):
    """The engine could not make the image."""


class Progress:
    """Reads the messages of one build, of BuildKit or of the classic builder."""

    def __init__(self) -> None:
        self.image = ""  # the image's id, once there is one
        self.failure: BuildFailed | None = None  # the engine's last word, if it was a bad one
        self._announced: set[str] = set()
        self._output: defaultdict[tuple[str, int], LineBuffer] = defaultdict(LineBuffer)
        self._step = ""  # of the classic builder: the step at hand
        self._unannounced = ""  # the same, until it was shown
        self._failed = ""  # the step that failed

    def read(self, message: Mapping[str, Any]) -> Iterator[str]:
        """The lines to show for one message."""
        if "error" in message:
            yield from self._flush()
            self.failure = self._failure(str(message["error"]))
        if message.get("id") == "moby.buildkit.trace":
            yield from self._trace(decode_trace(message["aux"]))
        elif isinstance(message.get("aux"), Mapping):  # moby.image.id, or classic's only aux
            self.image = message["aux"].get("ID", self.image)
        elif "stream" in message:
            yield from self._classic(message["stream"])

    def _trace(self, status: Any) -> Iterator[str]:
        for vertex in status.vertexes:
            name = _step_name(vertex.name)
            if vertex.HasField("started") and vertex.digest not in self._announced:
                self._announced.add(vertex.digest)
                if not name.startswith(_INTERNAL):
                    yield f"CACHED {name}" if vertex.cached else name
            if vertex.error:
                self._failed = name
        for log in status.logs:
            yield from self._output[log.vertex, log.stream].feed(log.msg)

    def _classic(self, text: str) -> Iterator[str]:
        step = _CLASSIC_STEP.match(text)
        if step:
            self._step = self._unannounced = f"[{step[1]}] {plain(step[2])}"
            return
        if text == "\n":
            return
        if self._unannounced:  # what follows a step says whether the cache had it
            cached = text == " ---> Using cache\n"
            yield f"CACHED {self._unannounced}" if cached else self._unannounced
            self._unannounced = ""
        if not text.startswith(_CLASSIC_NOISE):
            yield from self._output["", 0].feed(text.encode())

    def _flush(self) -> Iterator[str]:
        for buffer in self._output.values():
            yield from buffer.flush()

    def _failure(self, error: str) -> BuildFailed:
        step = (self._failed or self._step).partition("] ")[2]
        code = _EXIT_CODE.search(error)
        if step and code:
            return BuildFailed(f"`{_short(step)}` ended with exit status {code[1] or code[2]}")
        reason = " ".join(plain(line) for line in _EXECUTOR.sub("", error).splitlines())
        reason = reason.removeprefix("failed to solve with frontend dockerfile.v0: ")
        reason = reason.removeprefix("failed to create LLB definition: ")
        if step and not self._failed.startswith(_INTERNAL):
            return BuildFailed(f"`{_short(step)}`: {_short(reason, 400)}")
        return BuildFailed(_short(reason, 400))


def _step_name(name: bytes) -> str:
    words = plain(name.decode("utf-8", "replace")).split()
    return _FIRST_STAGE.sub("[", " ".join(words))


def _short(text: str, limit: int = _MAX_STEP_CHARS) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
