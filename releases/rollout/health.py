"""When a container counts as healthy, and what is said of one that does not."""

import socket
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from releases.container import Container
from releases.engine.protocol import Condition, Engine
from releases.errors import PaasError

INTERVAL_S = 0.05
_CONNECT_TIMEOUT_S = 0.5
_LISTEN = "0A"  # the state's code in /proc/net/tcp
_DOCKERS_OWN_DNS = "127.0.0.11:"
SHOWN_LINES = 30
LAST_LINES_ABOVE = "; its last lines are above"


class UnhealthyRelease(PaasError):
    """A container of the release died or never became healthy."""

    def __init__(self, reason: str, container: Container, output: Sequence[str]) -> None:
        super().__init__(reason)
        self.container = container
        self.output = output


def accepts_connections(address: str, port: int) -> bool:
    """Whether somebody listens there."""
    try:
        with socket.create_connection((address, port), timeout=_CONNECT_TIMEOUT_S):
            return True
    except OSError:
        return False


@dataclass(frozen=True)
class Patience:
    """How long is waited for what, by which clock, and how a port is tried."""

    boot_timeout_s: float
    settle_s: float  # a process without a port is healthy when it has lived so long
    clock: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = time.sleep
    answers: Callable[[str, int], bool] = accepts_connections


def wait_until_healthy(engine: Engine, containers: Sequence[Container], patience: Patience) -> None:
    """Return when every container is healthy; UnhealthyRelease as soon as one cannot be.

    A web process is healthy when its port accepts a connection, any other when it has
    lived for the settle time. Every look is at all of them: one that died after its own
    check, while others still boot, must not get traffic.
    """
    started = patience.clock()
    # One that was there before may have been restarted by Docker once, long ago.
    restarts = {one.id: engine.condition(one).restarts for one in containers if one.status}
    waiting = list(containers)
    while waiting:
        age_s = patience.clock() - started
        for one in containers:
            _check_alive(engine, one, restarts.get(one.id, 0))
        waiting = [one for one in waiting if not _has_booted(one, age_s, patience)]
        if waiting and age_s > patience.boot_timeout_s:
            raise _never_listened(engine, waiting[0], patience.boot_timeout_s)
        if waiting:
            patience.pause(INTERVAL_S)


def _check_alive(engine: Engine, container: Container, restarts: int) -> None:
    condition = engine.condition(container)
    if condition.has_died_since(restarts):
        raise _died(engine, container, condition)


def _has_booted(container: Container, age_s: float, patience: Patience) -> bool:
    if container.slot.process_type != "web":
        return age_s >= patience.settle_s
    return patience.answers(container.address, container.port)


def _died(engine: Engine, container: Container, condition: Condition) -> UnhealthyRelease:
    why = "was killed for memory" if condition.out_of_memory else "exited"
    code = (
        f" with status {condition.exit_code}" if not condition.restarts else " at once, repeatedly"
    )
    return UnhealthyRelease(
        f"{container.slot.name} {why}{code}{LAST_LINES_ABOVE}",
        container,
        engine.tail(container, SHOWN_LINES),
    )


def _never_listened(engine: Engine, container: Container, waited_s: float) -> UnhealthyRelease:
    found = listening(engine.condition(container).process)
    instead = f"it listens on {', '.join(found)}" if found else "it listens on no port"
    return UnhealthyRelease(
        f"{container.slot.name} did not answer on port {container.port} within {waited_s:g} s "
        f"({instead}); it must listen on 0.0.0.0:$PORT",
        container,
        engine.tail(container, SHOWN_LINES),
    )


def listening(process: int) -> list[str]:
    """What a container listens on, ["127.0.0.1:8000"]; [] if that cannot be seen from here."""
    found: set[str] = set()
    for table in ("tcp", "tcp6"):
        path = Path(f"/proc/{process}/net/{table}")
        try:
            rows = path.read_text().splitlines()[1:]
        except OSError:
            continue
        found |= {_address(row.split()[1]) for row in rows if row.split()[3] == _LISTEN}
    return sorted(address for address in found if not address.startswith(_DOCKERS_OWN_DNS))


def _address(hexadecimal: str) -> str:
    host, port = hexadecimal.split(":")
    # The kernel prints each four bytes in the machine's order.
    packed = b"".join(
        int(host[at : at + 8], 16).to_bytes(4, sys.byteorder) for at in range(0, len(host), 8)
    )
    if len(packed) == 4:
        return f"{socket.inet_ntop(socket.AF_INET, packed)}:{int(port, 16)}"
    return f"[{socket.inet_ntop(socket.AF_INET6, packed)}]:{int(port, 16)}"
