"""What starting containers by hand costs: `docker run`, one and three at once."""

import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

from bench.floor import docker
from bench.push import Times, body, until

NAME = "paas-bench-run"


class Runs:
    """Starts one image on one network, as the platform's containers are."""

    def __init__(self, network: str, image: str) -> None:
        self._network = network
        self._image = image

    def one(self, times: Times) -> None:
        """`docker run`, and the first answer."""
        began = time.monotonic()
        self._run(1)
        ran = time.monotonic()
        self._wait_for_answer(1)
        times.add("docker run", ran - began)
        times.add("docker run, answered", time.monotonic() - began)
        self._remove(1)

    def three(self, times: Times) -> None:
        """Three at once, and all of their first answers."""
        began = time.monotonic()
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(self._run, range(1, 4)))
        times.add("three docker run", time.monotonic() - began)
        for number in range(1, 4):
            self._wait_for_answer(number)
        times.add("three docker run, answered", time.monotonic() - began)
        self._remove(1, 2, 3)

    def call(self, *words: str) -> str:
        """What docker's client prints."""
        done = subprocess.run([docker(), *words], capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"docker {words[0]} failed: {done.stderr}")
        return done.stdout.strip()

    def _run(self, number: int) -> None:
        named = ["--name", f"{NAME}-{number}", "--network", self._network, "-e", "PORT=5000"]
        self.call("run", "-d", "--init", *named, self._image, "/bin/sh", "-c", "python server.py")

    def _wait_for_answer(self, number: int) -> None:
        form = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
        address = self.call("inspect", "-f", form, f"{NAME}-{number}")
        until(lambda: bool(body(f"http://{address}:5000/", {})))

    def _remove(self, *numbers: int) -> None:
        self.call("rm", "-f", *(f"{NAME}-{number}" for number in numbers))
