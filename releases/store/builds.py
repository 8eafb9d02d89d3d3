"""How builds are kept, and how a status moves: in one step in Redis, so that none races."""

import json
import time
from collections.abc import Iterable
from dataclasses import asdict, replace
from typing import Any

from releases.domain.build import (
    NEXT_STATUS,
    Build,
    BuildOptions,
    BuildRequest,
    BuildSettings,
    BuildStatus,
    Step,
)
from releases.domain.release import Artifact
from releases.errors import PaasError
from releases.store import keys
from releases.store.connection import Client

# What every script keeps in step with the status: `open` and `places`, see keys.py.
_MOVE = """
local function move(key, member, status)
  redis.call('HSET', key, 'status', status)
  redis.call('HSET', KEYS[2], member, status)
  redis.call('HDEL', KEYS[3], member)
end
"""
# Fields of their own beside the JSON, for the scripts change them.
_OWN_FIELDS = ("status", "cancelled_by", "superseded_by")

# Supersedes what is queued, unless a rival has begun: then nothing is changed.
_ADD = (
    _MOVE
    + """
local builds, prefix, number, document, app = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[5]
for _, rival in ipairs(cjson.decode(ARGV[4])) do
  local status = redis.call('HGET', prefix .. rival, 'status')
  if status == 'running' or status == 'succeeded' then return {rival} end
end
local superseded = {}
for _, other in ipairs(redis.call('ZRANGE', builds, 0, -1)) do
  if redis.call('HGET', prefix .. other, 'status') == 'queued' then
    move(prefix .. other, app .. ':' .. other, 'superseded')
    redis.call('HSET', prefix .. other, 'superseded_by', number)
    superseded[#superseded + 1] = other
  end
end
redis.call('HSET', prefix .. number, 'build', document)
move(prefix .. number, app .. ':' .. number, 'queued')
redis.call('ZADD', builds, number, number)
return {0, superseded}
"""
)
# A process that was cut off and whose build was started again must not end the second attempt. A
# build that was cancelled does not end any other way. Who asks again because the answer was lost
# gets the same answer.
_CHANGE = (
    _MOVE
    + """
local before, document, after, attempt, member = unpack(ARGV)
local status, held = unpack(redis.call('HMGET', KEYS[1], 'status', 'build'))
if status == after and held == document then return 1 end
if status ~= before or tostring(cjson.decode(held).attempt) ~= attempt then return 0 end
if after ~= 'running' and after ~= 'cancelled'
   and redis.call('HEXISTS', KEYS[1], 'cancelled_by') == 1 then return 0 end
redis.call('HSET', KEYS[1], 'build', document)
if status ~= after then move(KEYS[1], member, after) end
return 1
"""
)
_CANCEL = (
    _MOVE
    + """
local status = redis.call('HGET', KEYS[1], 'status')
if status == 'queued' then move(KEYS[1], ARGV[2], 'cancelled') end
if status == 'queued' or status == 'running' then
  redis.call('HSET', KEYS[1], 'cancelled_by', ARGV[1])
end
return status
"""
)


class NoSuchBuild(PaasError):
    """The app has no build of that number."""


class RivalBegan(PaasError):
    """A build that the new one cannot follow is running, or its deploy is."""

    def __init__(self, number: int) -> None:
        super().__init__(f"build {number} is on its way; wait until its deploy has ended")
        self.number = number


class BuildStore:
    """Builds by app and number, and how each app wants to be built."""

    def __init__(self, client: Client) -> None:
        self._redis = client
        self._add = client.register_script(_ADD)
        self._change = client.register_script(_CHANGE)
        self._cancel = client.register_script(_CANCEL)

    def reserve(self, app: str) -> int:
        """A number for the next build: its source is stored under it before the record is made."""
        return int(self._redis.hincrby(keys.app(app), "builds", 1))

    def add(self, request: BuildRequest, number: int, log: str, **known: Any) -> list[Build]:
        """Record a queued build under a reserved number; `log` came from LogStore.new.

        Return the new build, and after it those that it superseded: queued ones of the same
        app. RivalBegan if one of the request's rivals is no longer queued. `known` are fields
        of Build that are known already.
        """
        build = Build(
            app=request.app,
            number=number,
            commit=request.commit,
            ref=request.ref,
            who=request.who,
            log=log,
            status=BuildStatus.QUEUED,
            created_at=time.time(),
            options=request.options,
            **known,
        )
        prefix = keys.build(request.app, "")
        rivals = json.dumps(request.rivals)
        answer = self._add(
            keys=_touched(keys.builds(request.app)),
            args=[prefix, number, _document(build), rivals, request.app],
        )
        if answer[0]:
            raise RivalBegan(int(answer[0]))
        return [build, *(self.get(request.app, int(other)) for other in answer[1])]

    def change(self, before: Build, after: Build) -> bool:
        """Write what became of a build; False, and nothing written, if it moved meanwhile.

        `before` says which status and attempt are expected. A build that was cancelled can only
        become so.
        """
        if after.status not in NEXT_STATUS[before.status]:
            raise AssertionError(f"a build that is {before.status} cannot become {after.status}")
        key = keys.build(before.app, before.number)
        member = keys.open_build(before.app, before.number)
        arguments = [before.status, _document(after), after.status, before.attempt, member]
        return bool(self._change(keys=_touched(key), args=arguments))

    def start(self, app: str, number: int) -> Build | None:
        """Take a queued build to run it; None if it is not queued any more."""
        build = self.get(app, number)
        if build.status is not BuildStatus.QUEUED:
            return None
        running = replace(
            build,
            status=BuildStatus.RUNNING,
            started_at=time.time(),
            attempt=build.attempt + 1,
        )
        return running if self.change(build, running) else None

    def cancel(self, app: str, number: int, who: str) -> BuildStatus:
        """Cancel a queued build, or mark a running one for whoever ends it; return what it was.

        One that has ended is left as it is.
        """
        self.get(app, number)
        touched = _touched(keys.build(app, number))
        return BuildStatus(self._cancel(keys=touched, args=[who, keys.open_build(app, number)]))

    def get(self, app: str, number: int) -> Build:
        """The build; NoSuchBuild."""
        record = self._redis.hgetall(keys.build(app, number))
        if not record:
            raise NoSuchBuild(f"app {app} has no build {number}; `builds {app}` lists them")
        return _build(record)

    def get_those(self, builds: Iterable[tuple[str, int]]) -> list[Build]:
        """Those of the builds that are on record, in one round trip."""
        pipe = self._redis.pipeline(transaction=False)
        for app, number in builds:
            pipe.hgetall(keys.build(app, number))
        return [_build(record) for record in pipe.execute() if record]

    def list(self, app: str) -> list[Build]:
        """All builds on record, newest first."""
        numbers = self._redis.zrevrange(keys.builds(app), 0, -1)
        return self.get_those((app, int(number)) for number in numbers)

    def forget(self, build: Build) -> None:
        """Remove a build's record and log."""
        with self._redis.pipeline(transaction=True) as pipe:
            pipe.delete(keys.build(build.app, build.number), keys.log(build.log))
            pipe.zrem(keys.builds(build.app), str(build.number))
            pipe.hdel(keys.OPEN_BUILDS, keys.open_build(build.app, build.number))
            pipe.hdel(keys.BUILD_PLACES, keys.open_build(build.app, build.number))
            pipe.execute()

    def settings(self, app: str) -> BuildSettings:
        """How the app wants to be built."""
        document = self._redis.hget(keys.app(app), "build_settings")
        return BuildSettings(**json.loads(document)) if document else BuildSettings()

    def set_settings(self, app: str, settings: BuildSettings) -> None:
        """From the next build on."""
        self._redis.hset(keys.app(app), "build_settings", json.dumps(asdict(settings)))


def _touched(key: str) -> list[str]:
    return [key, keys.OPEN_BUILDS, keys.BUILD_PLACES]


def _document(build: Build) -> str:
    document = asdict(build)
    for field in _OWN_FIELDS:
        del document[field]
    return json.dumps(document)


def _build(record: dict[str, str]) -> Build:
    document: dict[str, Any] = json.loads(record["build"])
    artifact = document["artifact"]
    return Build(
        **{
            **document,
            "status": BuildStatus(record["status"]),
            "cancelled_by": record.get("cancelled_by", ""),
            "superseded_by": int(record.get("superseded_by", 0)),
            "options": BuildOptions(**document["options"]),
            "changed": tuple(document["changed"]),
            "steps": tuple(Step(**step) for step in document["steps"]),
            "artifact": Artifact.from_record(artifact) if artifact else None,
        }
    )
