"""The limits of the front door, each reached, and who is not hurt by it."""

import contextlib
import os
import socket
import subprocess
from dataclasses import replace

import paramiko
import pytest

from gitreceive.limits import Limits
from releases.network import parse_networks
from releases.settings import Settings
from tests.integration.gitreceive.conftest import OPEN
from tests.integration.gitreceive.front_door import Door, busy_threads
from tests.services import wait_for

pytestmark = pytest.mark.integration


def banner(door: Door, source: str) -> bytes:
    """What a bare connection from that address is told."""
    address = ("127.0.0.1", door.server.port)
    with socket.create_connection(address, 20, (source, 0)) as sock:
        with contextlib.suppress(ConnectionResetError):
            return sock.recv(100)
        return b""


def connect(door: Door) -> paramiko.Transport:
    """A connection that has logged in."""
    transport = paramiko.Transport(("127.0.0.1", door.server.port))
    key = paramiko.Ed25519Key.from_private_key_file(str(door.home / "id_ed25519"))
    transport.connect(username="paas", pkey=key)
    return transport


def start(transport: paramiko.Transport, line: bytes) -> paramiko.Channel:
    """Begin a command."""
    channel = transport.open_session(timeout=20)
    channel.exec_command(line)
    return channel


def test_the_settings_become_the_limits(settings: Settings) -> None:
    given = replace(settings, allow_from="10.0.0.0/8", push_mb=2, git_memory_mb=64, idle_s=3.0)
    limits = Limits.of(given)
    assert limits.allow_from == parse_networks("10.0.0.0/8")
    assert (limits.push_bytes, limits.git_memory_bytes) == (2 << 20, 64 << 20)
    assert limits.idle_s == 3.0
    assert limits.connections_per_minute == settings.connections_per_minute


def test_an_address_that_connects_too_often_is_cut_off_and_others_are_not(open_with: OPEN) -> None:
    door = open_with(Limits(connections_per_minute=5))
    said = [banner(door, "127.0.0.2") for _ in range(6)]
    assert [text.startswith(b"SSH-2.0-paas") for text in said] == [True] * 5 + [False]
    assert door.ssh("version").status == 0
    [event] = [event for event in door.platform.store.events.latest(99) if not event.key]
    assert event.text == "connected more often than connections_per_minute"
    assert event.address == "127.0.0.2"


def test_connections_that_log_in_do_not_count(open_with: OPEN) -> None:
    door = open_with(Limits(connections_per_minute=2))
    assert [door.ssh("version").status for _ in range(6)] == [0] * 6


def test_a_network_that_is_allowed_gets_in(open_with: OPEN) -> None:
    door = open_with(Limits(allow_from=parse_networks("127.0.0.1, 10.0.0.0/8")))
    assert door.ssh("version").status == 0
    assert banner(door, "127.0.0.2") == b""


def test_who_stays_without_a_command_is_sent_away_and_who_waits_for_one_is_not(
    open_with: OPEN,
) -> None:
    door = open_with(Limits(idle_s=0.3))
    log = door.platform.store.logs.new("myapp")
    with connect(door) as idle, connect(door) as busy:
        following = start(busy, f"watch {log}".encode())
        start(idle, b"version").recv_exit_status()
        wait_for(lambda: not idle.is_active(), "the idle one to be sent away")
        assert busy.is_active()
        door.platform.store.logs.end(log, ok=True, line="done")
        assert following.recv(100) == b"-----> done\n"


def test_calls_beyond_the_limit_are_told_to_come_back(open_with: OPEN) -> None:
    door = open_with(Limits(connections=2))
    log = door.platform.store.logs.new("myapp")
    with connect(door) as transport:
        following = [start(transport, f"watch {log}".encode()) for _ in range(2)]
        wait_for(lambda: len(busy_threads()) == 2, "two calls")
        refused = door.ssh("version")
        assert refused.err.startswith(" !     2 commands and pushes are under way")
        door.platform.store.logs.end(log, ok=True, line="done")
        assert [channel.recv_exit_status() for channel in following] == [0, 0]
    assert door.ssh("version").status == 0


def test_pushes_of_one_key_in_a_minute_are_bounded(open_with: OPEN) -> None:
    door = open_with(Limits(pushes_per_minute=2))
    work = door.checkout()
    results = [door.git(work, "push", "paas", "master") for _ in range(3)]
    assert [result.status for result in results] == [0, 0, 128]
    assert " !     2 pushes in a minute by one key are enough" in results[2].err
    assert door.git(work, "fetch", "paas").status == 0


def test_a_repository_takes_no_more_than_it_may(open_with: OPEN) -> None:
    door = open_with(Limits(repository_bytes=300_000))
    work = door.checkout()
    (work / "some").write_bytes(os.urandom(200_000))
    door.commit(work, "some")
    assert door.git(work, "push", "paas", "master").status == 0
    (work / "more").write_bytes(os.urandom(200_000))
    door.commit(work, "more")
    too_much = door.git(work, "push", "paas", "master")
    assert "exceeds maximum allowed size" in too_much.err
    (door.repository() / "objects" / "pack" / "large").write_bytes(bytes(300_000))
    full = door.git(work, "push", "paas", "master")
    assert " !     the repository of myapp takes 0 MB" in full.err


def test_a_client_that_reads_nothing_holds_nothing_up(open_with: OPEN) -> None:
    door = open_with(Limits(stall_s=0.5, pager_s=0.5))
    work = door.checkout()
    (work / "big").write_bytes(os.urandom(5_000_000))
    door.commit(work, "big")
    assert door.git(work, "push", "paas", "master").status == 0
    with connect(door) as transport:
        # paramiko's client opens the window only as far as it is read from
        stopped = [transport.open_session(window_size=1, timeout=20) for _ in range(2)]
        stopped[0].exec_command(b"echo " + b"x" * 200_000)
        stopped[0].shutdown_write()  # `echo` waits for the end of its input
        stopped[1].exec_command(b"git-upload-pack myapp")
        head = door.head(work)
        stopped[1].sendall(f"0032want {head}\n00000009done\n".encode())
        wait_for(lambda: not busy_threads(), "the calls to be given up")
        assert transport.is_active()


def test_a_client_that_is_stopped_is_cut_off(open_with: OPEN) -> None:
    door = open_with(Limits(stall_s=0.5, pager_s=0.5))
    line = "x" * 200_000
    command = [*door.ssh_command, "paas@127.0.0.1", f"echo {line[:100_000]}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE) as stopped:
        stopped.send_signal(19)  # SIGSTOP, at once: it has not read anything
        wait_for(lambda: not busy_threads(), "the call to be given up")
        stopped.kill()
    door.wait_idle()
