"""Which builds are open, of all apps: somebody may wait for their turn or for their last line."""

from collections.abc import Mapping

from releases.domain.build import BuildStatus
from releases.store import keys
from releases.store.connection import Client

BuildId = tuple[str, int]  # app, number

# A place is told the first time, and then only if it is better: who looked earlier and writes
# later does no harm. Far behind, every tenth will do: a long queue would be all lines.
_TOLD = """
local told = {}
for index = 1, #ARGV, 2 do
  local member, place = ARGV[index], tonumber(ARGV[index + 1])
  local before = tonumber(redis.call('HGET', KEYS[2], member) or nil)
  local is_news = not before or (place < before and (place <= 10 or place % 10 == 0))
  if is_news and redis.call('HGET', KEYS[1], member) == 'queued' then
    redis.call('HSET', KEYS[2], member, place)
    told[#told + 1] = member
  end
end
return told
"""


class OpenBuilds:
    """Kept in step with the records by BuildStore; a build is closed when its log has ended."""

    def __init__(self, client: Client) -> None:
        self._redis = client
        self._told = client.register_script(_TOLD)

    def all(self) -> dict[BuildId, BuildStatus]:
        """Every open build and where it stands, in one round trip."""
        found = self._redis.hgetall(keys.OPEN_BUILDS)
        return {_build_id(member): BuildStatus(status) for member, status in found.items()}

    def close(self, app: str, number: int) -> None:
        """Nobody waits for it any more."""
        self._redis.hdel(keys.OPEN_BUILDS, keys.open_build(app, number))

    def to_tell(self, places: Mapping[BuildId, int]) -> list[BuildId]:
        """Take note of places; return the queued builds whose place is news, for one caller."""
        arguments: list[str | int] = []
        for (app, number), place in places.items():
            arguments += [keys.open_build(app, number), place]
        if not arguments:
            return []
        touched = [keys.OPEN_BUILDS, keys.BUILD_PLACES]
        return [_build_id(member) for member in self._told(keys=touched, args=arguments)]


def _build_id(member: str) -> BuildId:
    app, _, number = member.rpartition(":")
    return app, int(number)
