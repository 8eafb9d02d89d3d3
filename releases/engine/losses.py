"""How Docker tells at once that a container of an app was lost."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from releases.domain.container import APP, INDEX, INSTANCE, is_condemned
from releases.engine.api import one_line

_EVENTS = ["die", "destroy"]  # one that is killed for memory dies too


class DockerLosses:
    """Follows the engine's events. What is on its way out and what fills no slot is no loss."""

    def __init__(self, api: Any, instance: str) -> None:
        filters = {"type": "container", "event": _EVENTS, "label": f"{INSTANCE}={instance}"}
        with one_line("follow the events of containers"):
            self._stream = api.events(filters=filters, decode=True)

    def __iter__(self) -> Iterator[str]:
        for event in self._stream:
            about = event["Actor"]["Attributes"]
            if APP in about and INDEX in about and not is_condemned([about["name"]]):
                yield about[APP]

    def close(self) -> None:
        # docker-py 7.2 looks for the socket of a response that may end at the same moment.
        with suppress(OSError, AttributeError):
            self._stream.close()
