"""How config is encrypted at rest, and where its key is kept (a file, never Redis)."""

import hmac
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

from cryptography.fernet import Fernet, InvalidToken

from releases.errors import PaasError


class WrongKey(PaasError):
    """The key file does not fit what was encrypted."""


class Vault:
    """Seals and opens dictionaries of text."""

    def __init__(self, key: bytes) -> None:
        self._fernet = Fernet(key)
        # A key of its own for digests: neither says anything of the other.
        self._digest_key = hmac.digest(key.strip(), b"paas digest", "sha256")

    @classmethod
    def open(cls, path: Path) -> "Vault":
        """Read the key, or make it (mode 600) where there is none; safe when two do so at once."""
        if not path.exists():
            _make(path)
        try:
            return cls(path.read_bytes())
        except ValueError as error:
            raise WrongKey(
                f"{path} does not hold a key; bring it back from a backup, config needs it"
            ) from error

    def seal(self, values: Mapping[str, str]) -> str:
        """Encrypt to printable text."""
        return self._fernet.encrypt(json.dumps(dict(values)).encode()).decode()

    def unseal(self, sealed: str) -> dict[str, str]:
        """Decrypt what `seal` made; WrongKey if another key made it."""
        try:
            values: dict[str, str] = json.loads(self._fernet.decrypt(sealed.encode()))
        except InvalidToken as error:
            raise WrongKey(
                "config cannot be decrypted; is secret.key the one it was made with?"
            ) from error
        return values

    def digest(self, text: str) -> str:
        """16 hex digits, equal for equal texts; without the key nobody can try out texts."""
        return hmac.digest(self._digest_key, text.encode(), "sha256").hex()[:16]


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Its own file per caller, threads too: whoever writes must never write to the winner's.
    with NamedTemporaryFile(dir=path.parent, prefix=f"{path.name}.") as fresh:  # mode 600
        fresh.write(Fernet.generate_key())
        fresh.flush()
        os.fsync(fresh.fileno())  # what it seals is on Redis's disk within a second
        # The first one wins; a rename would replace the winner's key.
        with suppress(FileExistsError):
            path.hardlink_to(fresh.name)
