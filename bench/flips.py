"""Flips between two warm releases under load: what is lost, what is mixed, how long each takes.

    python -m bench.flips [--flips 1000]

The whole platform but builders, on an engine of its own. A flip is a rollback through the queue, a
release worker, Redis and HAProxy; it is reported when its log has the verdict.
"""

import argparse

from tests.faults.flips import flip_under_load
from tests.faults.invariants import check_invariants
from tests.faults.stage import staged


def main() -> None:
    """Flip and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--flips", type=int, default=1000)
    count = parser.parse_args().flips
    with staged() as stage:
        for _ in range(3):
            stage.deployed()
        done = flip_under_load(stage, count)
        print(done.row())
        print("\n".join(check_invariants(stage)) or "every invariant holds")


if __name__ == "__main__":
    main()
