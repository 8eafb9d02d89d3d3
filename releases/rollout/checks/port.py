"""What a container listens on, and whether somebody answers there."""

import socket
import sys
from pathlib import Path

_CONNECT_TIMEOUT_S = 0.5
_LISTEN = "0A"  # the state's code in /proc/net/tcp
_DOCKERS_OWN_DNS = "127.0.0.11:"
_LOOPBACK = ("127.", "[::1]")


def accepts_connections(address: str, port: int) -> bool:
    """Whether somebody listens there."""
    try:
        with socket.create_connection((address, port), timeout=_CONNECT_TIMEOUT_S):
            return True
    except OSError:
        return False


def is_reachable(listening_on: str, port: int) -> bool:
    """Whether `0.0.0.0:8000` is that port, and on more than the loopback."""
    return listening_on.endswith(f":{port}") and not listening_on.startswith(_LOOPBACK)


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
