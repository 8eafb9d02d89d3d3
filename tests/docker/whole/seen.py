"""What `ps` and Docker's own client say of an app."""

import json
import subprocess

from tests.sample import Sample
from tests.whole import Whole


def docker(*words: str) -> str:
    """What the docker client prints."""
    done = subprocess.run(["docker", *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def processes(whole: Whole, app: Sample) -> list[str]:
    """Names of the app's processes, as `ps` has them, without those that are kept warm."""
    rows = json.loads(whole.ssh("ps", app.app, "--json").stdout)
    return [row["process"] for row in rows if row["state"] != "warm"]
