"""The two job queues, and how a job gets onto one and is worked off (RQ, JSON, never pickle)."""

from collections.abc import Callable
from resource import struct_rusage

import redis
from rq import Queue, Worker
from rq.job import Job
from rq.registry import StartedJobRegistry
from rq.serializers import JSONSerializer

from releases.lost import settle
from releases.store import Store

BUILDS = "builds"
RELEASES = "releases"

# One table of what can be asked of the workers: a job is a name, so that the process
# that asks needs no import of the code that does it.
# Every job's first argument is the app; its last one is the deploy log's id, which `request` adds.
BUILD = "builder.jobs.build"  # app, build number
UPDATE_BASES = "builder.bases.jobs.update"  # no app, the apps' names
DEPLOY = "releases.jobs.deploy"  # app, build number
CHANGE_CONFIG = "releases.jobs.change_config"  # app, change id, who
ROLL_BACK = "releases.jobs.roll_back"  # app, release number or 0 for the one before, who
SCALE = "releases.jobs.scale"  # app, {process type: count}, who
RESTART = "releases.jobs.restart"  # app, who
CONVERGE = "releases.jobs.converge"  # app
DESTROY = "releases.jobs.destroy"  # app

_KEPT_S = 600
_MONITORING_S = 5


class JobQueue:
    """Puts jobs on the queues. Arguments are names and numbers, never objects or secrets."""

    def __init__(self, redis_url: str) -> None:
        self._connection = redis.Redis.from_url(redis_url)

    def request(
        self, queue: str, job: str, *arguments: object, log: str, timeout_s: int = 3600
    ) -> str:
        """Queue a job that writes to the deploy log `log` and ends it; return the job's id.

        The first argument is the app's name.
        """
        made = self._queue(queue).enqueue_call(
            func=job,
            args=(*arguments, log),
            timeout=timeout_s,
            result_ttl=_KEPT_S,
            failure_ttl=_KEPT_S,
            meta={"log": log},
        )
        return str(made.id)

    def waiting(self, queue: str) -> int:
        """How many jobs nobody has taken yet."""
        return int(self._queue(queue).count)

    def worker_pids(self, queue: str) -> set[int]:
        """The processes that work off a queue, here or elsewhere; the dead stay for minutes."""
        workers = Worker.all(queue=self._queue(queue), serializer=JSONSerializer)
        return {worker.pid for worker in workers if worker.pid}

    def work(self, queue: str, store: Store) -> None:
        """Work off a queue until told to stop (SIGTERM ends after the job at hand)."""

        def horse_died(job: Job, pid: int, status: int, usage: struct_rusage) -> None:
            _settle(store, job)

        Worker(
            [self._queue(queue)],
            connection=self._connection,
            serializer=JSONSerializer,
            job_monitoring_interval=_MONITORING_S,
            work_horse_killed_handler=horse_died,
            exception_handlers=[_lost_to(store)],
        ).work(logging_level="WARNING")

    def settle_lost(self, store: Store) -> None:
        """Settle jobs whose whole worker died; RQ knows after a minute of silence."""
        for name in (BUILDS, RELEASES):
            registry = StartedJobRegistry(
                name, connection=self._connection, serializer=JSONSerializer
            )
            registry.cleanup(exception_handlers=[_lost_to(store)])

    def _queue(self, name: str) -> Queue:
        return Queue(name, connection=self._connection, serializer=JSONSerializer)


def _lost_to(store: Store) -> Callable[..., bool]:
    """RQ's handler for a job that raised or was abandoned: whoever follows must not wait."""

    def handle(job: Job, *_: object) -> bool:
        _settle(store, job)
        return True  # other handlers go on

    return handle


def _settle(store: Store, job: Job) -> None:
    settle(store, str(job.args[0]), job.meta["log"])
