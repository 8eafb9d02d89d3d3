"""How the public keys that may log in are kept."""

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from releases.errors import PaasError
from releases.store import keys
from releases.store.connection import Client

_ADD = """
for _, value in ipairs(redis.call('HVALS', KEYS[1])) do
  if cjson.decode(value).name == ARGV[2] then return 'name' end
end
if redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[3]) == 0 then return 'key' end
return 'added'
"""


class DuplicateKey(PaasError):
    """The name or the key is there already."""


class NoSuchKey(PaasError):
    """No key has that name or fingerprint."""


@dataclass(frozen=True)
class SshKey:
    """A public key that may log in. `line` is `ssh-ed25519 AAAA...`, without a comment."""

    name: str
    fingerprint: str  # SHA256:...
    line: str
    added_at: float
    added_by: str
    only: tuple[str, ...] = ()  # apps it is limited to, or BUILD_HOST; empty: all


class SshKeyStore:
    """Keys by fingerprint."""

    def __init__(self, client: Client) -> None:
        self._redis = client
        self._add = client.register_script(_ADD)

    def add(
        self, name: str, fingerprint: str, line: str, who: str, only: Sequence[str] = ()
    ) -> SshKey:
        """Let a key in; DuplicateKey if its name or itself is there."""
        key = SshKey(name, fingerprint, line, time.time(), who, tuple(only))
        answer = self._add(keys=[keys.SSH_KEYS], args=[fingerprint, name, json.dumps(asdict(key))])
        if answer == "name":
            raise DuplicateKey(
                f"a key named {name} exists already; remove it first or choose a name"
            )
        if answer == "key":
            raise DuplicateKey(f"this key is there already, as {self.get(fingerprint).name}")
        return key

    def find(self, fingerprint: str) -> SshKey | None:
        """The key with that fingerprint, if it may log in."""
        found = self._redis.hget(keys.SSH_KEYS, fingerprint)
        return _key(found) if found else None

    def get(self, name_or_fingerprint: str) -> SshKey:
        """By name or fingerprint; NoSuchKey."""
        for key in self.list():
            if name_or_fingerprint in (key.name, key.fingerprint):
                return key
        raise NoSuchKey(f"no key {name_or_fingerprint}; `keys` lists them")

    def list(self) -> list[SshKey]:
        """All keys by name."""
        found = [_key(value) for value in self._redis.hvals(keys.SSH_KEYS)]
        return sorted(found, key=lambda key: key.name)

    def remove(self, name_or_fingerprint: str) -> SshKey:
        """Shut a key out; NoSuchKey."""
        key = self.get(name_or_fingerprint)
        self._redis.hdel(keys.SSH_KEYS, key.fingerprint)
        return key


def _key(text: str) -> SshKey:
    document = json.loads(text)
    return SshKey(**{**document, "only": tuple(document.get("only", ()))})
