"""How releases are kept: written once, but for how their rollout ended."""

import json
from collections.abc import Iterator
from dataclasses import asdict

from releases.domain.release import (
    Artifact,
    Outline,
    Release,
    ReleaseState,
    ReleaseStatus,
)
from releases.errors import PaasError
from releases.store import keys
from releases.store.connection import Client
from releases.store.locks import Lock, LockLost
from releases.vault import Vault

_OUTLINES = 50  # in one round trip
# A release is written once. That its number is new is AppStore's affair; this is the proof.
# Written by a worker that has lost the lock, it would stay pending: nobody rolls it out.
_ADD = """
local token = table.remove(ARGV, 1)
local held = redis.call('GET', KEYS[2])
if token ~= '' and (not held or tostring(cjson.decode(held).token) ~= token) then return -1 end
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV))
return 1
"""


class NoSuchRelease(PaasError):
    """The app has no release of that number."""


class ReleaseStore:
    """Releases by app and number."""

    def __init__(self, client: Client, vault: Vault) -> None:
        self._redis = client
        self._vault = vault
        self._add = client.register_script(_ADD)

    def add(self, release: Release, lock: Lock | None = None) -> None:
        """Write a release, as pending. Its number came from AppStore.next_release.

        LockLost if it is written under a lock that is no longer this one.
        """
        record = {
            "artifact": json.dumps(asdict(release.artifact)),
            "config": self._vault.seal(release.config),
            "who": release.who,
            "created_at": release.created_at,
            "why": release.why,
            "status": ReleaseStatus.PENDING.value,
            "reason": "",
        }
        fields = [part for item in record.items() for part in item]
        names = [keys.release(release.app, release.number), keys.lock(release.app)]
        added = self._add(keys=names, args=[lock.token if lock else "", *fields])
        if added < 0:
            raise LockLost(f"lost the lock of {release.app} before its rollout; nothing changed")
        if not added:
            raise PaasError(f"release {release.name} of {release.app} exists already")

    def get(self, app: str, number: int) -> Release:
        """The release; NoSuchRelease."""
        return self.get_with_state(app, number)[0]

    def artifact(self, app: str, number: int) -> Artifact:
        """What the release runs, for those who have no key to config; NoSuchRelease."""
        document = self._redis.hget(keys.release(app, number), "artifact")
        if document is None:
            raise _no_such(app, number)
        return Artifact.from_record(json.loads(document))

    def get_with_state(self, app: str, number: int) -> tuple[Release, ReleaseState]:
        """The release and how its rollout ended; NoSuchRelease."""
        record = self._redis.hgetall(keys.release(app, number))
        if not record:
            raise _no_such(app, number)
        return self._release(app, number, record)

    def pending(self, app: str, after: int) -> list[int]:
        """Numbers, above `after`, of the releases whose rollout has not ended."""
        last = int(self._redis.hget(keys.app(app), "releases") or 0)
        numbers = range(after + 1, last + 1)
        pipe = self._redis.pipeline(transaction=False)
        for number in numbers:
            pipe.hget(keys.release(app, number), "status")
        found = zip(numbers, pipe.execute(), strict=True)
        return [number for number, status in found if status == ReleaseStatus.PENDING]

    def list(self, app: str) -> list[tuple[Release, ReleaseState]]:
        """All releases, newest first."""
        last = int(self._redis.hget(keys.app(app), "releases") or 0)
        numbers = range(last, 0, -1)
        pipe = self._redis.pipeline(transaction=False)
        for number in numbers:
            pipe.hgetall(keys.release(app, number))
        found = zip(numbers, pipe.execute(), strict=True)
        return [self._release(app, number, record) for number, record in found if record]

    def set_artifact(self, app: str, number: int, artifact: Artifact) -> None:
        """What a release that is still pending is going to run."""
        self._redis.hset(keys.release(app, number), "artifact", json.dumps(asdict(artifact)))

    def is_prepared(self, app: str, number: int) -> bool:
        """Whether all that has to be run before it starts was run."""
        return bool(self._redis.hexists(keys.release(app, number), "prepared"))

    def set_prepared(self, app: str, number: int) -> None:
        """All that has to be run before it starts was run."""
        self._redis.hset(keys.release(app, number), "prepared", "1")

    def outlines(self, app: str) -> Iterator[Outline]:
        """All releases, newest first; whoever has seen enough reads no further."""
        last = int(self._redis.hget(keys.app(app), "releases") or 0)
        for top in range(last, 0, -_OUTLINES):
            numbers = range(top, max(0, top - _OUTLINES), -1)
            pipe = self._redis.pipeline(transaction=False)
            for number in numbers:
                pipe.hmget(keys.release(app, number), "artifact", "status")
            for number, (artifact, status) in zip(numbers, pipe.execute(), strict=True):
                if artifact:
                    image, built = map(json.loads(artifact).get, ("image", "built"))
                    yield Outline(number, image, ReleaseStatus(status), built or "")

    def fail(self, app: str, number: int, reason: str) -> None:
        """A pending release did not become live; it keeps its number and the reason."""
        _, state = self.get_with_state(app, number)
        if state.status is not ReleaseStatus.PENDING:  # what was live fails by a flip only
            raise PaasError(
                f"release v{number} of {app} is {state.status} and cannot fail any more"
            )
        record = {"status": ReleaseStatus.FAILED.value, "reason": reason}
        self._redis.hset(keys.release(app, number), mapping=record)

    def _release(
        self, app: str, number: int, record: dict[str, str]
    ) -> tuple[Release, ReleaseState]:
        release = Release(
            app=app,
            number=number,
            artifact=Artifact.from_record(json.loads(record["artifact"])),
            config=self._vault.unseal(record["config"]),
            who=record["who"],
            created_at=float(record["created_at"]),
            why=record["why"],
        )
        return release, ReleaseState(ReleaseStatus(record["status"]), record["reason"])


def _no_such(app: str, number: int) -> NoSuchRelease:
    return NoSuchRelease(f"app {app} has no release v{number}; `releases {app}` lists them")
