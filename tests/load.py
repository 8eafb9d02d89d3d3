"""Constant load through the router: fast and three-second requests, every answer noted."""

import http.client
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

FAST_CLIENTS = 4
SLOW_CLIENTS = 3
SLOW = "/slow"  # of the sample app


@dataclass(frozen=True)
class Request:
    """One request: when it began (monotonic seconds), what it was answered."""

    path: str
    began: float
    status: int
    body: str


@dataclass
class Load:
    """Clients that ask until told to stop. Half of the fast ones keep their connection."""

    port: int
    host: str
    begun: set[str] = field(default_factory=set)  # paths that somebody has asked for
    requests: list[Request] = field(default_factory=list)
    _stopped: threading.Event = field(default_factory=threading.Event)

    def failed(self) -> list[Request]:
        """Everything that was not answered with 200."""
        return [request for request in self.requests if request.status != 200]

    def answers_after(self, moment: float) -> set[str]:
        """What requests that began after the moment were answered."""
        return {request.body for request in self.requests if request.began > moment}

    def count(self, path: str) -> int:
        """How many were answered."""
        return sum(request.path == path for request in self.requests)

    def ask(self, path: str, keep: bool) -> None:
        """One client's loop."""
        connection = self._connect()
        while not self._stopped.is_set():
            if not keep:
                connection.close()
                connection = self._connect()
            self.requests.append(self._one(connection, path))
            self._stopped.wait(0.01)
        connection.close()

    def _connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)

    def _one(self, connection: http.client.HTTPConnection, path: str) -> Request:
        began = time.monotonic()
        try:
            connection.request("GET", path, headers={"Host": self.host})
            self.begun.add(path)
            answer = connection.getresponse()
            return Request(path, began, answer.status, answer.read().decode())
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            return Request(path, began, 0, repr(error))

    def stop(self) -> None:
        """Let every client finish its request and end."""
        self._stopped.set()


@contextmanager
def load_on(port: int, host: str, slow: str = SLOW) -> Iterator[Load]:
    """Keep asking while the block runs; afterwards every request has its answer."""
    load = Load(port, host)
    plan = [("/", number % 2 == 0) for number in range(FAST_CLIENTS)]
    plan += [(slow, number % 2 == 0) for number in range(SLOW_CLIENTS)]
    clients = [threading.Thread(target=load.ask, args=one) for one in plan]
    for client in clients:
        client.start()
    try:
        yield load
    finally:
        load.stop()
        for client in clients:
            client.join()
