"""Which containers are being stopped right now, beside the loop: each may take its whole grace."""

import logging
from concurrent.futures import Future, ThreadPoolExecutor

from releases.domain.container import Container
from releases.engine.protocol import Engine
from releases.errors import PaasError

_log = logging.getLogger(__name__)


class Stops:
    """So many at a time, and none of them twice."""

    def __init__(self, engine: Engine, grace_s: float, at_once: int) -> None:
        self._engine = engine
        self._grace_s = grace_s
        self._pool = ThreadPoolExecutor(at_once)
        self._jobs: dict[str, Future[None]] = {}  # by the container's id

    def begin(self, container: Container) -> bool:
        """Stop and remove it; False if that is under way."""
        self._jobs = {key: job for key, job in self._jobs.items() if not job.done()}
        if container.id in self._jobs:
            return False
        self._jobs[container.id] = self._pool.submit(self._retire, container)
        return True

    def is_idle(self) -> bool:
        """Whether nothing is being stopped."""
        return all(job.done() for job in self._jobs.values())

    def _retire(self, container: Container) -> None:
        try:
            self._engine.retire(container, self._grace_s)
        except PaasError as error:  # the next look finds it again
            _log.warning("%s of %s stays for now: %s", container.slot.name, container.app, error)
