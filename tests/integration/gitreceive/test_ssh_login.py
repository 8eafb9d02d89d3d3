"""Who gets in by SSH, and what becomes of those who do not."""

import base64
import contextlib
import os
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import paramiko
import pytest

from gitreceive.limits import Limits
from tests.integration.gitreceive.conftest import OPEN
from tests.integration.gitreceive.front_door import Door, admit, make_key, run
from tests.services import wait_for

pytestmark = pytest.mark.integration


def strangers(door: Door, key: Path) -> list[str]:
    """OpenSSH's options with another key than the one that may log in."""
    return [*door.options[:-1], str(key), "-p", str(door.server.port)]


@contextlib.contextmanager
def connected(door: Door) -> Iterator[socket.socket]:
    """A bare TCP connection that has read the server's banner."""
    with socket.create_connection(("127.0.0.1", door.server.port), timeout=20) as sock:
        assert sock.recv(100).startswith(b"SSH-2.0-paas")
        yield sock


def is_cut(sock: socket.socket) -> bool:
    """Wait until the server ends the connection."""
    with contextlib.suppress(ConnectionResetError):
        while sock.recv(65536):
            pass
    return True


def test_a_key_that_was_not_added_is_refused(door: Door) -> None:
    options = strangers(door, make_key(door.home / "id_other"))
    refused = run(["ssh", *options, "paas@127.0.0.1", "version"])
    assert refused.status == 255
    assert "Permission denied (publickey)" in refused.err


@pytest.mark.parametrize("kind", ["rsa", "ecdsa", "ed25519"])
def test_all_usual_kinds_of_keys_log_in(door: Door, kind: str) -> None:
    key = make_key(door.home / f"id_{kind}_2", kind)
    admit(door.platform, kind, key)
    options = strangers(door, key)
    assert run(["ssh", *options, "paas@127.0.0.1", "version"]).out == "paas 0.1.0\n"


def test_a_fido_key_offered_first_does_not_spoil_the_next_key(door: Door) -> None:
    fido = door.home / "id_sk"
    fido.touch(mode=0o600)
    name = b"sk-ssh-ed25519@openssh.com"
    blob = b"".join(struct.pack(">I", len(part)) + part for part in (name, b"\x07" * 32, b"ssh:"))
    fido.with_suffix(".pub").write_text(f"{name.decode()} {base64.b64encode(blob).decode()}\n")
    options = [*strangers(door, fido), "-i", str(door.home / "id_ed25519"), "-v"]
    options[options.index("LogLevel=ERROR")] = "LogLevel=DEBUG1"
    result = run(["ssh", *options, "paas@127.0.0.1", "version"])
    assert result.out == "paas 0.1.0\n"
    offers = [line for line in result.err.splitlines() if "Offering public key" in line]
    assert "ED25519-SK" in offers[0]
    assert len(offers) == 2


def test_passwords_and_no_authentication_are_refused(door: Door) -> None:
    with paramiko.Transport(("127.0.0.1", door.server.port)) as transport:
        transport.start_client(timeout=20)
        with pytest.raises(paramiko.BadAuthenticationType) as refused:
            transport.auth_none("paas")
        assert refused.value.allowed_types == ["publickey"]
        with pytest.raises(paramiko.AuthenticationException):
            transport.auth_password("paas", "secret")


def test_nothing_can_be_asked_for_before_the_login(door: Door) -> None:
    with paramiko.Transport(("127.0.0.1", door.server.port)) as transport:
        transport.start_client(timeout=20)
        with pytest.raises(paramiko.SSHException):
            transport.open_session(timeout=20)


def test_an_oversize_packet_before_the_login_ends_the_connection_at_once(door: Door) -> None:
    with connected(door) as sock:
        sock.sendall(b"SSH-2.0-x\r\n" + struct.pack(">I", 300_000_000) + b"x" * 12)
        assert is_cut(sock)
    door.wait_idle()


def test_a_banner_without_end_ends_the_connection(door: Door) -> None:
    with connected(door) as sock:
        with contextlib.suppress(OSError):
            for _ in range(100):
                sock.sendall(b"x" * 1024)
        assert is_cut(sock)
    door.wait_idle()


def test_noise_instead_of_ssh_ends_the_connection(door: Door) -> None:
    with connected(door) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 100)
        assert is_cut(sock)
    assert door.ssh("version").status == 0


def test_a_client_that_says_nothing_is_sent_away(open_with: OPEN) -> None:
    door = open_with(Limits(login_s=0.5))
    with connected(door) as sock:
        assert is_cut(sock)
    with connected(door) as sock:
        sock.sendall(b"SSH-2.0-x\r\n")  # silence after the banner
        assert is_cut(sock)


def test_a_client_that_logs_in_late_or_asks_for_nothing_is_sent_away(open_with: OPEN) -> None:
    door = open_with(Limits(login_s=1.0))
    for log_in in (False, True):
        with paramiko.Transport(("127.0.0.1", door.server.port)) as transport:
            transport.start_client(timeout=20)
            if log_in:
                key = paramiko.Ed25519Key.from_private_key_file(str(door.home / "id_ed25519"))
                transport.auth_publickey("paas", key)
            wait_for(lambda: not transport.is_active(), "the server to end the connection")
    door.wait_idle()


def test_a_client_that_asked_for_something_may_stay(open_with: OPEN) -> None:
    door = open_with(Limits(login_s=0.5))
    key = paramiko.Ed25519Key.from_private_key_file(str(door.home / "id_ed25519"))
    with connected(door) as idle, paramiko.Transport(("127.0.0.1", door.server.port)) as transport:
        transport.connect(username="paas", pkey=key)
        assert ask(transport, b"version") == b"paas 0.1.0\n"
        assert is_cut(idle), "the one that connected before has been sent away by now"
        assert ask(transport, b"version") == b"paas 0.1.0\n"


def ask(transport: paramiko.Transport, line: bytes) -> bytes:
    """Run a command on a connection."""
    channel = transport.open_session(timeout=20)
    channel.exec_command(line)
    out = b""
    while data := channel.recv(1000):
        out += data
    return out


def test_a_crowd_of_idlers_from_one_address_does_not_lock_others_out(open_with: OPEN) -> None:
    door = open_with(Limits(half_open=10, half_open_per_address=5))
    with contextlib.ExitStack() as stack:
        crowd = [stack.enter_context(connected(door)) for _ in range(30)]
        assert is_cut(crowd[0])
        wait_for(lambda: door.server.connections <= 5, "the oldest to be sent away")
        assert door.ssh("version").status == 0


def test_a_shared_connection_carries_many_pushes_and_commands(door: Door) -> None:
    work = door.checkout()
    control = door.platform.settings.home / "mux"
    door.options += ["-o", "ControlMaster=auto", "-o", f"ControlPath={control}"]
    door.options += ["-o", "ControlPersist=20"]
    assert door.git(work, "push", "paas", "master").status == 0
    for number in range(12):
        door.commit(work, f"change {number}")
        assert door.git(work, "push", "-q", "paas", "master").status == 0
    assert door.ssh("version").out == "paas 0.1.0\n"
    assert door.server.connections == 1
    door.ssh(options=["-O", "exit"])
    door.wait_idle()


def test_a_removed_key_is_refused_on_its_old_connection_too(door: Door) -> None:
    key = paramiko.Ed25519Key.from_private_key_file(str(door.home / "id_ed25519"))
    with paramiko.Transport(("127.0.0.1", door.server.port)) as transport:
        transport.connect(username="paas", pkey=key)
        assert ask(transport, b"version") == b"paas 0.1.0\n"
        door.platform.store.ssh_keys.remove("alice")
        channel = transport.open_session(timeout=20)
        channel.exec_command("version")
        assert channel.recv_stderr(200).startswith(b" !     this key was removed")
        assert channel.recv_exit_status() == 1


def test_a_client_that_ignores_the_window_is_cut_off(door: Door) -> None:
    key = paramiko.Ed25519Key.from_private_key_file(str(door.home / "id_ed25519"))
    with paramiko.Transport(("127.0.0.1", door.server.port)) as transport:
        transport.connect(username="paas", pkey=key)
        channel = transport.open_session(timeout=20)
        channel.out_window_size = 1 << 30
        with contextlib.suppress(OSError, EOFError):
            while transport.is_active():
                channel.sendall(b"x" * 30_000)
        wait_for(lambda: not transport.is_active(), "the server to end the connection")


def test_frequent_rekeying_does_not_disturb_a_push(door: Door) -> None:
    work = door.checkout()
    (work / "big").write_bytes(bytes(range(256)) * 4)
    (work / "random").write_bytes(os.urandom(5_000_000))
    door.commit(work, "big")
    door.options += ["-o", "RekeyLimit=1M"]
    assert door.git(work, "push", "paas", "master").status == 0
    door.git(door.home, "clone", "-q", door.url("myapp"), "copy")
    assert door.head(door.home / "copy") == door.head(work)


def test_only_modern_algorithms_are_offered(door: Door) -> None:
    for old in (
        "-oCiphers=aes128-cbc",
        "-oMACs=hmac-sha1",
        "-oKexAlgorithms=diffie-hellman-group14-sha1",
    ):
        refused = door.ssh("version", options=[old, "-oCiphers=aes128-ctr"])
        assert refused.status == 255, old
    for kex in ("curve25519-sha256", "curve25519-sha256@libssh.org"):
        options = [f"-oKexAlgorithms={kex}", "-oCiphers=aes128-gcm@openssh.com"]
        assert door.ssh("version", options=options).status == 0


def test_many_connections_leave_no_thread_behind(door: Door) -> None:
    before = threading.active_count()
    for _ in range(5):
        door.ssh("version")
    door.wait_idle()
    wait_for(lambda: threading.active_count() <= before, "the threads to end")
