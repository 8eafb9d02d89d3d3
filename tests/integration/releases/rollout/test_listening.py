"""What a process listens on, read from the kernel."""

import os
import socket

import pytest

from releases.rollout.checks.port import accepts_connections, listening

pytestmark = pytest.mark.integration


def test_listening_sockets_are_found_with_address_and_port() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as four,
        socket.create_server(("127.0.0.2", 0)) as another,
    ):
        found = listening(os.getpid())
        assert f"127.0.0.1:{four.getsockname()[1]}" in found
        assert f"127.0.0.2:{another.getsockname()[1]}" in found


def test_ipv6_addresses_are_written_as_people_write_them() -> None:
    try:
        server = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("this machine has no IPv6 address to listen on")
    with server as six:
        assert f"[::1]:{six.getsockname()[1]}" in listening(os.getpid())


def test_a_process_that_is_gone_listens_on_nothing() -> None:
    assert listening(0) == []


def test_a_port_answers_when_somebody_listens_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert accepts_connections("127.0.0.1", port)
    assert not accepts_connections("127.0.0.1", port)
