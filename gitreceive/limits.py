"""How much one client may take of the front door: time, sockets, memory, bytes."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Limits of one server. Tests shorten them."""

    login_s: float = 20.0  # from the connection to its first command
    half_open: int = 300  # connections that have not asked for anything yet, all together
    half_open_per_address: int = 150
    channels: int = 10  # per connection: ControlMaster users share one
    stall_s: float = 60.0  # a git client that takes no bytes for so long is cut off
    pager_s: float = 900.0  # the same for a command's output: people page through it
    packet_bytes: int = 256 * 1024  # of SSH; OpenSSH and paramiko send at most 35,000
    banner_bytes: int = 8 * 1024
    ref_commands: int = 10_000  # per push, with shallow lines and push options
    ref_command_bytes: int = 4 * 1024 * 1024
    push_bytes: int = 1024 * 1024 * 1024  # of pack, as sent
    git_memory_bytes: int = 1024 * 1024 * 1024  # address space of each git process
    git_cpu_s: int = 600
    packs: int = 50  # per repository; at so many they are joined in the background
    repack_s: float = 900.0
    reason_chars: int = 200  # of the line in `! [remote rejected]`
