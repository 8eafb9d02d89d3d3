"""How builds are kept."""

import json
import time
from dataclasses import asdict, replace
from typing import Any

from releases.build import AS_USUAL, Build, BuildOptions, BuildStatus
from releases.errors import PaasError
from releases.release import Artifact
from releases.store import keys
from releases.store.connection import Client


class NoSuchBuild(PaasError):
    """The app has no build of that number."""


class BuildStore:
    """Builds by app and number."""

    def __init__(self, client: Client) -> None:
        self._redis = client

    def reserve(self, app: str) -> int:
        """A number for the next build: its source is stored under it before the record is made."""
        return int(self._redis.hincrby(keys.app(app), "builds", 1))

    def add(
        self,
        app: str,
        number: int,
        commit: str,
        ref: str,
        who: str,
        log: str,
        options: BuildOptions = AS_USUAL,
    ) -> Build:
        """Record a queued build under a reserved number; `log` came from LogStore.new."""
        queued, now = BuildStatus.QUEUED, time.time()
        build = Build(app, number, commit, ref, who, log, queued, now, options=options)
        with self._redis.pipeline(transaction=True) as pipe:
            pipe.hset(keys.build(app, number), mapping=_record(build))
            pipe.zadd(keys.builds(app), {str(number): number})
            pipe.execute()
        return build

    def save(self, build: Build) -> None:
        """Write what became of a build; the job that runs it does so, or one that finds it lost."""
        self._redis.hset(keys.build(build.app, build.number), mapping=_record(build))

    def get(self, app: str, number: int) -> Build:
        """The build; NoSuchBuild."""
        record = self._redis.hgetall(keys.build(app, number))
        if not record:
            raise NoSuchBuild(f"app {app} has no build {number}; `builds {app}` lists them")
        return _build(record)

    def list(self, app: str) -> list[Build]:
        """All builds on record, newest first."""
        numbers = self._redis.zrevrange(keys.builds(app), 0, -1)
        pipe = self._redis.pipeline(transaction=False)
        for number in numbers:
            pipe.hgetall(keys.build(app, int(number)))
        return [_build(record) for record in pipe.execute() if record]

    def forget(self, build: Build) -> None:
        """Remove a build's record and log."""
        with self._redis.pipeline(transaction=True) as pipe:
            pipe.delete(keys.build(build.app, build.number), keys.log(build.log))
            pipe.zrem(keys.builds(build.app), str(build.number))
            pipe.execute()


def _record(build: Build) -> dict[str, str]:
    return {"build": json.dumps(asdict(build))}


def _build(record: dict[str, str]) -> Build:
    document: dict[str, Any] = json.loads(record["build"])
    build = Build(**{**document, "status": BuildStatus(document["status"])})
    artifact = document["artifact"]
    return replace(
        build,
        artifact=Artifact(**artifact) if artifact else None,
        options=BuildOptions(**document.get("options", {})),
    )
