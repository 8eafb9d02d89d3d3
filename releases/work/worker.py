"""RQ's worker, but the process of a job is made and made ready before there is a job for it."""

import os
import select
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NoReturn

from rq import Queue, Worker
from rq.executions import Execution
from rq.job import Job

_ORDER_BYTES = select.PIPE_BUF  # what a pipe takes and gives as a whole


@dataclass(frozen=True)
class _Spare:
    """A process that waits for a job."""

    pid: int
    orders: int  # the end of its pipe that is written to; it ends when this is closed

    def takes(self, order: str) -> bool:
        """Whether it lived to be told what to do; one that did not is buried here."""
        try:
            is_dead = os.waitpid(self.pid, os.WNOHANG)[0] != 0
            if not is_dead:
                os.write(self.orders, order.encode())
        except BrokenPipeError:
            is_dead = os.waitpid(self.pid, 0)[0] != 0
        os.close(self.orders)
        return not is_dead


class ReadyWorker(Worker):
    """Works as RQ's (2.12) does, whose fork and first steps a job would otherwise wait for.

    One process waits beside the worker and does `get_ready` meanwhile; an error of that is left
    to the job to meet again. It is given a job by its ids over a pipe, and ends with the worker.
    """

    def __init__(self, queues: list[Queue], get_ready: Callable[[], None], **options: Any) -> None:
        super().__init__(queues, **options)
        self._get_ready = get_ready
        self._spare: _Spare | None = None

    def dequeue_job_and_maintain_ttl(self, *arguments: Any, **options: Any) -> Any:
        """Wait for a job, with a spare."""
        self._spare = self._spare or self._fork_spare()
        return super().dequeue_job_and_maintain_ttl(*arguments, **options)

    def fork_work_horse(self, job: Job, queue: Queue) -> None:
        """Give the job to the spare, or to another one if it has died."""
        execution = self.execution
        assert execution, "RQ's `prepare_execution` comes first"
        order = f"{job.id} {execution.id}"
        spare = self._spare or self._fork_spare()
        while not spare.takes(order):
            spare = self._fork_spare()
        self._spare, self._horse_pid = None, spare.pid

    def _fork_spare(self) -> _Spare:
        orders_in, orders_out = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(orders_out)
            self._be_spare(orders_in)
        os.close(orders_in)
        return _Spare(pid, orders_out)

    def _be_spare(self, orders: int) -> NoReturn:
        try:
            os.setpgrp()
            self.setup_work_horse_signals()  # type: ignore[no-untyped-call] # so in RQ; below too
            with suppress(Exception):
                self.get_redis_server_version()  # type: ignore[no-untyped-call] # also connects
                self._get_ready()
            order = os.read(orders, _ORDER_BYTES).decode()
            if not order:  # the worker has ended
                os._exit(0)
            self._be_horse(*order.split(" "))
        finally:
            os._exit(1)

    def _be_horse(self, job_id: str, execution_id: str) -> None:
        job = Job.fetch(job_id, connection=self.connection, serializer=self.serializer)
        job.redis_server_version = self.get_redis_server_version()  # type: ignore[no-untyped-call]
        self.execution = Execution(execution_id, job_id, self.connection, self.name)
        self.main_work_horse(job, self.queues[0])
