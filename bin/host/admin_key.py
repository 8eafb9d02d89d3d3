"""The administrator's own key pair, how the server learns it, and how it learns the server's."""

import base64
import hashlib
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from host.alias import replace
from releases.errors import PaasError
from releases.store.ssh_keys import SshKeyStore


class KeyNotMade(PaasError):
    """A program of OpenSSH's, or our own keys:add, refused."""


@dataclass(frozen=True)
class AdminKey:
    """`id_ed25519`, `id_ed25519.pub` and `known_hosts` in one directory."""

    directory: Path

    @property
    def public_line(self) -> str:
        """`ssh-ed25519 AAAA... paas-admin`."""
        return (self.directory / "id_ed25519.pub").read_text().strip()

    @property
    def fingerprint(self) -> str:
        """`SHA256:...`, as OpenSSH writes it."""
        return f"SHA256:{base64.b64encode(self._blob_hash).decode().rstrip('=')}"

    @property
    def _blob_hash(self) -> bytes:
        return hashlib.sha256(base64.b64decode(self.public_line.split()[1])).digest()

    def make(self) -> bool:
        """Make the pair where there is none; False if it was there."""
        private = self.directory / "id_ed25519"
        if private.exists() and private.with_suffix(".pub").exists():
            return False
        private.unlink(missing_ok=True)
        _run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "paas-admin", "-f", private])
        return True

    def trust(self, alias: str, address: str, port: int) -> None:
        """Write down the server's key. It is our own server, on an address of this machine."""
        scan = ["ssh-keyscan", "-T", "10", "-t", "ed25519", "-p", str(port), address]
        answer = subprocess.run(scan, capture_output=True, text=True, check=False).stdout
        keys = [line.split(maxsplit=1)[1] for line in answer.splitlines() if line[:1] != "#"]
        if not keys:
            raise KeyNotMade(f"the SSH server on {address} port {port} shows no host key")
        line = f"{alias} {keys[0]}\n"
        known = self.directory / "known_hosts"
        if not known.exists() or known.read_text() != line:
            replace(known, line, 0o600)

    def let_in(self, keys: SshKeyStore, environ: Mapping[str, str]) -> str | None:
        """Let the key in where it is not yet; return the name it got, None if it was there."""
        if keys.find(self.fingerprint):
            return None
        taken = {key.name for key in keys.list()}
        # A person's own key named admin is left alone.
        name = "admin" if "admin" not in taken else f"admin-{self._blob_hash.hex()[:6]}"
        command = [sys.executable, "-m", "gitreceive", "paas", "keys:add", name]
        _run(command, given=self.public_line + "\n", environ=environ)
        return name


def _run(
    arguments: Sequence[str | Path], given: str = "", environ: Mapping[str, str] | None = None
) -> str:
    done = subprocess.run(
        arguments, input=given, env=environ, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines() or ["it said nothing"]
        raise KeyNotMade(f"{Path(arguments[0]).name} failed: {said[-1].removeprefix(' !     ')}")
    return done.stdout
