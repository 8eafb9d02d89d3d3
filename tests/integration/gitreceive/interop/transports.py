"""How the git program may reach the front door, and with which key."""

import base64
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.integration.gitreceive.front_door import Door, run
from tests.services import need

SSH_SCRIPT = Path(__file__).with_name("paramiko_ssh.py")


@dataclass(frozen=True)
class Transport:
    """How git reaches the server: its ssh, and what git must know about that."""

    command: Callable[[Door], Sequence[str]]
    variant: str = "ssh"
    end: Callable[[Door], object] = lambda door: None


def openssh(*options: str) -> Transport:
    return Transport(lambda door: [*door.ssh_command, *options])


def control(door: Door) -> list[str]:
    path = door.platform.settings.home / "mux"
    options = ["-o", "ControlMaster=auto", "-o", f"ControlPath={path}", "-o", "ControlPersist=60"]
    return [*door.ssh_command, *options]


def end_control(door: Door) -> object:
    return run([*control(door), "-O", "exit", "paas@127.0.0.1"])


def fido(door: Door) -> list[str]:
    """A key that needs a token, which is not plugged in, before the key that may log in."""
    key = door.home / "id_sk"
    kind = b"sk-ssh-ed25519@openssh.com"
    parts = (kind, bytes(range(32)), b"ssh:")
    blob = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    key.touch(mode=0o600)
    key.with_suffix(".pub").write_text(f"{kind.decode()} {base64.b64encode(blob).decode()}\n")
    before, after = door.ssh_command[:-2], door.ssh_command[-2:]
    position = before.index("-i")
    return [*before[:position], "-i", str(key), *before[position:], *after]


def plink(door: Door) -> list[str]:
    key = door.home / "id.ppk"
    if not key.exists():
        convert = [need("puttygen"), str(door.home / "id_ed25519"), "-O", "private", "-o", str(key)]
        assert run(convert).status == 0
    listing = run(["ssh-keygen", "-l", "-f", str(door.platform.settings.home / "host_key.pub")])
    return [need("plink"), "-batch", "-hostkey", listing.out.split()[1], "-i", str(key)]


def paramiko(door: Door) -> list[str]:
    return [sys.executable, str(SSH_SCRIPT), str(door.home / "id_ed25519")]
