"""How the output of many containers is read at once, and that nothing of it is left open."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from releases.commands.logs import Follower
from releases.domain.container import Container, Slot
from releases.domain.one_off import OneOff
from releases.engine.protocol import EngineFailed
from tests.services import wait_for


class Stream:
    """Chunks, then silence until it is closed; or its end at once."""

    def __init__(self, *chunks: bytes, ends: bool = False) -> None:
        self._chunks = chunks
        self.closed = threading.Event()
        if ends:
            self._wait = lambda: None
        else:
            self._wait = lambda: self.closed.wait() and None

    def __iter__(self) -> Iterator[bytes]:
        yield from self._chunks
        self._wait()

    def close(self) -> None:
        self.closed.set()


def container(index: int) -> Container:
    """web.1, web.2, ..."""
    return Container(f"c{index}", "shop", Slot(1, 0, "web", index), "10.0.0.1", 5000, "running")


@dataclass
class Docker:
    """Containers that print what they are told to."""

    output: dict[str, Stream]
    events: Stream = field(default_factory=Stream)
    may_open: threading.Event = field(default_factory=threading.Event)
    asked: list[str] = field(default_factory=list)
    lonely: list[OneOff] = field(default_factory=list)

    def containers(self, app: str) -> list[Container]:
        return [container(int(name[1:])) for name in self.output]

    def one_offs(self, app: str) -> list[OneOff]:
        return self.lonely

    def follow(self, one: Container, *, tail: int, follow: bool) -> Stream:
        self.asked.append(one.id)
        self.may_open.wait()
        return self.output[one.id]

    def starts(self, app: str) -> Stream:
        return self.events


def follower(docker: Docker, *, opens: bool = True) -> Follower:
    """A follower of all processes."""
    if opens:
        docker.may_open.set()
    return Follower(docker, "shop", None)  # type: ignore[arg-type]  # all it needs of an engine


def line(second: int, text: str) -> bytes:
    """As Docker has it."""
    return f"2026-11-21T02:14:{second:02}.000000000Z {text}\n".encode()


def texts(lines: list[str]) -> list[str]:
    """Without their times."""
    return [one.partition(" ")[2] for one in lines]


def test_the_last_lines_of_all_are_in_the_order_of_time() -> None:
    docker = Docker(
        {
            "c1": Stream(line(1, "a"), line(3, "c"), line(5, "e"), ends=True),
            "c2": Stream(line(2, "b"), line(4, "d"), ends=True),
        }
    )
    assert texts(follower(docker).past(3)) == ["app[web.1]: c", "app[web.2]: d", "app[web.1]: e"]


def test_a_line_without_an_end_is_cut() -> None:
    docker = Docker({"c1": Stream(line(1, "")[:-1], *[b"x" * 60_000] * 5, ends=True)})
    (shown,) = follower(docker).past(10)
    assert len(shown) < 70_000


def test_a_container_is_followed_once_however_many_starts_are_told() -> None:
    docker = Docker({"c1": Stream(line(1, "a"))}, events=Stream(b"{}", b"{}", b"{}"))
    lines = follower(docker).lines(10)
    assert texts([next(lines) or ""]) == ["app[web.1]: a"]
    assert next(lines) is None
    lines.close()
    assert docker.asked == ["c1"]


def test_what_is_open_at_the_end_is_closed() -> None:
    docker = Docker({"c1": Stream(line(1, "a"))})
    lines = follower(docker).lines(10)
    next(lines)
    lines.close()
    for stream in (docker.output["c1"], docker.events):
        wait_for(stream.closed.is_set, "the stream to be closed")


def test_what_opens_after_the_end_is_closed_too() -> None:
    docker = Docker({"c1": Stream(line(1, "a"))})
    lines = follower(docker, opens=False).lines(10)
    assert next(lines) is None
    lines.close()
    docker.may_open.set()
    wait_for(docker.output["c1"].closed.is_set, "the stream to be closed")


def test_whoever_follows_is_told_when_docker_goes_away() -> None:
    docker = Docker({"c1": Stream(line(1, "a"), ends=True)}, events=Stream(ends=True))
    with pytest.raises(EngineFailed, match="Docker has ended the output"):
        list(follower(docker).lines(10))


def one_off(name: str, number: int, until: float) -> OneOff:
    """run.1, run.2, ..."""
    slot = Slot(1, 0, "run", number)
    return OneOff(Container(name, "shop", slot, "10.0.0.2", 5000, "running"), "ada", until)


def test_detached_one_offs_are_read_too_and_attended_ones_never() -> None:
    docker = Docker({"c1": Stream(ends=True), "r2": Stream(b"t1 done\n", ends=True)})
    docker.containers = lambda app: [container(1)]  # type: ignore[method-assign]
    docker.lonely = [one_off("r1", 1, 0.0), one_off("r2", 2, 2e9)]
    assert follower(docker).past(10) == ["t1Z app[run.2]: done"]
    assert docker.asked == ["c1", "r2"]
