"""The router's processes on a stage: started, killed, asked, and given routes."""

import http.client
import os
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen
from typing import Any

import redis

from releases.domain.desired import Desired
from releases.domain.route import Route
from releases.platform import Platform
from releases.settings import PROJECT, Settings
from router_sync.render import Layout
from router_sync.runtime import Fleet, NoHaproxy, Runtime
from tests.integration.router_sync.backends import Backend
from tests.services import running, wait_for
from tests.whole import free_port


@dataclass(frozen=True)
class Answer:
    """What HTTP said."""

    status: int
    body: str
    headers: dict[str, str]  # names in lower case


class Stage:
    """One router."""

    def __init__(self, home: Path, redis_url: str) -> None:
        port = free_port()
        self.settings = Settings(home=home, redis_url=redis_url, http_port=port)
        self.platform = Platform.open(self.settings)
        self.routes = self.platform.store.routes
        self.port = port
        self.layout = Layout(self.settings.router_dir, "127.0.0.1", port)
        self.runtime = Runtime(self.layout.master_socket)
        self.processes: dict[str, Popen[bytes]] = {}
        self._stack = ExitStack()

    def __enter__(self) -> "Stage":
        return self

    def __exit__(self, *details: object) -> None:
        self._stack.close()

    def empty_redis(self) -> None:
        """As a new platform finds it."""
        redis.Redis.from_url(self.settings.redis).flushall()

    def start_haproxy(self) -> None:
        """Return when it answers."""
        self._start("haproxy", "haproxy")
        wait_for(self.has_worker, "HAProxy")

    def start_sync(self) -> None:
        """Return when it has spoken to Redis."""
        self._start("sync")
        wait_for(self.routes.awake, "router_sync")

    def kill(self, name: str) -> None:
        """SIGKILL."""
        self.processes[name].kill()
        self.processes[name].wait()

    def has_worker(self) -> bool:
        """Whether HAProxy runs."""
        try:
            return bool(self.fleet())
        except NoHaproxy:
            return False

    def fleet(self) -> Fleet:
        """HAProxy's workers."""
        return self.runtime.fleet()

    def publish(self, app: str, *backends: Backend | str, hosts: tuple[str, ...] = ()) -> int:
        """Route the app's host, or the hosts, to backends; return the version."""
        urls = tuple(one if isinstance(one, str) else one.url for one in backends)
        named = hosts or (f"{app}.localhost",)
        with self.platform.store.locks.hold(app, "test") as lock:
            routes = [Route(host, app, urls) for host in named]
            return self.routes.flip(lock, Desired(1, {"web": len(urls)}), {}, routes)

    def wait_acknowledged(self, version: int) -> None:
        """As a rollout does."""
        with self.platform.store.acknowledgements() as acknowledged:
            for _ in range(200):
                if not self.routes.unacknowledged(version):
                    return
                acknowledged.wait(0.1)
        raise AssertionError(f"version {version} was not acknowledged: {self.log('sync')}")

    def flip(self, app: str, *backends: Backend | str, hosts: tuple[str, ...] = ()) -> None:
        """Publish, and return when the router has acknowledged."""
        self.wait_acknowledged(self.publish(app, *backends, hosts=hosts))

    def get(self, host: str, path: str = "/", method: str = "GET", **headers: str) -> Answer:
        """One request on its own connection."""
        connection = self.connect()
        try:
            return self.ask(connection, host, path, method, **headers)
        finally:
            connection.close()

    def connect(self) -> http.client.HTTPConnection:
        """A connection to keep."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)

    def ask(
        self,
        connection: http.client.HTTPConnection,
        host: str,
        path: str = "/",
        method: str = "GET",
        **headers: str,
    ) -> Answer:
        """One request on a connection."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        body = "x" if method == "POST" else None
        connection.request(method, path, body=body, headers={"Host": host, **named})
        answer = connection.getresponse()
        seen = {name.lower(): value for name, value in answer.headers.items()}
        return Answer(answer.status, answer.read().decode(), seen)

    def log(self, name: str) -> str:
        """What a process has said."""
        return (self.settings.home / f"{name}.log").read_text()

    def admin(self, command: str) -> str:
        """The current worker's reply."""
        reply: Any = self.runtime._exchange([f"@!{self.fleet().current} {command}"])
        return "\n".join(reply[0])

    def _start(self, name: str, *arguments: str) -> None:
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(PROJECT),
            "PAAS_HOME": str(self.settings.home),
            "PAAS_REDIS_URL": self.settings.redis,
            "PAAS_HTTP_PORT": str(self.port),
        }
        variables = [f"{key}={value}" for key, value in environment.items()]
        command = ["env", "-i", *variables, sys.executable, "-m", "router_sync", *arguments]
        log = self.settings.home / f"{name}.log"
        self.processes[name] = self._stack.enter_context(running(command, log))
