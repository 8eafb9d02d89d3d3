"""How a console and a program are joined: bytes, sizes, and either one's end."""

import io
import threading
from typing import Any

import pytest

from releases.command import Session
from releases.commands.attend import NoConsole, attend, console_of
from releases.console import Size, Window
from tests.fakes.program import FakeConsole, FakeProgram
from tests.services import wait_for


def test_bytes_go_both_ways_and_the_status_is_the_programs() -> None:
    console, program = FakeConsole(b"one\0", b"two"), FakeProgram(status=7, errors=b"oops")
    assert attend(console, program, 1.0) == 7
    assert (console.out, console.errors) == (b"one\0two", b"oops")
    assert program.ends == 1


def test_a_console_that_is_gone_ends_a_silent_program() -> None:
    console, program = FakeConsole(stays=True), FakeProgram()
    console.gone.set()
    attend(console, program, 1.0)
    assert program.ended.is_set()


def test_a_program_that_nobody_reads_is_ended() -> None:
    console, program = FakeConsole(stays=True), FakeProgram(endless=True)
    console.reads = False
    with pytest.raises(BrokenPipeError):
        attend(console, program, 1.0)
    assert program.ended.is_set()
    assert program.written == 65536  # the one piece that was under way: nothing is read ahead


def test_a_program_that_takes_no_input_is_no_error() -> None:
    program = FakeProgram(status=3)
    program.ended.set()
    assert attend(FakeConsole(b"x"), program, 1.0) == 3


def test_the_window_is_told_at_the_start_and_when_it_changes() -> None:
    window = Window(77, 33)
    console, program = FakeConsole(window=window, stays=True), FakeProgram()
    window_seen: list[Size] = []

    def changed() -> bool:
        window.resize(100, 40)
        while not program.sizes.empty():
            window_seen.append(program.sizes.get())
        return window_seen == [Size(77, 33), Size(100, 40)]

    joined = threading.Thread(target=attend, args=(console, program, 1.0))
    joined.start()
    assert program.sizes.get(timeout=10) == Size(77, 33)
    window_seen.append(Size(77, 33))
    wait_for(changed, "the new size")
    console.gone.set()
    joined.join(10)
    assert not joined.is_alive()


def test_a_command_that_nobody_runs_has_no_console() -> None:
    unused: Any = None
    session = Session(platform=unused, who="ada", stdin=io.BytesIO(), out=io.StringIO())
    with pytest.raises(NoConsole):
        console_of(session)
