"""Twenty different apps pushed at once, against the same twenty raw builds run two at a time.

    python -m bench.twenty [--apps 20] [--rounds 2]

Every app has packages of its own to install. Ours is the time from the first `git push` to the
last answer over HTTP; the floor is `docker build` alone, without a push, a start or a check.
"""

import argparse
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.floor import Floor, floor
from bench.push import body, until
from tests.sample import Sample
from tests.whole import Whole, whole_platform

TARGET = 1.15
AT_ONCE = 2  # as many as we have build workers
PACKAGES = "flask==3.1.0\ngunicorn==23.0.0\n"


def sample(directory: Path, name: str) -> Sample:
    """An app whose requirements no other app has, so that no layer is shared."""
    app = Sample.create(directory, name)
    app.commit({"requirements.txt": f"# {name}\n{PACKAGES}"}, "one")
    return app


def push_all(whole: Whole, apps: list[Sample]) -> float:
    """Seconds until the last of them answers."""
    began = time.monotonic()
    with ThreadPoolExecutor(len(apps)) as pool:
        for done in pool.map(lambda app: whole.git(app.directory, "push", "paas", "master"), apps):
            if done.returncode:
                raise RuntimeError(done.stderr)
    url = f"http://127.0.0.1:{whole.settings.http_port}/"
    for app in apps:
        headers = {"Host": whole.settings.host(app.app)}
        until(lambda headers=headers: body(url, headers).startswith("one"))
    return time.monotonic() - began


def build_all(under: Floor, apps: list[Sample]) -> float:
    """Seconds for the builds alone."""
    began = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda app: under.build(app.directory, scope=app.app), apps))
    return time.monotonic() - began


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--apps", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=2)
    wanted = parser.parse_args()
    ratios = []
    with tempfile.TemporaryDirectory() as name, whole_platform() as whole:
        directory = Path(name)
        with floor(whole, directory) as under:
            for number in range(wanted.rounds):
                stamp = f"{int(time.time()) % 100_000}-{number}"
                theirs = [sample(directory, f"f{stamp}-{i}") for i in range(wanted.apps)]
                ours = [sample(directory, f"p{stamp}-{i}") for i in range(wanted.apps)]
                raw_s, paas_s = build_all(under, theirs), push_all(whole, ours)
                ratios.append(paas_s / raw_s)
                print(f"raw builds {raw_s:6.1f} s   paas, all live {paas_s:6.1f} s", end="   ")
                print(f"ratio {ratios[-1]:.2f}", flush=True)
                for app in ours:
                    whole.ssh("apps:destroy", app.app, "--confirm", app.app)
    print(f"ratios {min(ratios):.2f} to {max(ratios):.2f} (target at most {TARGET})")


if __name__ == "__main__":
    main()
