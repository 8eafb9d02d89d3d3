"""How routers report the traffic of addresses, and which apps they are to watch."""

import json
from collections.abc import Iterable, Mapping, Sequence

from releases.domain.traffic import Tally, Traffic
from releases.store import keys
from releases.store.connection import Client

# One round trip, whichever routers there are: their tallies of the addresses asked for.
_OF = f"""
local found = {{}}
for _, router in ipairs(redis.call('SMEMBERS', '{keys.ROUTER_MEMBERS}')) do
  for _, tally in ipairs(redis.call('HMGET', '{keys.traffic("")}' .. router, unpack(ARGV))) do
    if tally then found[#found + 1] = tally end
  end
end
return found
"""

Numbers = Sequence[int]  # counters as the router keeps them; only the router knows which


class TrafficStore:
    """Traffic as routers count it and as the release manager reads it."""

    def __init__(self, client: Client) -> None:
        self._redis = client
        self._of = client.register_script(_OF)

    # What the release manager does.

    def watch(self, app: str, until: float) -> None:
        """Have the routers count the app's traffic every second, until so many Unix seconds.

        A later call replaces an earlier one; a time that is over ends the watch.
        """
        with self._redis.pipeline(transaction=True) as pipe:
            pipe.zadd(keys.ROUTER_WATCHED, {app: until})
            pipe.publish(keys.WAKE_ROUTERS, app)
            pipe.execute()

    def of(self, addresses: Iterable[str]) -> Traffic:
        """Traffic of addresses ("10.213.0.7:5000") together, in all routers that take part.

        Since each was routed; an address that nobody reported has none. Kept are an app's addresses
        and those before they last changed. A report is about a second old while the app is watched,
        else as old as the app's last change of routes.
        """
        asked = list(addresses)
        found = self._of(keys=[], args=asked) if asked else []
        return sum((_tally(text).total for text in found), Traffic())

    # What a router does.

    def watched(self, now: float) -> set[str]:
        """Apps to watch now (Unix seconds); those whose time is over are forgotten."""
        with self._redis.pipeline(transaction=True) as pipe:
            pipe.zremrangebyscore(keys.ROUTER_WATCHED, "-inf", now)
            pipe.zrange(keys.ROUTER_WATCHED, 0, -1)
            return set(pipe.execute()[1])

    def report(
        self,
        router: str,
        tallies: Mapping[str, Tally | None],
        marks: Mapping[str, Numbers | None],
    ) -> None:
        """Replace these addresses' tallies and these slots' marks; None takes one out.

        A mark is what a restarted router needs: where the counters stood when a slot was idle.
        """
        texts = {address: _text(tally) for address, tally in tallies.items()}
        numbers = {slot: mark and json.dumps(mark) for slot, mark in marks.items()}
        with self._redis.pipeline(transaction=True) as pipe:
            for key, fields in ((keys.traffic(router), texts), (keys.marks(router), numbers)):
                if gone := [name for name, text in fields.items() if text is None]:
                    pipe.hdel(key, *gone)
                if kept := {name: text for name, text in fields.items() if text is not None}:
                    pipe.hset(key, mapping=kept)
            pipe.execute()

    def reported(self, router: str) -> tuple[dict[str, Tally], dict[str, list[int]]]:
        """All tallies and marks of a router, for its restart."""
        with self._redis.pipeline(transaction=True) as pipe:
            pipe.hgetall(keys.traffic(router))
            pipe.hgetall(keys.marks(router))
            tallies, marks = pipe.execute()
        return (
            {address: _tally(text) for address, text in tallies.items()},
            {slot: json.loads(text) for slot, text in marks.items()},
        )


def _text(tally: Tally | None) -> str | None:
    if tally is None:
        return None
    parts = {
        worker: [part.requests, part.errors, round(part.latency_ms, 3)]
        for worker, part in tally.parts.items()
    }
    return json.dumps({"app": tally.app, "parts": parts})


def _tally(text: str) -> Tally:
    document = json.loads(text)
    return Tally(
        document["app"], {worker: Traffic(*part) for worker, part in document["parts"].items()}
    )
