"""A person who types commands, and a thread that plays the worker."""

import io
import threading
from collections.abc import Callable

import click
import redis
from rq.job import Job
from rq.serializers import JSONSerializer

from releases.command import Session
from releases.commands import COMMANDS
from releases.log import DeployLog
from releases.platform import Platform
from releases.work.queue import RELEASES
from tests.services import wait_for

TABLE = {command.name: command for command in COMMANDS}


class Shell:
    """Types commands and reads what they print."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.queue = redis.Redis.from_url(platform.settings.redis)

    def __call__(self, name: str, *words: str) -> str:
        """Run a command; return its output."""
        out = io.StringIO()
        session = Session(self.platform, "alice", io.BytesIO(), out)
        command = TABLE[name]
        shaped = click.Command(name, params=list(command.params))
        with shaped.make_context(name, list(words)) as context:
            command.run(session, **context.params)
        return out.getvalue()

    def jobs(self) -> list[Job]:
        """The jobs that nobody has taken."""
        ids = [name.decode() for name in self.queue.lrange(f"rq:queue:{RELEASES}", 0, -1)]
        found = Job.fetch_many(ids, connection=self.queue, serializer=JSONSerializer)
        return [job for job in found if job]

    def worked_off(
        self, name: str, *words: str, ending: Callable[[DeployLog], None]
    ) -> tuple[str, Job]:
        """Run a command whose job somebody takes and ends so; return its output and the job."""
        worker = threading.Thread(target=self._work_off, args=(ending,), daemon=True)
        worker.start()
        try:
            shown = self(name, *words)
        finally:
            worker.join(10.0)
        return shown, self.jobs()[0]

    def _work_off(self, ending: Callable[[DeployLog], None]) -> None:
        wait_for(self.jobs, "a job on the queue")
        ending(DeployLog(self.platform.store.logs, self.jobs()[0].args[-1]))
