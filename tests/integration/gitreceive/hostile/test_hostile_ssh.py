"""Clients that speak SSH badly, slowly, in crowds, or as somebody else."""

import contextlib
import socket
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import paramiko
import pytest
from paramiko.common import (
    MSG_CHANNEL_CLOSE,
    MSG_CHANNEL_DATA,
    MSG_CHANNEL_EOF,
    MSG_CHANNEL_OPEN,
    MSG_CHANNEL_REQUEST,
    MSG_CHANNEL_WINDOW_ADJUST,
    MSG_DEBUG,
    MSG_GLOBAL_REQUEST,
    MSG_IGNORE,
    MSG_KEXINIT,
    MSG_NEWKEYS,
    MSG_SERVICE_REQUEST,
    MSG_USERAUTH_REQUEST,
)

from tests.integration.gitreceive.front_door import admit, make_key, run
from tests.integration.gitreceive.hostile.victim import Victim
from tests.services import wait_for

pytestmark = pytest.mark.integration

BANNER = b"SSH-2.0-x\r\n"
Part = bytes | int | bool


def message(kind: int, *parts: Part) -> paramiko.Message:
    """A message of SSH: strings, numbers and booleans."""
    made = paramiko.Message()
    made.add_byte(bytes([kind]))
    for part in parts:
        if isinstance(part, bytes):
            made.add_string(part)
        elif isinstance(part, bool):
            made.add_boolean(part)
        else:
            made.add_int(part)
    return made


def raw(kind: int, data: bytes) -> paramiko.Message:
    """A message with any content."""
    made = paramiko.Message()
    made.add_bytes(bytes([kind]) + data)
    return made


@contextlib.contextmanager
def stranger(door: Victim) -> Iterator[paramiko.Transport]:
    """A connection with keys exchanged and nobody logged in."""
    with paramiko.Transport(("127.0.0.1", door.port)) as transport:
        transport.start_client(timeout=20)
        yield transport


def flood(transport: paramiko.Transport, *messages: paramiko.Message, times: int = 1) -> None:
    """Send these as long as they are taken."""
    with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
        for _ in range(times):
            for one in messages:
                transport._send_message(one)


def string(data: bytes) -> bytes:
    """A string inside a string."""
    return struct.pack(">I", len(data)) + data


AUTH = (b"paas", b"ssh-connection")
BEFORE_LOGIN = {
    "a channel": message(MSG_CHANNEL_OPEN, b"session", 0, 1 << 20, 1 << 15),
    "a request on no channel": message(MSG_CHANNEL_REQUEST, 0, b"exec", True, b"version"),
    "a global request": message(MSG_GLOBAL_REQUEST, b"tcpip-forward", True, b"", 80),
    "another service": message(MSG_SERVICE_REQUEST, b"ssh-connection"),
    "a login for another service": message(MSG_USERAUTH_REQUEST, b"paas", b"ssh-x", b"none"),
    "a login with half a key": message(
        MSG_USERAUTH_REQUEST, *AUTH, b"publickey", True, b"ssh-rsa", b"\0\0"
    ),
    "a login with an RSA key of 0": message(
        MSG_USERAUTH_REQUEST,
        *AUTH,
        b"publickey",
        False,
        b"ssh-rsa",
        string(b"ssh-rsa") + string(b"\0") + string(b"\0"),
    ),
    "a login that ends early": raw(MSG_USERAUTH_REQUEST, b"\0\0\xff"),
    "a login with a name of 200 KB": message(
        MSG_USERAUTH_REQUEST, b"x" * 200_000, AUTH[1], b"none"
    ),
    "a login with a name that is no text": message(MSG_USERAUTH_REQUEST, b"\xff", AUTH[1], b"none"),
    "2^31 answers that nobody asked for": raw(61, struct.pack(">I", 1 << 31)),
    "a login with an RSA key of 200 KB": message(
        MSG_USERAUTH_REQUEST,
        *AUTH,
        b"publickey",
        False,
        b"ssh-rsa",
        string(b"ssh-rsa") + string(b"\1\0\1") + string(b"\x7f" * 200_000),
    ),
    "2^32 extensions": raw(7, b"\xff" * 4),
    "a login that succeeded": raw(52, b""),
    "new keys out of turn": raw(MSG_NEWKEYS, b""),
    "a key exchange of nothing": raw(MSG_KEXINIT, b""),
    "a key exchange without end": raw(MSG_KEXINIT, b"\xff" * 60),
    "a message of no known kind": raw(200, b"x"),
    "an empty message": raw(0, b""),
}


@pytest.mark.parametrize("name", BEFORE_LOGIN)
def test_a_strange_message_before_the_login_gets_nobody_in(door: Victim, name: str) -> None:
    door.weigh()
    threads = door.threads()
    with stranger(door) as transport:
        flood(transport, message(MSG_SERVICE_REQUEST, b"ssh-userauth"), BEFORE_LOGIN[name])
        with pytest.raises((paramiko.SSHException, EOFError, OSError)):
            transport.open_session(timeout=1)
    wait_for(lambda: door.threads() <= threads, "the connection's thread to end")
    assert door.push_honestly() == ""
    assert door.grown_mb() <= 8
    assert "Traceback" not in door.log()


@pytest.mark.parametrize(
    "sent",
    [raw(MSG_IGNORE, b"x" * 30_000), raw(MSG_DEBUG, b"\1" + b"x" * 30_000), raw(200, b"x" * 1000)],
)
def test_a_flood_before_the_login_takes_no_memory(door: Victim, sent: paramiko.Message) -> None:
    door.weigh()
    with stranger(door) as transport:
        flood(transport, sent, times=1000)
        wait_for(lambda: not transport.is_active(), "the server to end the connection", 5)
        assert door.push_honestly() == ""
    assert door.grown_mb() <= 8


AFTER_LOGIN = {
    "2^32 extensions": raw(7, b"\xff" * 4),
    "a channel of no kind": message(MSG_CHANNEL_OPEN, b"", 0, 0, 0),
    "a channel that ends early": raw(MSG_CHANNEL_OPEN, b"\0\0\0\x07ses"),
    "a channel to a port": message(
        MSG_CHANNEL_OPEN, b"direct-tcpip", 0, 1 << 20, 1 << 15, b"localhost", 6379, b"x", 1
    ),
    "a channel to a socket": message(
        MSG_CHANNEL_OPEN,
        b"direct-streamlocal@openssh.com",
        0,
        1 << 20,
        1 << 15,
        b"/var/run/docker.sock",
        b"",
        0,
    ),
    "a tunnel": message(MSG_CHANNEL_OPEN, b"tun@openssh.com", 0, 1 << 20, 1 << 15, 1, 0),
    "a listener": message(MSG_GLOBAL_REQUEST, b"tcpip-forward", True, b"0.0.0.0", 0),
    "a listening socket": message(
        MSG_GLOBAL_REQUEST, b"streamlocal-forward@openssh.com", True, b"/tmp/x"
    ),
    "data for no channel": message(MSG_CHANNEL_DATA, 77, b"x"),
    "a request for no channel": message(MSG_CHANNEL_REQUEST, 77, b"exec", True, b"version"),
    "the end of no channel": message(MSG_CHANNEL_EOF, 77),
    "the close of no channel": message(MSG_CHANNEL_CLOSE, 77),
    "a window for no channel": message(MSG_CHANNEL_WINDOW_ADJUST, 77, 1),
    "a second login": message(MSG_USERAUTH_REQUEST, b"root", b"ssh-connection", b"none"),
    "a message of no known kind": raw(200, b"x"),
}


@pytest.mark.parametrize("name", AFTER_LOGIN)
def test_a_strange_message_after_the_login_harms_nobody(door: Victim, name: str) -> None:
    threads = door.threads()
    with door.connect() as transport:
        flood(transport, AFTER_LOGIN[name], times=3)
        with contextlib.suppress(paramiko.SSHException, EOFError, OSError):
            transport.open_session(timeout=1).exec_command("version")
    wait_for(lambda: door.threads() <= threads, "the connection's thread to end")
    assert door.push_honestly() == ""
    assert "Traceback" not in door.log()


REQUESTS: dict[str, tuple[Part, ...]] = {
    "subsystem": (b"sftp",),
    "auth-agent-req@openssh.com": (),
    "x11-req": (False, b"MIT-MAGIC-COOKIE-1", b"00", 0),
    "env": (b"LD_PRELOAD", b"/tmp/x.so"),
    "signal": (b"KILL",),
    "break": (1000,),
    "no-such-request": (b"x" * 1000,),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_a_strange_request_on_a_channel_is_refused(door: Victim, name: str) -> None:
    with door.connect() as transport:
        channel = transport.open_session(timeout=20)
        sent = message(
            MSG_CHANNEL_REQUEST, channel.remote_chanid, name.encode(), True, *REQUESTS[name]
        )
        channel._event_pending()
        transport._send_user_message(sent)
        with pytest.raises((paramiko.SSHException, EOFError)):
            channel._wait_for_event()
    assert door.push_honestly() == ""


def test_of_a_hundred_channels_ten_are_opened(door: Victim) -> None:
    opened = []
    with door.connect() as transport:
        for _ in range(100):
            with contextlib.suppress(paramiko.ChannelException):
                opened.append(transport.open_session(timeout=20))
        assert len(opened) == 10
    assert door.push_honestly() == ""


def test_channels_that_come_and_go_leave_nothing(door: Victim) -> None:
    door.weigh()
    with door.connect() as transport:
        for _ in range(3000):
            channel = transport.open_session(timeout=20)
            channel.set_environment_variable("GIT_PROTOCOL", "version=2")
            channel.close()
    assert door.grown_mb() <= 8
    assert door.push_honestly() == ""


def offer(transport: paramiko.Transport, key: paramiko.PKey) -> paramiko.Message:
    """Ask whether a key would do, without a signature."""
    return message(MSG_USERAUTH_REQUEST, *AUTH, b"publickey", False, b"ssh-ed25519", key.asbytes())


def test_a_key_that_would_do_is_no_login(door: Victim) -> None:
    with stranger(door) as transport:
        flood(transport, message(MSG_SERVICE_REQUEST, b"ssh-userauth"), offer(transport, door.key))
        with pytest.raises(paramiko.SSHException):
            transport.open_session(timeout=1)


def test_who_asked_for_another_s_key_first_is_still_who_signed(
    door: Victim, tmp_path: Path
) -> None:
    """OpenSSH asks for every key of which it has the public half, and signs with its own."""
    friend = make_key(tmp_path / "friend")
    admit(door.platform, "friend", friend)
    friend.unlink()
    ssh = ["ssh", "-F", "none", "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes", "-v"]
    ssh += ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"]
    ssh += ["-i", f"{friend}.pub", "-i", str(door.home / "id"), "-p", str(door.port)]
    done = run([*ssh, "paas@127.0.0.1", "version"])
    assert done.err.count("Server accepts key") == 2
    events = door.platform.store.events.latest(2)
    assert [event.key for event in events] == ["mallory"] * 2


def test_asking_for_another_s_key_first_does_not_make_one_that_other(
    door: Victim, tmp_path: Path
) -> None:
    other = paramiko.Ed25519Key.from_private_key_file(str(make_key(tmp_path / "id")))
    with stranger(door) as transport:
        flood(transport, message(MSG_SERVICE_REQUEST, b"ssh-userauth"), offer(transport, door.key))
        with pytest.raises(paramiko.SSHException):
            transport.auth_publickey("paas", other)
        with pytest.raises(paramiko.SSHException):
            transport.open_session(timeout=1)


def test_asking_about_keys_without_end_is_cut_off(door: Victim) -> None:
    with stranger(door) as transport:
        flood(transport, message(MSG_SERVICE_REQUEST, b"ssh-userauth"))
        flood(transport, offer(transport, door.key), times=500)
        wait_for(lambda: not transport.is_active(), "the server to end the connection")


def test_more_keys_than_login_tries_are_cut_off(door: Victim, tmp_path: Path) -> None:
    paths = [make_key(tmp_path / f"id{number}") for number in range(10)]
    keys = [paramiko.Ed25519Key.from_private_key_file(str(path)) for path in paths]
    with stranger(door) as transport:
        flood(transport, message(MSG_SERVICE_REQUEST, b"ssh-userauth"))
        flood(transport, *(offer(transport, key) for key in keys))
        wait_for(lambda: not transport.is_active(), "the server to end the connection")


SHAPES: list[Callable[[socket.socket], object]] = [
    lambda sock: None,
    lambda sock: sock.sendall(b"SSH-2.0-"),
    lambda sock: sock.sendall(BANNER),
    lambda sock: sock.sendall(BANNER + struct.pack(">IB", 1000, 8)),
    lambda sock: sock.sendall(BANNER + struct.pack(">IBB", 12, 10, 20)),
]


def test_500_sockets_that_never_log_in_do_not_lock_an_honest_client_out(door: Victim) -> None:
    threads = door.threads()
    with contextlib.ExitStack() as stack:
        for number in range(500):
            sock = stack.enter_context(socket.create_connection(("127.0.0.1", door.port), 20))
            with contextlib.suppress(OSError):
                SHAPES[number % len(SHAPES)](sock)
            if number in (200, 499):
                assert door.push_honestly() == "", "also from their own address"
        assert door.threads() - threads <= 160
    wait_for(lambda: door.threads() <= threads + 5, "the threads to end")
    door.hang_up()
