"""What OpenSSH's client must be told so that `paas:` works as a host name, and where."""

import os
import pwd
import subprocess
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from releases.errors import PaasError

# aes128-gcm first, which the server does fastest; the rest saves round trips and agents' answers.
_OPTIONS = """\
    User git
    IdentitiesOnly yes
    IdentityAgent none
    PreferredAuthentications publickey
    StrictHostKeyChecking yes
    UpdateHostKeys no
    Ciphers ^aes128-gcm@openssh.com
    HostKeyAlgorithms ssh-ed25519
    Compression no
    ForwardAgent no
    ForwardX11 no
"""


class SshRefused(PaasError):
    """The ssh client does not accept the person's own configuration."""


class Outcome(Enum):
    """What `install` found or did."""

    ADDED = "added"
    THERE = "there"
    TAKEN = "taken"  # the person has a host of that name already; it was left alone


def user_config() -> Path:
    """The file that ssh reads. It goes by the password database, never by $HOME."""
    return Path(pwd.getpwuid(os.getuid()).pw_dir) / ".ssh" / "config"


@dataclass(frozen=True)
class Alias:
    """`Host paas`, in a file of ours that the person's ssh configuration includes."""

    name: str
    directory: Path  # ssh_config, id_ed25519, known_hosts
    address: str
    port: int

    @property
    def file(self) -> Path:
        """Our part of the configuration; also for `ssh -F`."""
        return self.directory / "ssh_config"

    @property
    def identity(self) -> Path:
        """The private key that the alias logs in with."""
        return self.directory / "id_ed25519"

    @property
    def include(self) -> str:
        """The one line that the person's file gets."""
        return f"Include {self.file}"

    def render(self) -> str:
        """Our part of the configuration."""
        family = "inet6" if ":" in self.address else "inet"
        return (
            f"# Written by ./bin/up; changes here are lost.\n"
            f"Host {self.name}\n"
            f"    HostName {self.address}\n"
            f"    Port {self.port}\n"
            f"    AddressFamily {family}\n"
            f"    HostKeyAlias {self.name}\n"
            f"    IdentityFile {self.identity}\n"
            f"    UserKnownHostsFile {self.directory / 'known_hosts'}\n"
            f"{_OPTIONS}"
        )

    def write(self) -> None:
        """Write our file; ssh ignores one that others may write to."""
        replace(self.file, self.render(), 0o600)

    def install(self, config: Path) -> Outcome:
        """Make the person's ssh configuration know the alias, unless it knows another."""
        if self._is_in_force(config):
            return Outcome.THERE
        if self._effective(config).get("hostname") != self.name:
            return Outcome.TAKEN
        config.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        target = config.resolve()  # a link to a dotfiles repository stays a link
        text = target.read_text() if target.exists() else ""
        mode = target.stat().st_mode & 0o777 if target.exists() else 0o600
        replace(target, with_include(text, self.include), mode)
        return Outcome.ADDED

    def _is_in_force(self, config: Path) -> bool:
        return self._effective(config).get("identityfile") == str(self.identity)

    def _effective(self, config: Path) -> dict[str, str]:
        file = str(config) if config.exists() else "none"
        done = subprocess.run(
            ["ssh", "-F", file, "-G", self.name], capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            said = done.stderr.strip().splitlines() or ["no reason given"]
            raise SshRefused(f"ssh does not accept {config}: {said[0]}; put that right and repeat")
        found: dict[str, str] = {}
        for line in done.stdout.splitlines():
            name, _, value = line.partition(" ")
            found.setdefault(name, value)  # the first identity file is the one tried first
        return found


def with_include(config: str, include: str) -> str:
    """The configuration with the line at its top: further down it would belong to a Host block."""
    lines = [line for line in config.splitlines(keepends=True) if line.strip() != include]
    return "".join([f"{include}\n", *lines])


def replace(path: Path, text: str, mode: int) -> None:
    """Write a file in one step, with that mode from the beginning."""
    fresh = path.with_name(f"{path.name}.paas-{os.getpid()}")
    fresh.touch(mode=mode)
    fresh.chmod(mode)
    fresh.write_text(text)
    fresh.replace(path)
