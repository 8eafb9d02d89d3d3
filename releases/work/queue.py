"""The two job queues, and how a job gets onto one and is worked off (RQ, JSON, never pickle)."""

import os
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from resource import struct_rusage
from typing import Any

import redis
from rq import Callback, Queue, Worker, get_current_job
from rq.command import send_stop_job_command
from rq.exceptions import InvalidJobOperation, NoSuchJobError
from rq.job import Job
from rq.registry import StartedJobRegistry
from rq.serializers import JSONSerializer

from releases.process import is_dead
from releases.store.connection import client_options
from releases.store.open_builds import BuildId
from releases.store.parked import Call
from releases.work.worker import ReadyWorker

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
UNDO = "releases.jobs.undo"  # app, number of the release that is to go, why
SCALE = "releases.jobs.scale"  # app, {process type: count}, who
RESTART = "releases.jobs.restart"  # app, names (`web.1`, `web`; none: all), who
STOP = "releases.jobs.stop"  # app, who
START = "releases.jobs.start"  # app, who
LIMIT = "releases.jobs.limit"  # app, process type, {"memory_mb": 256, ...}, who
CLEAR_LIMITS = "releases.jobs.clear_limits"  # app, process type, who
SET_RESTART_POLICY = "releases.jobs.set_restart_policy"  # app, policy, who
CONVERGE = "releases.jobs.converge"  # app
DESTROY = "releases.jobs.destroy"  # app

_OF_BUILDS = (BUILD, DEPLOY)  # their jobs' ids name the build
_STOPPED: dict[str, Callback] = {BUILD: Callback("builder.jobs.stopped")}  # called in the worker
_KEPT_S = 600
_MONITORING_S = 5
_UNIQUE_CHARS = 8


@dataclass(frozen=True)
class LostJob:
    """A job that did not end as jobs do."""

    queue: str
    id: str
    app: str
    log: str
    task: str = ""  # CONVERGE
    died: str = ""  # how its process did, where that is known: "killed by signal 9"


class JobQueue:
    """Puts jobs on the queues. Arguments are names and numbers, never objects or secrets.

    A job may take `limit_s` unless it is asked for with a limit of its own.
    """

    def __init__(self, redis_url: str, limit_s: int, patience_s: float = 0.0) -> None:
        self._limit_s = limit_s
        self._connection = redis.Redis.from_url(redis_url, **client_options(patience_s))
        self._raw: Any = self._connection  # redis-py types an answer as bytes or text or None

    def request(
        self,
        queue: str,
        job: str,
        *arguments: object,
        log: str,
        timeout_s: int | None = None,
        first: bool = False,
    ) -> str:
        """Queue a job that writes to the deploy log `log` and ends it; return the job's id.

        The first argument is the app's name. With `first` it goes before all that wait.
        """
        made = self._queue(queue).enqueue_call(
            func=job,
            args=(*arguments, log),
            timeout=timeout_s or self._limit_s,
            result_ttl=_KEPT_S,
            failure_ttl=_KEPT_S,
            job_id=_job_id(job, arguments),
            at_front=first,
            meta={"log": log},
            on_stopped=_STOPPED.get(job),
        )
        return str(made.id)

    def waiting(self, queue: str) -> int:
        """How many jobs nobody has taken yet."""
        return int(self._queue(queue).count)

    def waiting_builds(self, queue: str) -> list[BuildId]:
        """The builds of a queue's jobs that nobody has taken yet, the next one first."""
        ids = self._queue(queue).job_ids
        return list(dict.fromkeys(build for job in ids if (build := build_of(job))))

    def begun_builds(self, queue: str) -> set[BuildId]:
        """The builds of a queue's jobs that somebody has taken, or had taken when he died."""
        ids = self._started(queue).get_job_ids(cleanup=False)
        return {build for job in ids if (build := build_of(job))}

    def stop_build(self, app: str, number: int) -> None:
        """Have the process killed that works on a build; its worker then calls `stopped`."""
        for job in self._started(BUILDS).get_job_ids(cleanup=False):
            if build_of(job) == (app, number):
                with suppress(InvalidJobOperation, NoSuchJobError):  # it has just ended
                    send_stop_job_command(self._connection, job, serializer=JSONSerializer)

    def workers(self, queue: str) -> int:
        """How many processes work off a queue, in one round trip; the dead count for minutes."""
        return Worker.count(queue=self._queue(queue))

    def worker_pids(self, queue: str) -> set[int]:
        """The processes that work off a queue, here or elsewhere; the dead stay for minutes."""
        workers = Worker.all(queue=self._queue(queue), serializer=JSONSerializer)
        return {worker.pid for worker in workers if worker.pid}

    def work(
        self,
        queue: str,
        settle: Callable[[LostJob], None],
        get_ready: Callable[[], None] = lambda: None,
    ) -> None:
        """Work off a queue until told to stop (SIGTERM ends after the job at hand).

        `settle` is told of jobs whose process died or raised. `get_ready` is called once in the
        process of each job, before there is a job for it.
        """

        def horse_died(job: Job, pid: int, status: int, usage: struct_rusage) -> None:
            settle(_lost(job, _how(status)))

        ReadyWorker(
            [self._queue(queue)],
            get_ready,
            connection=self._connection,
            serializer=JSONSerializer,
            job_monitoring_interval=_MONITORING_S,
            work_horse_killed_handler=horse_died,
            exception_handlers=[_handler(settle)],
        ).work(logging_level="WARNING")

    def settle_lost(self, settle: Callable[[LostJob], None]) -> None:
        """Settle jobs whose whole worker died; RQ knows after a minute of silence."""
        for name in (BUILDS, RELEASES):
            self._started(name).cleanup(exception_handlers=[_handler(settle)])
            self._queue_again(self._queue(name))

    def _queue_again(self, queue: Queue) -> None:
        """What a worker took and did not begin, seen twice: it died in between.

        RQ would only mark it as failed, and whoever follows its log would wait for ever.
        """
        begun = set(self._started(queue.name).get_job_ids(cleanup=False))
        taken = queue.intermediate_queue
        for job in set(taken.get_job_ids()) - begun:
            if taken.set_first_seen(job):
                continue
            with self._connection.pipeline(transaction=True) as pipe:
                pipe.lrem(taken.key, 1, job)
                pipe.lpush(queue.key, job)
                pipe.execute()

    def settle_dead(self, queue: str, settle: Callable[[LostJob], None]) -> None:
        """The same at once, for workers of this host: one round trip while no job runs."""
        started = self._started(queue)
        listed: list[bytes] = self._raw.zrange(started.key, 0, -1)
        entries = {started.parse_job_id(entry.decode()): entry for entry in listed}
        jobs = Job.fetch_many(entries, self._connection, JSONSerializer) if entries else []
        lost = [job.id for job in jobs if job and self._is_worker_dead(job)]
        if lost:  # RQ cleans up what has expired
            self._raw.zadd(started.key, {entries[job]: 0 for job in lost}, xx=True)
            started.cleanup(exception_handlers=[_handler(settle)])

    def _is_worker_dead(self, job: Job) -> bool:
        """The process of the job dies with its worker."""
        key = f"{Worker.redis_worker_namespace_prefix}{job.worker_name}"
        host, pid = self._raw.hmget(key, "hostname", "pid")
        return bool(host and pid) and is_dead(f"{host.decode()}:{pid.decode()}")

    def _queue(self, name: str) -> Queue:
        return Queue(name, connection=self._connection, serializer=JSONSerializer)

    def _started(self, name: str) -> StartedJobRegistry:
        return StartedJobRegistry(name, connection=self._connection, serializer=JSONSerializer)


def current_call() -> Call | None:
    """What the job at hand was asked for; None where no job is worked off."""
    job = get_current_job()
    if job is None:
        return None
    *arguments, log = job.args
    return Call(str(job.func_name), tuple(arguments), str(log))


def build_of(job_id: str) -> BuildId | None:
    """The build that a job is for, of which its id speaks; None for other jobs."""
    app, _, rest = job_id.rpartition("-")[0].rpartition("-")
    unique = job_id.rpartition("-")[2]
    return (app, int(rest)) if app and rest.isdigit() and len(unique) == _UNIQUE_CHARS else None


def _job_id(job: str, arguments: tuple[object, ...]) -> str | None:
    """Never one that was there before: what RQ does late about a dead job hits no other."""
    if job not in _OF_BUILDS:
        return None  # RQ makes one
    app, number, *_ = arguments
    return f"{app}-{number}-{uuid.uuid4().hex[:_UNIQUE_CHARS]}"


def _handler(settle: Callable[[LostJob], None]) -> Callable[..., bool]:
    """RQ's handler for a job that raised or was abandoned: whoever follows must not wait."""

    def handle(job: Job, *_: object) -> bool:
        settle(_lost(job))
        return True  # other handlers go on

    return handle


def _lost(job: Job, died: str = "") -> LostJob:
    return LostJob(job.origin, job.id, str(job.args[0]), job.meta["log"], str(job.func_name), died)


def _how(status: int) -> str:
    if os.WIFSIGNALED(status):
        return f"killed by signal {os.WTERMSIG(status)}"
    return f"exit status {os.waitstatus_to_exitcode(status)}"
