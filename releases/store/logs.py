"""How a deploy log is kept: one capped stream, written by one deploy, followed by many."""

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from releases.store import keys
from releases.store.connection import Client

MAX_LINES = 20_000  # the oldest go first
MAX_LINE_CHARS = 4_000
KEPT_S = 30 * 24 * 3600
_STRAGGLERS = 100  # lines that may come after the verdict
NO_APP = ""  # for a log that outlives its app


@dataclass(frozen=True)
class LogEntry:
    """A line of a deploy log. The last entry also says how the deploy ended."""

    id: str  # the stream's id: give it to `follow` to go on after it
    line: str
    ended: bool = False
    ok: bool = False


class LogStore:
    """Appends to, ends, reads and follows deploy logs."""

    def __init__(self, client: Client) -> None:
        self._redis = client

    def new(self, app: str) -> str:
        """The id of a log that nobody has written to."""
        return f"{app}:{uuid.uuid4().hex}"

    def append(self, log: str, lines: Iterable[str]) -> None:
        """Add lines in one round trip."""
        pipe = self._redis.pipeline(transaction=False)
        for line in lines:
            fields = {"line": _kept(line)}
            pipe.xadd(keys.log(log), fields, maxlen=MAX_LINES, approximate=True)
        pipe.expire(keys.log(log), KEPT_S)
        pipe.execute()

    def end(self, log: str, *, ok: bool, line: str) -> None:
        """Add the verdict: whoever follows stops here."""
        fields = {"line": _kept(line), "end": "ok" if ok else "failed"}
        self._redis.xadd(keys.log(log), fields)
        self._redis.expire(keys.log(log), KEPT_S)

    def read(self, log: str) -> list[LogEntry]:
        """All that is there now."""
        return [log_entry(item) for item in self._redis.xrange(keys.log(log))]

    def read_some(self, log: str, after: str, count: int) -> list[LogEntry]:
        """The next entries after one, at most so many."""
        found = self._redis.xrange(keys.log(log), min=f"({after}", count=count)
        return [log_entry(item) for item in found]

    def has_ended(self, log: str) -> bool:
        """Whether the verdict is there."""
        newest = self._redis.xrevrange(keys.log(log), count=_STRAGGLERS)
        return any(log_entry(item).ended for item in newest)

    def follow(self, log: str, after: str = "0", idle_s: float = 1.0) -> Iterator[LogEntry | None]:
        """Yield entries as they come, up to the verdict; None after each silence of `idle_s`.

        The silence is the caller's chance to see whether the writer still lives. This takes a
        connection of its own; LogReader is for many followers.
        """
        while True:
            answer = self._redis.xread({keys.log(log): after}, block=int(idle_s * 1000), count=500)
            if not answer:
                yield None
                continue
            for entry in map(log_entry, answer[0][1]):
                yield entry
                if entry.ended:
                    return  # what a straggler wrote after the verdict is not part of it
                after = entry.id

    def delete(self, log: str) -> None:
        """Forget a log."""
        self._redis.delete(keys.log(log))


def _kept(line: str) -> str:
    """No longer than a line may be, and UTF-8 whatever a build or an app has printed."""
    return line[:MAX_LINE_CHARS].encode(errors="replace").decode()


def log_entry(item: tuple[str, dict[str, str]]) -> LogEntry:
    """An entry as Redis has it."""
    identifier, fields = item
    end = fields.get("end")
    return LogEntry(identifier, fields["line"], end is not None, end == "ok")
