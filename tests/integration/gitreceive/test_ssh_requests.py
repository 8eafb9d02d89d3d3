"""What a client may ask for once it is in: git for an app, a command, and nothing else."""

import contextlib
import re
import subprocess

import paramiko
import pytest

from tests.integration.gitreceive.front_door import Door, run
from tests.services import wait_for

pytestmark = pytest.mark.integration


def test_no_command_shows_the_help(door: Door) -> None:
    plain = door.ssh()
    assert plain.status == 0
    assert plain.out.startswith("Usage: ssh paas COMMAND")
    assert re.search(r"\n  keys:add +Let a public key log in", plain.out)
    assert door.ssh("help").out == plain.out


def test_a_terminal_gets_carriage_returns_and_is_known_as_such(door: Door) -> None:
    command = [*door.ssh_command, "-tt", "paas@127.0.0.1", "echo", "hi"]
    shown = subprocess.run(command, input=b"one\r\x04", capture_output=True, check=True)
    assert shown.stdout == b"('alice', ('hi',), True, b'one\\n')\r\n"


def test_ctrl_c_in_a_terminal_ends_a_command_that_waits(door: Door) -> None:
    log = door.platform.store.logs.new("myapp")
    door.ssh("watch", log, options=["-tt"], stdin="\x03")
    door.wait_idle()


def test_words_arrive_as_the_shell_on_the_other_side_would_split_them(door: Door) -> None:
    shown = door.ssh("echo 'two words' \"a'b\" $(id) ';' x=\u00fc", stdin="in")
    assert shown.out == (
        "('alice', ('two words', \"a'b\", '$(id)', ';', 'x=\u00fc'), False, b'in')\n"
    )


@pytest.mark.parametrize(
    ("line", "status", "complaint"),
    [
        ("nosuch", 127, "`nosuch` is not a paas command; `help` lists them"),
        ("key", 127, "`key` is not a paas command; did you mean keys"),
        (
            "keys:remove",
            2,
            "Missing argument 'NAME|FINGERPRINT'. Usage: keys:remove ",
        ),
        ("version extra", 2, "Got unexpected extra argument (extra). Usage: version"),
        ("keys --nope", 2, "No such option"),
        ("version 'x", 2, "the quotes in this command are not balanced"),
        ("help nosuch", 127, "`nosuch` is not a paas command"),
        ("crash", 70, "internal error, reference "),
        ("sh -c id", 127, "`sh` is not a paas command"),
        ("git-upload-archive myapp", 127, "`git-upload-archive` is not a paas command"),
        ("scp -t /", 127, "`scp` is not a paas command"),
    ],
)
def test_what_cannot_be_done_gets_one_line_and_a_status(
    door: Door, line: str, status: int, complaint: str
) -> None:
    result = door.ssh(line)
    assert result.status == status
    assert result.out == ""
    assert result.err.startswith(f" !     {complaint}")
    assert result.err.count("\n") == 1
    assert "secret" not in result.err


@pytest.mark.parametrize(
    "line",
    [
        "git-receive-pack '../../etc'",
        "git-receive-pack '/etc/passwd'",
        "git-receive-pack 'a/b'",
        "git-receive-pack '--help'",
        "git-receive-pack 'x;id'",
        "git-receive-pack '$(id)'",
        "git-receive-pack 'MYAPP'",
        "git-receive-pack ''",
        "git-receive-pack 'a' 'b'",
        "git-receive-pack",
        "git receive-pack 'x\n'",
        "git-upload-pack '~root'",
        "git-upload-pack 'myapp.git.git/..'",
        "git-upload-pack --upload-pack=id x",
    ],
)
def test_a_path_outside_the_apps_is_refused_and_makes_nothing(door: Door, line: str) -> None:
    result = door.ssh(line)
    assert result.status == 2
    assert result.err.startswith(" !     ")
    assert door.platform.store.apps.names() == []
    assert not door.platform.settings.repositories.exists()


def test_bytes_that_are_not_text_are_refused(door: Door) -> None:
    result = run(
        [*door.ssh_command, "paas@127.0.0.1", b"echo \xff".decode(errors="surrogateescape")]
    )
    assert (result.status, result.err) == (
        2,
        " !     this command is not UTF-8; check the locale of your terminal\n",
    )


def test_subsystems_are_refused(door: Door) -> None:
    refused = door.ssh("sftp", options=["-s"])
    assert refused.status != 0
    assert "subsystem request failed" in refused.err


@pytest.fixture
def transport(door: Door) -> paramiko.Transport:
    """A connection that has logged in."""
    key = paramiko.Ed25519Key.from_private_key_file(str(door.home / "id_ed25519"))
    transport = paramiko.Transport(("127.0.0.1", door.server.port))
    transport.connect(username="paas", pkey=key)
    return transport


def test_forwarding_and_agents_are_refused(transport: paramiko.Transport) -> None:
    with pytest.raises(paramiko.ChannelException):
        transport.open_channel("direct-tcpip", ("127.0.0.1", 22), ("127.0.0.1", 1), timeout=20)
    with pytest.raises(paramiko.SSHException):
        transport.request_port_forward("127.0.0.1", 0)
    channel = transport.open_session(timeout=20)
    with pytest.raises(paramiko.SSHException):
        channel.request_x11()


def set_environment(transport: paramiko.Transport, name: str, value: str) -> None:
    """Ask for a variable and for an answer, which paramiko's own method does not."""
    channel = transport.open_session(timeout=20)
    message = paramiko.Message()
    message.add_byte(paramiko.common.cMSG_CHANNEL_REQUEST)
    message.add_int(channel.remote_chanid)
    message.add_string("env")
    message.add_boolean(True)
    message.add_string(name)
    message.add_string(value)
    channel._event_pending()
    transport._send_user_message(message)
    channel._wait_for_event()


def test_git_may_name_its_protocol(transport: paramiko.Transport) -> None:
    set_environment(transport, "GIT_PROTOCOL", "version=2")


@pytest.mark.parametrize("name", ["LD_PRELOAD", "PATH", "GIT_DIR", "GIT_EXEC_PATH"])
def test_the_environment_cannot_be_set(transport: paramiko.Transport, name: str) -> None:
    with pytest.raises(paramiko.SSHException):
        set_environment(transport, name, "x")


@pytest.mark.parametrize("value", ["version=3", "version=1\n", "version=2:x", ""])
def test_a_strange_git_protocol_is_refused(transport: paramiko.Transport, value: str) -> None:
    with pytest.raises(paramiko.SSHException):
        set_environment(transport, "GIT_PROTOCOL", value)


def test_a_channel_runs_one_command(transport: paramiko.Transport) -> None:
    channel = transport.open_session(timeout=20)
    channel.exec_command("echo a")
    with pytest.raises(paramiko.SSHException):
        channel.exec_command("echo b")


def test_channels_per_connection_are_bounded(transport: paramiko.Transport) -> None:
    channels = [transport.open_session(timeout=20) for _ in range(10)]
    with pytest.raises(paramiko.ChannelException):
        transport.open_session(timeout=20)
    assert len(channels) == 10


def test_too_many_ref_commands_are_cut_before_git_takes_them(
    door: Door, transport: paramiko.Transport
) -> None:
    channel = transport.open_session(timeout=20)
    channel.exec_command("git-receive-pack myapp")
    line = f"{'0' * 40} {'1' * 40} refs/heads/b".encode()
    with_length = f"{len(line) + 4:04x}".encode() + line
    with contextlib.suppress(OSError):
        while not channel.closed:
            channel.sendall(with_length * 1000)
    assert channel.recv_stderr(200) == b" !     more than 10000 refs in one push\n"
    transport.close()
    door.wait_idle()


@pytest.mark.parametrize("noise", [b"zzzz", b"0003", b"GET / HTTP/1.1\r\n\r\n", b"ffff"])
def test_noise_instead_of_a_push_ends_it(
    door: Door, transport: paramiko.Transport, noise: bytes
) -> None:
    channel = transport.open_session(timeout=20)
    channel.exec_command("git-receive-pack myapp")
    channel.sendall(noise)
    channel.shutdown_write()
    channel.settimeout(20)
    while channel.recv(1000):
        pass
    assert channel.recv_exit_status() != 0
    transport.close()
    door.wait_idle()


def test_a_ref_command_with_a_line_break_is_refused(
    door: Door, transport: paramiko.Transport
) -> None:
    channel = transport.open_session(timeout=20)
    channel.exec_command("git-receive-pack myapp")
    forged = f"{'0' * 40} {'1' * 40} refs/heads/b\n{'0' * 40} {'2' * 40} refs/heads/master".encode()
    channel.sendall(f"{len(forged) + 4:04x}".encode() + forged + b"0000")
    assert channel.recv_stderr(200) == b" !     a ref command that git does not send\n"


def test_the_exit_status_comes_before_the_end_of_output(transport: paramiko.Transport) -> None:
    order: list[str] = []
    table = dict(transport._channel_handler_table)

    def noting(name: str, number: int) -> None:
        original = table[number]

        def handle(channel: paramiko.Channel, message: paramiko.Message) -> None:
            order.append(name)
            original(channel, message)

        table[number] = handle

    noting("status", paramiko.common.MSG_CHANNEL_REQUEST)
    noting("end", paramiko.common.MSG_CHANNEL_EOF)
    transport._channel_handler_table = table
    channel = transport.open_session(timeout=20)
    channel.exec_command("version")
    channel.recv_exit_status()
    channel.status_event.wait(20)
    wait_for(lambda: "end" in order, "the end")
    assert order == ["status", "end"], "OpenSSH loses a status that comes after the end"
