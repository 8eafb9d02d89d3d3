"""How config is encrypted at rest, and where its key is kept (a file, never Redis)."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from releases.errors import PaasError


class WrongKey(PaasError):
    """The key file does not fit what was encrypted."""


class Vault:
    """Seals and opens dictionaries of text."""

    def __init__(self, key: bytes) -> None:
        self._fernet = Fernet(key)

    @classmethod
    def open(cls, path: Path) -> "Vault":
        """Read the key, or make it (mode 600) where there is none; safe when two do so at once."""
        try:
            return cls(path.read_bytes())
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = path.with_name(f"{path.name}.{os.getpid()}")
        fresh.touch(mode=0o600)
        fresh.write_bytes(Fernet.generate_key())
        try:
            path.hardlink_to(fresh)  # the first one wins; a rename would replace the winner's key
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
        return cls(path.read_bytes())

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
