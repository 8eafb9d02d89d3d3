"""Ten developers push to one app while the first push is built; all real."""

import re
import subprocess
from collections.abc import Callable

import pytest

from releases.domain.build import BuildStatus
from tests.docker.fresh import mark
from tests.sample import Sample
from tests.whole import Whole

pytestmark = pytest.mark.docker


def read_until(push: "subprocess.Popen[str]", mark: str) -> None:
    """Follow a push until it has said this."""
    assert push.stdout
    for line in push.stdout:
        if mark in line:
            return
    pytest.fail(f"the push ended without {mark!r}")


def test_of_ten_pushes_the_first_and_the_last_are_built(
    whole: Whole, live: Sample, sample: Callable[..., Sample]
) -> None:
    app = sample()
    image = f"FROM paas/{live.app}:{live.head()}\n"
    slow = f"{image}RUN sleep 5 # {mark()}\nCOPY . .\n"
    commits = [app.commit({"Dockerfile": slow}, version="c1")]
    commits += [app.commit({"Dockerfile": f"{image}COPY . .\n"}, f"c{n}") for n in range(2, 11)]

    def push(commit: str) -> "subprocess.Popen[str]":
        return whole.popen_git(app.directory, "push", "paas", f"{commit}:refs/heads/master")

    first = push(commits[0])
    read_until(first, "sleep 5")
    others = [push(commit) for commit in commits[1:]]
    said = [one.communicate(timeout=120)[0] for one in (first, *others)]

    assert [one.returncode for one in (first, *others)] == [0, *[1] * 8, 0], "\n".join(said)
    for text in said[1:9]:
        assert re.search(r"\[remote rejected\].*superseded by build \d+ \(ada's push of", text), (
            text
        )
    assert whole.get(app.app).body == "c10 -"
    remote = whole.git(app.directory, "ls-remote", "paas", "refs/heads/master").stdout
    assert remote.split()[0] == commits[9]
    builds = whole.platform.store.builds.list(app.app)
    done = [build.commit for build in builds if build.status is BuildStatus.SUCCEEDED]
    assert done == [commits[9], commits[0]]
