"""Command lines and paths that mean to be something else."""

from dataclasses import dataclass

import pytest

from tests.integration.gitreceive.hostile.victim import Victim

pytestmark = pytest.mark.integration

NO_COMMAND = "is not a paas command"
NO_NAME = "cannot be used: 1 to 48 of a-z, 0-9 and -"
ONE_PATH = "git needs exactly one path"


@dataclass(frozen=True)
class Line:
    """A command line, and what is said of it."""

    line: bytes
    status: int
    says: str

    def __str__(self) -> str:
        return self.line[:40].decode(errors="backslashreplace")


PATHS = [
    *(
        b"../x",
        b"../../../../etc/passwd",
        b"/../x",
        b"//x",
        b"/etc/x",
        b"./x",
        b".",
        b"..",
        b"~",
        b"~root",
    ),
    *(
        b"x/..",
        b"x/../y",
        b"x\\..\\y",
        b"x;id",
        b"x|id",
        b"x&id",
        b"$(id)",
        b"`id`",
        b"$HOME",
        b"x\n",
    ),
    *(
        b"x\nid",
        b"x\r",
        b"%n%n%n%n",
        b"%s",
        b"{0}",
        b"x y",
        b"*",
        b"?",
        b"[a]",
        b"X",
        b"x_y",
        b"x.git.git",
    ),
    *(b"-x", b"--upload-pack=id", b"--help", b"--strict", b"-", b"x-", b"", b"x" * 49, b"x" * 5000),
    *(
        "\u0445".encode(),
        "\uff58".encode(),
        "x\u200b".encode(),
        "\u0660".encode(),
        b"x\x00y",
        b"x\x1b[2J",
    ),
    *(
        b"ext::sh -c id",
        b"file:///etc",
        b"ssh://y/x",
        b"y:x",
        b"honest.git/hooks",
        b"honest.git/config",
    ),
]
LINES = [
    *(
        Line(b"git-%s '%s'" % (service, path), 2, NO_NAME)
        for service in (b"receive-pack", b"upload-pack")
        for path in PATHS
    ),
    *(
        Line(b"git-upload-pack " + words, 2, ONE_PATH)
        for words in (
            b"",
            b"a b",
            b"--strict a",
            b"a --timeout=1",
            b"--upload-pack=id a",
            b"-- a",
            b"--stateless-rpc a",
            b"--advertise-refs a",
        )
    ),
    *(
        Line(line, 127, NO_COMMAND)
        for line in (
            b"git-upload-archive 'honest'",
            b"git-shell",
            b"git upload-archive honest",
            b"git-receive-pack2 x",
            b"git-http-backend",
            b"git",
            b"git --exec-path",
            b"git -c core.fsmonitor=id upload-pack honest",
            b"git-receive-pack;id",
            b"sh -i",
            b"/bin/sh -c id",
            b"bash",
            b"sudo id",
            b"scp -f /etc/passwd",
            b"scp -t .",
            b"sftp-server",
            b"internal-sftp",
            b"rsync --server . x",
            b"env",
            b"id;id",
            b"&& id",
            b"$(id)",
            b"`id`",
            b"version;id",
            b"version\x00id",
            b"%n%n",
            b"\xd0\xb0pps",
            b"APPS",
            b"__class__",
            b"../version",
            b"x" * 200_000,
        )
    ),
    *(
        Line(line, 2, "the quotes in this command are not balanced")
        for line in (
            b"version 'x",
            b'version "x',
            b"version x\\",
            b"git-receive-pack 'x",
            b"'" * 99_999,
        )
    ),
    *(
        Line(line, 2, "this command is not UTF-8")
        for line in (b"\xff", b"version \xc0\x80", b"git-receive-pack '\xed\xa0\x80'")
    ),
    *(
        Line(line, 2, "Usage: ")
        for line in (
            b"version x",
            b"version --x",
            b"apps:info",
            b"apps:create a b",
            b"keys:add",
            b"version 'a\nb'",
            b"version " + b"x" * 200_000,
            b"version " + b"a " * 90_000,
        )
    ),
]


@pytest.mark.parametrize("line", LINES, ids=str)
def test_a_line_that_means_something_else_gets_one_line_and_makes_nothing(
    door: Victim, line: Line
) -> None:
    if not door.turns:
        door.push_honestly()
    answer = door.call(line.line)
    assert answer.status == line.status
    assert answer.out == b""
    assert line.says in answer.text
    assert answer.err.startswith(b" !     ")
    assert answer.err.count(b"\n") == 1
    assert b"\x1b" not in answer.err
    assert len(answer.err) < 3000
    assert [path.name for path in door.platform.settings.repositories.iterdir()] == ["honest.git"]
    assert door.platform.store.apps.names() == ["honest"]


def test_a_command_line_of_a_megabyte_ends_the_connection_and_no_other(door: Victim) -> None:
    transport = door.connect()
    channel = transport.open_session(timeout=20)
    with pytest.raises(Exception, match=r".*"):
        channel.exec_command(b"version " + b"x" * 1_000_000)
    transport.close()
    assert door.push_honestly() == ""


def test_nothing_of_all_this_is_in_the_log_of_the_process(door: Victim) -> None:
    door.call(b"config:set SECRET=hunter2")
    door.call(b"hunter2")
    assert "hunter2" not in door.log()
    assert "Traceback" not in door.log()
