"""How much one client may take of the front door: time, sockets, memory, bytes."""

from dataclasses import dataclass

from releases.network import Network, parse_networks
from releases.settings import Settings

_MB = 1 << 20


@dataclass(frozen=True)
class Limits:
    """Limits of one server. Tests shorten them."""

    login_s: float = 20.0  # from the connection to its first command
    half_open: int = 300  # connections that have not asked for anything yet, all together
    half_open_per_address: int = 150
    connections_per_minute: int = 0  # from one address, those apart that log in; 0: any number
    login_tries: int = 10  # keys that a client may offer
    allow_from: tuple[Network, ...] = ()  # none: all
    connections: int = 500  # that are idle, and again as many calls under way
    idle_s: float = 600.0  # a connection without a call
    channels: int = 10  # per connection: ControlMaster users share one
    stall_s: float = 60.0  # a git client that takes no bytes for so long is cut off
    pager_s: float = 900.0  # the same for a command's output: people page through it
    packet_bytes: int = 256 * 1024  # of SSH; OpenSSH and paramiko send at most 35,000
    login_bytes: int = 256 * 1024  # of SSH before the login; OpenSSH with ten RSA keys sends 16,000
    banner_bytes: int = 8 * 1024
    pushes_per_minute: int = 0  # by one key; 0: any number
    ref_commands: int = 10_000  # per push, with shallow lines and push options
    ref_command_bytes: int = 4 * _MB
    push_bytes: int = 1024 * _MB  # of pack, as sent
    repository_bytes: int = 4096 * _MB
    git_memory_bytes: int = 1024 * _MB  # address space of each git process
    git_cpu_s: int = 600
    packs: int = 50  # per repository; at so many they are joined in the background
    repack_s: float = 900.0
    reason_chars: int = 200  # of the line in `! [remote rejected]`

    @classmethod
    def of(cls, settings: Settings) -> "Limits":
        """As the administrator has set them."""
        return cls(
            connections_per_minute=settings.connections_per_minute,
            login_tries=settings.login_tries,
            allow_from=parse_networks(settings.allow_from),
            connections=settings.max_connections,
            idle_s=settings.idle_s,
            pushes_per_minute=settings.pushes_per_minute,
            push_bytes=settings.push_mb * _MB,
            repository_bytes=settings.repository_mb * _MB,
            git_memory_bytes=settings.git_memory_mb * _MB,
        )
