"""Real build workers before an engine in memory, which has every image, when the test lets it."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from builder.bases.sweep import note_sweep
from builder.request import request_build
from builder.source.objects import Objects
from releases.domain.build import Build, BuildRequest, BuildStatus
from releases.platform import Platform
from releases.settings import PROJECT
from tests.integration.builder.repository import Repository
from tests.services import running, wait_for

ABOUT = {"ApiVersion": "1.41", "DockerRootDir": "/on/another/machine"}


@dataclass
class Engine:
    """Says of each image that is asked for that it is there; first it waits for those it holds."""

    instance: str
    url: str = ""
    gates: dict[str, threading.Event] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)  # apps, each time that one was asked for

    def hold(self, *apps: str) -> None:
        """From here on builds of these apps do not end."""
        self.gates.update({app: threading.Event() for app in apps})

    def let_go(self, *apps: str) -> None:
        """Builds of these apps end, those that come too."""
        for app in apps:
            self.gates.pop(app).set()

    def image(self, app: str, commit: str) -> dict[str, object]:
        """What the engine says of an image, when it may."""
        self.asked.append(app)
        self.gates[app].wait() if app in self.gates else None
        labels = {"paas.instance": self.instance, "paas.app": app, "paas.commit": commit}
        return {"Id": f"sha256:{commit}", "Config": {"Labels": labels}}


@contextmanager
def engine_in_memory(instance: str) -> Iterator[Engine]:
    """An engine that builders find at its URL."""
    engine = Engine(instance)

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = re.search(r"/images/paas/(.+):(.+)/json$", self.path)
            self._answer(engine.image(*found.groups()) if found else ABOUT)

        def _answer(self, document: dict[str, object]) -> None:
            body = json.dumps(document).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        engine.url = f"tcp://127.0.0.1:{server.server_port}"
        yield engine
        engine.let_go(*list(engine.gates))
        server.shutdown()


@dataclass
class Floor:
    """Where builds are asked for and watched."""

    platform: Platform
    engine: Engine
    repository: Repository
    stack: ExitStack  # what is started ends with it

    def start_worker(self) -> subprocess.Popen[bytes]:
        """A build worker as the platform runs it, once it is there."""
        settings, before = self.platform.settings, self.platform.queue.worker_pids("builds")
        note_sweep(settings)  # the engine has no images that could be old
        environment = {
            "PYTHONPATH": str(PROJECT),
            "PAAS_HOME": str(settings.home),
            "PAAS_REDIS_URL": settings.redis_url,
            "PAAS_INSTANCE": settings.instance,
            "PAAS_DOCKER_HOST": self.engine.url,
        }
        command = ["env", *(f"{name}={value}" for name, value in environment.items())]
        arguments = [*command, sys.executable, "-m", "builder"]
        process = self.stack.enter_context(running(arguments, settings.home / "worker.log"))
        wait_for(lambda: self.platform.queue.worker_pids("builds") - before, "the worker")
        return process

    def push(self, app: str, who: str = "ann", content: str = "") -> Build:
        """Ask for a build of a commit, the app's own one by default."""
        if not self.platform.store.apps.exists(app):
            self.platform.store.apps.create(app, who)
        commit = self.repository.commit({"index.html": content or app})
        request = BuildRequest(app, commit, "refs/heads/main", who)
        return request_build(self.platform, request, Objects(self.repository.path))

    def wait(self, build: Build, status: BuildStatus, timeout_s: float = 20.0) -> Build:
        """The build once it stands so."""

        def now() -> Build:
            return self.platform.store.builds.get(build.app, build.number)

        what = f"build {build.number} of {build.app} to be {status}"
        wait_for(lambda: now().status is status, what, timeout_s)
        return now()

    def wait_until_at_engine(self, app: str, times: int = 1) -> None:
        """Until a build of the app was begun so many times and has come to the engine."""
        wait_for(lambda: self.engine.asked.count(app) >= times, f"{app} to be at the engine")

    def lines(self, build: Build) -> list[str]:
        """The build's log."""
        return [entry.line for entry in self.platform.store.logs.read(build.log)]

    def wait_for_line(self, build: Build, line: str) -> None:
        """Until it is in the log."""
        wait_for(lambda: line in self.lines(build), f"the line {line!r}")

    def horse(self, build: Build) -> int:
        """The process that works on the build."""
        held = self.platform.store.locks.holder(f"{build.app}:builds")
        assert held
        return int(held.holder.rpartition(":")[2])

    def kill_horse(self, build: Build) -> int:
        """Kill it, as the kernel does when memory is short."""
        pid = self.horse(build)
        os.kill(pid, signal.SIGKILL)
        return pid


def is_gone(pid: int) -> bool:
    """Whether the process is no more."""
    return not Path(f"/proc/{pid}").exists()
