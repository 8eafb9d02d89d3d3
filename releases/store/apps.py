"""How apps are kept, but for their config."""

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from releases.domain.app import App, AppExists, Due, NoSuchApp, check_app_name
from releases.domain.canary import Canary, Said, Word
from releases.domain.desired import Desired
from releases.domain.limits import Terms, as_document, terms_from
from releases.store import keys
from releases.store.connection import Client
from releases.store.locks import Lock, LockLost

_CREATE = """
if redis.call('SADD', KEYS[1], ARGV[1]) == 0 then return 0 end
redis.call('DEL', KEYS[2])  -- what a latecomer wrote after an app of that name was forgotten
redis.call('HSET', KEYS[2], 'created_at', ARGV[2], 'created_by', ARGV[3])
return 1
"""
# Only the holder of the app's lock may say what is being rolled out.
_SET_TARGET = """
local held = redis.call('GET', KEYS[1])
if not held or tostring(cjson.decode(held).token) ~= ARGV[1] then return 0 end
if ARGV[2] == '' then redis.call('HDEL', KEYS[2], 'target')
else redis.call('HSET', KEYS[2], 'target', ARGV[2]) end
return 1
"""
# A late one brings no destroyed app back.
_NEXT_ONE_OFF = """
if redis.call('HEXISTS', KEYS[1], 'created_at') == 0 then return -1 end
return redis.call('HINCRBY', KEYS[1], 'one_offs', 1)
"""


_SETTLE_DUE = """
local held = redis.call('GET', KEYS[1])
if not held or tostring(cjson.decode(held).token) ~= ARGV[1] then return 0 end
redis.call('HDEL', KEYS[2], 'due', 'unseeded')
if ARGV[2] == '1' then redis.call('HSET', KEYS[2], 'unseeded', '1') end
return 1
"""


class AppStore:
    """Apps by name. Only the flip (routes.py) moves `live`."""

    def __init__(self, client: Client) -> None:
        self._redis = client
        self._create = client.register_script(_CREATE)
        self._set_target = client.register_script(_SET_TARGET)
        self._next_one_off = client.register_script(_NEXT_ONE_OFF)
        self._settle_due = client.register_script(_SETTLE_DUE)

    def create(self, name: str, who: str) -> None:
        """Make an app; BadAppName or AppExists say why not."""
        made = self._create(
            keys=[keys.APPS, keys.app(check_app_name(name))], args=[name, time.time(), who]
        )
        if not made:
            raise AppExists(f"app {name} exists already; choose another name")

    def exists(self, name: str) -> bool:
        """Whether there is such an app."""
        return bool(self._redis.sismember(keys.APPS, name))

    def names(self) -> list[str]:
        """All apps, sorted."""
        return sorted(self._redis.smembers(keys.APPS))

    def get(self, name: str) -> App:
        """The app as it is now; NoSuchApp."""
        record = self._redis.hgetall(keys.app(name))
        if "created_at" not in record:
            raise NoSuchApp(name)
        return _app(name, record)

    def all(self) -> list[App]:
        """Every app in one round trip."""
        names = self.names()
        pipe = self._redis.pipeline(transaction=False)
        for name in names:
            pipe.hgetall(keys.app(name))
        found = zip(names, pipe.execute(), strict=True)
        return [_app(name, record) for name, record in found if "created_at" in record]

    def next_release(self, name: str) -> int:
        """A number that no other release of the app has had or will have."""
        return int(self._redis.hincrby(keys.app(name), "releases", 1))

    def next_one_off(self, name: str) -> int:
        """A number that no other one-off of the app has had or will have; NoSuchApp."""
        number = int(self._next_one_off(keys=[keys.app(name)]))
        if number < 0:
            raise NoSuchApp(name)
        return number

    def set_formation(self, name: str, formation: Mapping[str, int]) -> None:
        """What to run from the first deploy on; afterwards the flip sets it."""
        self._redis.hset(keys.app(name), "formation", json.dumps(dict(formation)))

    def set_terms(self, name: str, terms: Terms) -> None:
        """On which terms to run from the first deploy on; afterwards they move with `live`."""
        self._redis.hset(keys.app(name), "terms", json.dumps(as_document(terms)))

    def set_deploy_branch(self, name: str, branch: str) -> None:
        """The one branch that deploys the app; empty: those of the platform's settings."""
        self._redis.hset(keys.app(name), "deploy_branch", branch)

    def set_unchecked(self, name: str, process_types: Iterable[str]) -> None:
        """The process types of which a start is enough."""
        self._redis.hset(keys.app(name), "unchecked", json.dumps(sorted(process_types)))

    def set_releases_kept(self, name: str, kept: int) -> None:
        """How many releases of the app keep their images; 0: as the platform's settings say."""
        self._redis.hset(keys.app(name), "releases_kept", kept)

    def set_target(self, lock: Lock, target: Desired | None) -> None:
        """Begin a rollout (whoever converges the app goes for the target now), or give it up.

        LockLost if the lock is no longer this one.
        """
        document = json.dumps(asdict(target)) if target else ""
        names = [keys.lock(lock.app), keys.app(lock.app)]
        if not self._set_target(keys=names, args=[lock.token, document]):
            raise LockLost(f"lost the lock of {lock.app} during the rollout; nothing was switched")

    def settle_due(self, lock: Lock, *, again: bool) -> None:
        """What was due after a flip was run; `again`: the next deploy counts as the first too.

        LockLost if the lock is no longer this one.
        """
        names = [keys.lock(lock.app), keys.app(lock.app)]
        if not self._settle_due(keys=names, args=[lock.token, "1" if again else ""]):
            raise LockLost(f"lost the lock of {lock.app} after its release was live")

    def set_canary(self, name: str, canary: Canary | None) -> None:
        """What every new release has to go through, or the next one if it is for once."""
        self._redis.hset(keys.app(name), "canary", canary_text(canary) if canary else "")

    def say_of_canary(self, name: str, release: int, said: Said) -> None:
        """Have the canary of a release end now."""
        document = json.dumps({"release": release, "word": said.word, "who": said.who})
        with self._redis.pipeline(transaction=True) as pipe:
            pipe.hset(keys.app(name), "canary_word", document)
            pipe.publish(keys.canary_word(name), said.word)
            pipe.execute()

    def canary_word(self, name: str, release: int) -> Said | None:
        """What was said of the canary of a release."""
        document = json.loads(self._redis.hget(keys.app(name), "canary_word") or "{}")
        if document.get("release") != release:
            return None
        return Said(Word(document["word"]), document["who"])

    def mark_destroying(self, name: str) -> None:
        """From here on the app only waits to be gone; nothing is deployed to it any more."""
        self._redis.hset(keys.app(name), "destroying", "1")

    def forget(self, name: str) -> None:
        """Remove the last of a destroyed app: its records, its logs and its name.

        Not what is parked: whoever waits for it has yet to be told.
        """
        found = [
            key
            for prefix in (keys.app(name), keys.log(name))  # a log's id begins with the app
            for key in self._redis.scan_iter(match=f"{prefix}:*", count=1000)
            if key != keys.parked(name)
        ]
        claimed = [keys.DOMAINS, *self._redis.smembers(keys.domains(name))]
        with self._redis.pipeline(transaction=True) as pipe:
            if len(claimed) > 1:
                pipe.hdel(*claimed)
            pipe.delete(keys.app(name), *found)
            pipe.srem(keys.APPS, name)
            pipe.srem(keys.RETIRING, name)
            pipe.execute()


def canary_text(canary: Canary) -> str:
    """How an app's setting is kept."""
    return json.dumps(asdict(canary))


def _app(name: str, record: Mapping[str, str]) -> App:
    live = _desired(record, "live")
    return App(
        name=name,
        created_at=float(record["created_at"]),
        created_by=record["created_by"],
        formation=json.loads(record.get("formation", "{}")),
        live=live,
        target=_desired(record, "target"),
        previous=_desired(record, "previous"),
        live_since=float(record.get("live_since", 0)),
        canary=Canary(**json.loads(record["canary"])) if record.get("canary") else None,
        unchecked=tuple(json.loads(record.get("unchecked", "[]"))),
        due=_due(record),
        terms=live.terms if live else terms_from(json.loads(record.get("terms", "{}"))),
        destroying="destroying" in record,
        deploy_branch=record.get("deploy_branch", ""),
        releases_kept=int(record.get("releases_kept", 0)),
    )


def _due(record: Mapping[str, str]) -> Due | None:
    release, _, is_first = record.get("due", "").partition(" ")
    return Due(int(release), is_first == "first") if release else None


def _desired(record: Mapping[str, str], field: str) -> Desired | None:
    if field not in record:
        return None
    document: dict[str, Any] = json.loads(record[field])
    if field == "live":
        document["flipped_at"] = float(record["flipped_at"])
        document["routed_at"] = int(record["routed_at"])
    canary = document.get("canary")
    document["canary"] = Canary(**canary) if canary else None
    return Desired(**{**document, "terms": terms_from(document.get("terms", {}))})
