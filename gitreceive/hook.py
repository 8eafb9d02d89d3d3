"""How we talk with git's hooks: three pipes that they inherit through git."""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from dulwich.protocol import pkt_line

_VERSION = pkt_line(b"version=1")


@dataclass(frozen=True)
class HookRequest:
    """What the hook handed over."""

    quarantine: Path | None  # where git keeps what just arrived; None when nothing did
    commands: list[str]  # `<old> <new> <ref>`


class Hook:
    """Our ends of the pipes, and until git has started also its ends."""

    def __init__(self) -> None:
        request, self._request_w = os.pipe()
        self._log_r, log = os.pipe()
        self._verdict_r, verdict = os.pipe()
        self._request: IO[bytes] = os.fdopen(request, "rb")
        self._log: IO[bytes] = os.fdopen(log, "wb", buffering=0)
        self._verdict: IO[bytes] = os.fdopen(verdict, "wb", buffering=0)

    @property
    def descriptors(self) -> tuple[int, int, int]:
        """What git must inherit."""
        return self._request_w, self._log_r, self._verdict_r

    @property
    def environment(self) -> dict[str, str]:
        """How the hook finds its ends."""
        names = ("PAAS_REQUEST_FD", "PAAS_LOG_FD", "PAAS_VERDICT_FD")
        return {name: str(fd) for name, fd in zip(names, self.descriptors, strict=True)}

    def started(self) -> None:
        """git has its own copies now: close ours, or no pipe would ever end."""
        for descriptor in self.descriptors:
            os.close(descriptor)

    def request(self) -> HookRequest | None:
        """Wait for the hook to run; None when git ended without running it."""
        lines = list(self._lines())
        if len(lines) < 2 or lines[-1] != "end":
            return None
        quarantine, *commands = lines[:-1]
        return HookRequest(Path(quarantine) if quarantine else None, commands)

    def print(self, line: str) -> None:
        """One line for the pusher, as one write; BrokenPipeError when the hook is gone."""
        self._log.write(f"{line}\n".encode(errors="replace"))

    def answer(self, accepted: bool) -> None:
        """Let the hook end: git goes on, or throws away what arrived."""
        with suppress(BrokenPipeError):
            self._log.close()
            self._verdict.write(b"0\n" if accepted else b"1\n")

    def moves_branches(self) -> bool:
        """Wait for git to come to the branches; False when it ended and there were none."""
        return self._request.readline() == b"move\n"

    def report(self, lines: Iterable[str]) -> None:
        """What git is to do and say of its branches: the protocol of the proc-receive hook."""
        said = b"".join(pkt_line(os.fsencode(line)) for line in lines)
        with suppress(BrokenPipeError):
            answer = b"%b%b%b%b\n" % (_VERSION, pkt_line(None), said, pkt_line(None))
            self._verdict.write(answer)

    def wait_for_end(self) -> None:
        """Return when git has ended: the refs are what they will be."""
        self._request.read()

    def close(self) -> None:
        """Close our ends; a hook that still runs takes that for a refusal."""
        for pipe in (self._request, self._log, self._verdict):
            pipe.close()

    def _lines(self) -> Iterator[str]:
        for line in self._request:
            text = os.fsdecode(line.removesuffix(b"\n"))
            yield text
            if text == "end":
                return
