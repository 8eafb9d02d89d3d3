"""Ports that are really in use."""

import os
import socket
from collections.abc import Iterator

import pytest

from host.ports import Port, PortUnavailable


@pytest.fixture
def taken() -> Iterator[Port]:
    """A port that this process listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield Port("127.0.0.1", server.getsockname()[1], "ssh_port")


def test_port_of_a_stranger_is_refused_by_name_and_pid(taken: Port) -> None:
    with pytest.raises(PortUnavailable) as refused:
        taken.check(is_ours=lambda pid: False)
    said = str(refused.value)
    assert f"port {taken.number} is in use by " in said
    assert f"(pid {os.getpid()})" in said
    assert f"PAAS_SSH_PORT={taken.number + 1} ./bin/up" in said


def test_port_that_a_process_of_ours_has_is_fine(taken: Port) -> None:
    taken.check(is_ours=lambda pid: pid == os.getpid())


def test_free_port_is_fine_and_stays_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = server.getsockname()[1]
    port = Port("127.0.0.1", number, "ssh_port")
    port.check(is_ours=lambda pid: False)
    port.check(is_ours=lambda pid: False)


@pytest.mark.parametrize("address", ["192.0.2.1", "no-such-host.invalid"])
def test_address_of_another_machine_is_one_line(address: str) -> None:
    with pytest.raises(PortUnavailable, match="must be an address of this machine"):
        Port(address, 2222, "ssh_port").check(is_ours=lambda pid: False)
