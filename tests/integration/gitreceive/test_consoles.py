"""What a command that talks byte by byte has of the real ssh client, without a container."""

import queue
import subprocess
from collections.abc import Iterator

import paramiko
import pytest

from gitreceive.limits import Limits
from releases.command import Command, Session
from releases.commands.attend import attend, console_of
from releases.console import Size
from releases.platform import Platform
from tests.fakes.program import FakeProgram
from tests.integration.gitreceive.front_door import Door, open_door
from tests.services import need, wait_for

pytestmark = pytest.mark.integration
PROGRAMS: "queue.Queue[FakeProgram]" = queue.Queue()


def talk(session: Session) -> int:
    """For the tests: a program that says what it is told."""
    return join(session, FakeProgram(status=7, errors=b"oops\n"))


def flood(session: Session) -> int:
    """For the tests: a program that never stops writing."""
    return join(session, FakeProgram(endless=True))


def join(session: Session, program: FakeProgram) -> int:
    """And the test may look at it."""
    PROGRAMS.put(program)
    return attend(console_of(session), program, 1.0)


@pytest.fixture
def door(platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """A front door with these two commands."""
    need("ssh")
    PROGRAMS.queue.clear()
    commands = [Command("talk", "Talk", talk, raw=True), Command("flood", "Talk", flood, raw=True)]
    with open_door(platform, tmp_path_factory.mktemp("d"), commands, Limits()) as opened:
        yield opened


def command(door: Door, *words: str) -> list[str]:
    """The client's command line."""
    return [*door.ssh_command, "paas@127.0.0.1", *words]


def test_bytes_come_back_as_they_were_beside_standard_error_and_the_status(door: Door) -> None:
    data = bytes(range(256)) * 20_000
    done = subprocess.run(command(door, "talk"), input=data, capture_output=True, check=False)
    assert (done.returncode, done.stdout == data, done.stderr) == (7, True, b"oops\n")
    door.wait_idle()


def test_keys_are_not_read_on_the_way(door: Door) -> None:
    keys = b"a\x03b\x04c\rd\n\x1a"
    words = [*door.ssh_command, "-tt", "paas@127.0.0.1", "talk"]
    done = subprocess.run(words, input=keys, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (7, keys)


def test_hanging_up_ends_a_silent_program(door: Door) -> None:
    with subprocess.Popen(command(door, "talk"), stdin=subprocess.PIPE) as client:
        program = PROGRAMS.get(timeout=20)
        client.kill()
    assert program.ended.wait(20)
    door.wait_idle()


def test_a_reader_that_is_slow_makes_the_program_wait(door: Door) -> None:
    with subprocess.Popen(command(door, "flood"), stdout=subprocess.PIPE) as client:
        program = PROGRAMS.get(timeout=20)
        seen: list[int] = []

        def stands() -> bool:
            seen.append(program.written)
            return len(seen) >= 50 and len(set(seen[-50:])) == 1

        wait_for(stands, "the program to wait")
        assert program.written < 8 << 20
        client.kill()
    assert program.ended.wait(20)


def test_the_window_is_known_and_its_changes_arrive_even_when_they_are_many(door: Door) -> None:
    with paramiko.SSHClient() as client:
        client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
        key = door.options[door.options.index("-i") + 1]
        client.connect("127.0.0.1", door.server.port, "paas", key_filename=key, look_for_keys=False)
        transport = client.get_transport()
        assert transport is not None
        channel = transport.open_session()
        channel.get_pty("xterm\0; id", 77, 33)
        channel.exec_command("talk")
        program = PROGRAMS.get(timeout=20)
        assert program.sizes.get(timeout=20) == Size(77, 33)
        for number in range(2000):
            channel.resize_pty(100 + number, 40)
        channel.resize_pty(0, 0)
        wait_for(lambda: program.sizes.get(timeout=20) == Size(2099, 40), "the last size")


def test_a_window_that_nobody_has_does_not_change(door: Door) -> None:
    with paramiko.SSHClient() as client:
        client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
        key = door.options[door.options.index("-i") + 1]
        client.connect("127.0.0.1", door.server.port, "paas", key_filename=key, look_for_keys=False)
        transport = client.get_transport()
        assert transport is not None
        channel = transport.open_session()
        channel.exec_command("talk")
        channel.resize_pty(100, 40)
        channel.sendall(b"hello")
        assert channel.recv(5) == b"hello"
        assert PROGRAMS.get(timeout=20).sizes.empty()
