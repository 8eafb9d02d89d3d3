"""A relay between client and server that cuts a line on which nothing moves, as firewalls do."""

import selectors
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class IdleCutter:
    """Relays connections to a port of this machine."""

    def __init__(self, port: int, idle_s: float) -> None:
        self._port = port
        self._idle_s = idle_s
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.lines = 0
        self.cut = 0
        self.longest_idle_s = 0.0

    @property
    def port(self) -> int:
        """Where clients connect."""
        return int(self._listener.getsockname()[1])

    def accept_all(self) -> None:
        """Until the listener is shut down."""
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.lines += 1
            server = socket.create_connection(("127.0.0.1", self._port))
            threading.Thread(target=self._relay, args=(client, server), daemon=True).start()

    def close(self) -> None:
        """Take no more."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _relay(self, client: socket.socket, server: socket.socket) -> None:
        with client, server, selectors.DefaultSelector() as selector:
            selector.register(client, selectors.EVENT_READ, server)
            selector.register(server, selectors.EVENT_READ, client)
            while True:
                began = time.monotonic()
                ready = selector.select(self._idle_s)
                self.longest_idle_s = max(self.longest_idle_s, time.monotonic() - began)
                if not ready:
                    self.cut += 1
                    return
                for key, _ in ready:
                    if not self._pass_on(key):
                        return

    def _pass_on(self, key: selectors.SelectorKey) -> bool:
        assert isinstance(key.fileobj, socket.socket)
        data = key.fileobj.recv(65536)
        if data:
            key.data.sendall(data)
        return bool(data)


@contextmanager
def idle_cutter(port: int, idle_s: float) -> Iterator[IdleCutter]:
    """A relay that runs."""
    relay = IdleCutter(port, idle_s)
    threading.Thread(target=relay.accept_all, daemon=True).start()
    try:
        yield relay
    finally:
        relay.close()
