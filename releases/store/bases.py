"""Which images apps should stand on now, as the last update of the stacks left it."""

from collections.abc import Mapping

from releases.store import keys
from releases.store.connection import Client


class BaseStore:
    """Lines of images (`paas/runtime-python:3.11`) and the id of the newest of each."""

    def __init__(self, client: Client) -> None:
        self._redis = client

    def current(self) -> dict[str, str]:
        """Line -> image id; empty where no update was ever asked for."""
        return dict(self._redis.hgetall(keys.BASES))

    def set_current(self, images: Mapping[str, str]) -> None:
        """For these lines; the others stay."""
        if images:
            self._redis.hset(keys.BASES, mapping=dict(images))
