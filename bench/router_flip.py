"""How long a flip takes: from the write in Redis to acknowledgement and first new answer.

    python -m bench.router_flip [--flips 200] [--apps 10]

Real Redis and HAProxy, nothing else on them; `apps` are routed beside the one that flips.
Prints minimum, median, 99th percentile and maximum in milliseconds.
"""

import argparse
import statistics
import threading
import time

from tests.integration.router_sync.backends import Backend, Backends
from tests.integration.router_sync.stage import Stage
from tests.services import redis_server, short_directory


def flip(stage: Stage, backend: Backend) -> tuple[float, float]:
    """Milliseconds from before the write to the acknowledgement, and to the first new answer."""
    acknowledged_at: list[float] = []
    with stage.platform.store.acknowledgements() as acknowledged:
        began = time.perf_counter()
        version = stage.publish("shop", backend)

        def wait() -> None:
            while stage.routes.unacknowledged(version):
                acknowledged.wait(1.0)
            acknowledged_at.append(time.perf_counter())

        waiting = threading.Thread(target=wait)
        waiting.start()
        connection = stage.connect()
        while stage.ask(connection, "shop.localhost").body != backend.name:
            pass
        answered_at = time.perf_counter()
        waiting.join()
        connection.close()
    return 1000 * (acknowledged_at[0] - began), 1000 * (answered_at - began)


def row(title: str, values: list[float]) -> str:
    """Minimum, median, 99th percentile, maximum."""
    last = statistics.quantiles(values, n=100)[-1]
    middle = statistics.median(values)
    return f"{title:26} {min(values):8.2f} {middle:8.2f} {last:8.2f} {max(values):8.2f}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--flips", type=int, default=200)
    parser.add_argument("--apps", type=int, default=10)
    given = parser.parse_args()
    with (
        short_directory() as home,
        redis_server(home) as url,
        Stage(home, url) as stage,
        Backends() as backends,
    ):
        two = [backends.start("one"), backends.start("two")]
        for number in range(given.apps):
            stage.publish(f"app{number}", two[0])
        stage.start_haproxy()
        stage.start_sync()
        stage.flip("shop", two[1])
        times = [flip(stage, two[number % 2]) for number in range(given.flips)]
    print(f"{given.flips} flips beside {given.apps} apps, ms   min   median      p99      max")
    print(row("write -> acknowledged", [acknowledged for acknowledged, _ in times]))
    print(row("write -> first new answer", [answered for _, answered in times]))


if __name__ == "__main__":
    main()
