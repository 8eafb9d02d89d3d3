"""How two of `bin/up` and `bin/down` at the same time take turns."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from host import screen


@contextmanager
def turn(home: Path) -> Iterator[None]:
    """Hold the home's lock; the kernel lets go of it with the process, however that ends."""
    with (home / "run" / "turn.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            screen.step("Waiting for another ./bin/up or ./bin/down to finish")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
