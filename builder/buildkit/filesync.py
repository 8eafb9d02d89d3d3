"""How directories are synced to BuildKit: it is told of all files and asks for those it lacks."""

from collections import deque
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_plus

from google.protobuf.message import DecodeError

from builder.buildkit.directory import EMPTY, Directory, Entry
from builder.buildkit.grpc import CallRefused, Metadata, Status, frame
from builder.buildkit.protobuf import Table, declare
from builder.buildkit.selection import Wanted, select
from builder.source.dockerignore import BadDockerIgnore

DIFF_COPY = "/moby.filesync.v1.FileSync/DiffCopy"
CONTEXT = "context"
DOCKERFILE = "dockerfile"

# Paths are bytes: protobuf refuses text that is not UTF-8, and a symlink may point to any name.
_TABLE: Table = {
    "Stat": {
        "path": (1, "bytes"),
        "mode": (2, "uint32"),
        "size": (5, "int64"),
        "modTime": (6, "int64"),
        "linkname": (7, "bytes"),
    },
    "Packet": {
        "type": (1, "uint32"),
        "stat": (2, "Stat"),
        "ID": (3, "uint32"),
        "data": (4, "bytes"),
    },
}
_MESSAGES = declare("fsutil.types", _TABLE)
Stat, Packet = _MESSAGES["Stat"], _MESSAGES["Packet"]
STAT, REQ, DATA, FIN, ERR = range(5)  # a packet's type

_CHUNK_BYTES = 64 * 1024
_STATS_AT_ONCE = 500
_IGNORE_FILE = ".dockerignore"


class FileSync:
    """Shows directories, by the names that the Dockerfile frontend knows, and nothing else."""

    def __init__(self, directories: Mapping[str, Directory]) -> None:
        self._directories = directories

    def diff_copy(self, metadata: Metadata) -> "DiffCopy":
        """Begin to sync the directory that the metadata names."""
        name = (_values(metadata, "dir-name") or [""])[0]
        if name not in self._directories:
            raise CallRefused(Status.NOT_FOUND, f"there is no directory {name[:100]!r} here")
        wanted = Wanted(
            _values(metadata, "include-patterns"),
            _values(metadata, "exclude-patterns"),
            _values(metadata, "followpaths"),
        )
        directory = self._directories[name]
        if wanted.names == {_IGNORE_FILE}:
            directory = EMPTY  # the source has been without what it names since it was stored
        try:
            return DiffCopy(directory, select(directory, wanted))
        except BadDockerIgnore as error:
            raise CallRefused(Status.INVALID_ARGUMENT, str(error)) from error


class DiffCopy:
    """One directory's sync: all that is known of the entries first, contents as they are asked for.

    BuildKit names a file by its place among the entries. It says so once when it has all it wants.
    """

    def __init__(self, directory: Directory, entries: list[Entry]) -> None:
        self._directory = directory
        self._entries = entries
        self._told = 0  # how many of the entries
        self._all_told = False
        self._asked: set[int] = set()
        self._queue: deque[int] = deque()
        self._sent_of_first = 0  # bytes of the first file in the queue
        self._finished = False
        self._answered = False

    def receive(self, message: bytes) -> None:
        """Take a packet of BuildKit's."""
        try:
            packet = Packet.FromString(message)
        except DecodeError as error:
            raise CallRefused(Status.INVALID_ARGUMENT, "that is no packet") from error
        if packet.type == REQ:
            self._ask(packet.ID)
        elif packet.type == FIN:
            self._finished = True
        elif packet.type == ERR:
            raise CallRefused(Status.CANCELLED, "given up as was asked for")
        else:
            raise CallRefused(Status.INVALID_ARGUMENT, f"a packet of type {packet.type}")

    def more(self) -> bytes | None:
        """The next packets: contents before the rest of the entries, which take no memory yet."""
        if self._answered:
            return None
        if self._queue:
            return self._contents()
        if not self._all_told:
            return self._stats()
        if self._finished:
            self._answered = True
            return _packet(type=FIN)
        return b""

    def _ask(self, number: int) -> None:
        told = number < self._told and self._entries[number].is_file
        if not told or number in self._asked:
            raise CallRefused(Status.INVALID_ARGUMENT, f"no file {number} to ask for")
        self._asked.add(number)
        self._queue.append(number)

    def _stats(self) -> bytes:
        batch = self._entries[self._told : self._told + _STATS_AT_ONCE]
        self._told += len(batch)
        packets = [_packet(stat=_stat(entry)) for entry in batch]
        if self._told == len(self._entries):
            self._all_told = True
            packets.append(_packet(type=STAT))
        return b"".join(packets)

    def _contents(self) -> bytes:
        """Some packets of data; small files go together."""
        packets: list[bytes] = []
        size = 0
        while self._queue and size < _CHUNK_BYTES:
            number = self._queue[0]
            data = self._read(self._entries[number])
            packets.append(_packet(type=DATA, ID=number, data=data))
            size += len(packets[-1])
            if not data:  # which tells BuildKit that this was the whole file
                self._queue.popleft()
                self._sent_of_first = 0
        return b"".join(packets)

    def _read(self, entry: Entry) -> bytes:
        size = min(entry.size - self._sent_of_first, _CHUNK_BYTES)
        if not size:
            return b""
        data = self._directory.read(entry.start + self._sent_of_first, size)
        if len(data) != size:
            raise CallRefused(Status.UNKNOWN, "the stored source was cut off; push again")
        self._sent_of_first += size
        return data


def _stat(entry: Entry) -> Any:
    return Stat(
        path=entry.path,
        mode=entry.mode,
        size=entry.size,
        modTime=entry.mtime_ns,
        linkname=entry.target,
    )


def _packet(**fields: object) -> bytes:
    return frame(Packet(**fields).SerializeToString())


def _values(metadata: Metadata, key: str) -> list[str]:
    """A list of the request's; newer engines escape names that are not ASCII, and say so."""
    values = metadata.get(key, [])
    if metadata.get(f"{key}-encoded", [""])[0] in ("1", "true"):
        return [unquote_plus(value) for value in values]
    return values
