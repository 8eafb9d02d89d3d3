"""What is said about a port that cannot be had, and how its holder is found."""

import errno

import pytest

from host.ports import Port, listening_inodes

_TABLE = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:08AE 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0
   1: 0100007F:08AE 0100007F:D2F0 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0
   2: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4713 1 0
"""


def test_only_the_listening_socket_of_the_port_counts() -> None:
    assert listening_inodes(_TABLE, 2222) == {"4711"}
    assert listening_inodes(_TABLE, 8080) == {"4713"}
    assert listening_inodes(_TABLE, 22) == set()


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (errno.EADDRINUSE, "port 2222 is in use by a process of another user"),
        (errno.EADDRINUSE, "PAAS_SSH_PORT=2223 ./bin/up"),
        (errno.EADDRNOTAVAIL, "setting bind (PAAS_BIND) must be an address of this machine"),
    ],
)
def test_message_says_what_is_wrong_and_what_to_do(failure: int, said: str) -> None:
    assert said in Port("127.0.0.1", 2222, "ssh_port").explain(failure, [])


def test_port_below_1024_without_root_suggests_one_above() -> None:
    said = Port("127.0.0.1", 80, "http_port").explain(errno.EACCES, [])
    assert "root" in said
    assert "PAAS_HTTP_PORT=8080 ./bin/up" in said
