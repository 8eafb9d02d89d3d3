"""How config is kept, sealed: in force, of builds, staged, and on its way to a release job."""

import json
import uuid
from collections.abc import Mapping

from releases.domain.app import NoSuchApp
from releases.domain.config import BuildConfig, ConfigChange, StagedConfig, check_build_config
from releases.errors import PaasError
from releases.store import keys
from releases.store.connection import Client
from releases.vault import Vault

# Unless somebody else changed it since it was read; a late one brings no destroyed app back.
_SWAP = """
if redis.call('HEXISTS', KEYS[1], 'created_at') == 0 then return -1 end
if (redis.call('HGET', KEYS[2], 'sealed') or '') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[2], 'sealed', ARGV[2])
return redis.call('HINCRBY', KEYS[2], 'version', 1)
"""
# A version is never given twice, so that a rollout takes away no more than what it brought.
_STAGE = """
if redis.call('HEXISTS', KEYS[1], 'created_at') == 0 then return -1 end
if (redis.call('HGET', KEYS[2], 'sealed') or '') ~= ARGV[1] then return 0 end
local version = redis.call('HINCRBY', KEYS[1], 'stagings', 1)
redis.call('HSET', KEYS[2], 'sealed', ARGV[2], 'version', version)
return version
"""
_CHANGE_KEPT_S = 24 * 3600


class NoSuchChange(PaasError):
    """A kept config change is gone."""


class ConfigStore:
    """Config by app."""

    def __init__(self, client: Client, vault: Vault) -> None:
        self._redis = client
        self._vault = vault
        self._swap = client.register_script(_SWAP)
        self._stage = client.register_script(_STAGE)

    def config(self, name: str) -> dict[str, str]:
        """The config in force: that of the live release, or what was set before the first."""
        sealed = self._redis.get(keys.config(name))
        return self._vault.unseal(sealed) if sealed else {}

    def set_config(self, name: str, config: Mapping[str, str]) -> None:
        """Set the config of an app that has no release yet."""
        self._redis.set(keys.config(name), self._vault.seal(config))

    def build_config(self, name: str) -> BuildConfig:
        """What the app's next build is given."""
        sealed, version = self._redis.hmget(keys.build_config(name), "sealed", "version")
        if not sealed:
            return BuildConfig()
        values = self._vault.unseal(sealed)
        digests = {one: self._vault.digest(f"{one}={value}") for one, value in values.items()}
        return BuildConfig(values, digests, int(version or 0))

    def change_build_config(self, name: str, change: ConfigChange) -> None:
        """From the next build on; BadConfig, NoSuchApp."""
        made = 0
        while not made:  # somebody else was faster: apply it to what they made
            before = self._redis.hget(keys.build_config(name), "sealed")
            after = change.apply(self._vault.unseal(before) if before else {})
            check_build_config(after)
            made = self._swap(
                keys=[keys.app(name), keys.build_config(name)],
                args=[before or "", self._vault.seal(after)],
            )
        if made < 0:
            raise NoSuchApp(name)

    def add_change(self, change: ConfigChange) -> str:
        """Keep a change for the job that will apply it; return its id, for a job sees no secret."""
        identifier = uuid.uuid4().hex
        self._redis.set(keys.change(identifier), self._sealed(change), ex=_CHANGE_KEPT_S)
        return identifier

    def change(self, identifier: str) -> ConfigChange:
        """The change that `add_change` kept; NoSuchChange."""
        sealed = self._redis.get(keys.change(identifier))
        if sealed is None:
            raise NoSuchChange(
                "the config change waited too long: it was kept for a day and is gone; set it again"
            )
        return self._unsealed(sealed)

    def staged(self, name: str) -> StagedConfig:
        """What the app's next release brings beside its own change."""
        sealed, version = self._redis.hmget(keys.staged(name), "sealed", "version")
        return StagedConfig(self._unsealed(sealed), int(version)) if sealed else StagedConfig()

    def stage(self, name: str, change: ConfigChange) -> None:
        """Have the app's next release bring this too; NoSuchApp."""
        made = 0
        while not made:  # somebody else was faster: add it to what they made
            before = self._redis.hget(keys.staged(name), "sealed")
            after = self._unsealed(before).then(change) if before else change
            made = self._stage(
                keys=[keys.app(name), keys.staged(name)], args=[before or "", self._sealed(after)]
            )
        if made < 0:
            raise NoSuchApp(name)

    def unstage(self, name: str) -> None:
        """Forget what is staged."""
        self._redis.delete(keys.staged(name))

    def _sealed(self, change: ConfigChange) -> str:
        values, removed = json.dumps(dict(change.values)), json.dumps(change.removed)
        return self._vault.seal({"values": values, "removed": removed})

    def _unsealed(self, sealed: str) -> ConfigChange:
        document = self._vault.unseal(sealed)
        return ConfigChange(json.loads(document["values"]), tuple(json.loads(document["removed"])))
