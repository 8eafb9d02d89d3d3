"""How a change waits while its app is being changed: beside the queue, where it holds no worker."""

from collections.abc import Iterator
from contextlib import contextmanager

from releases.platform import Platform
from releases.store.locks import Lock
from releases.work.queue import RELEASES, current_call


def park(platform: Platform, app: str) -> None:
    """Have the job at hand begin again once the app is free."""
    call = current_call()
    if call is None:
        raise RuntimeError("only a job of a queue can be parked")
    platform.store.parked.add(app, call)
    if platform.store.locks.holder(app) is None:  # whoever had it may not have seen this
        go_on(platform, app)


def go_on(platform: Platform, app: str) -> None:
    """Queue what waits longest for the app, before all else.

    It leaves the list after that: queued twice, the second finds its log ended and does nothing.
    """
    call = platform.store.parked.next(app)
    if call:
        platform.queue.request(RELEASES, call.job, *call.arguments, log=call.log, first=True)
        platform.store.parked.remove(app, call)


@contextmanager
def try_hold(platform: Platform, app: str, purpose: str) -> Iterator[Lock | None]:
    """Hold an app's lock for a moment if it is free; None if it is not."""
    lock = None
    try:
        with platform.store.locks.try_hold(app, purpose) as lock:
            yield lock
    finally:  # also where the holder failed
        if lock:
            go_on(platform, app)
