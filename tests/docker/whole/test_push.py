"""What a pusher sees, by the real git and ssh: the line of a push from end to end."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.docker.fresh import mark
from tests.sample import Sample
from tests.whole import Whole

pytestmark = pytest.mark.docker


def remote_head(whole: Whole, sample: Sample) -> str:
    """The SHA that the platform has for master."""
    listed = whole.git(sample.directory, "ls-remote", "paas", "refs/heads/master")
    return listed.stdout.split("\t")[0]


def test_the_first_push_creates_the_app_builds_it_and_answers(
    whole: Whole, sample: Callable[..., Sample]
) -> None:
    app = sample()

    pushed = whole.git(app.directory, "push", "paas", "master")

    assert pushed.returncode == 0, pushed.stderr
    assert "remote: -----> " in pushed.stderr
    assert "Python app: requirements.txt found" in pushed.stderr
    assert f"http://{app.app}.localhost:{whole.settings.http_port}" in pushed.stderr
    assert whole.get(app.app).body == "one -"
    assert remote_head(whole, app) == app.head()


def test_a_code_only_push_answers_with_the_new_code_as_soon_as_it_returns(
    whole: Whole, live: Sample
) -> None:
    live.commit({}, version="two")

    pushed = whole.git(live.directory, "push", "paas", "master")

    assert pushed.returncode == 0, pushed.stderr
    assert whole.get(live.app).body == "two -"


def test_the_deployed_sha_is_in_the_environment(whole: Whole, live: Sample) -> None:
    assert whole.get(live.app, "/env/GIT_REV").body == live.head()


def test_a_failed_build_rejects_the_push_and_the_old_code_answers(
    whole: Whole, live: Sample
) -> None:
    before = live.head()
    live.commit({"requirements.txt": "no-such-package-of-ours==9.9.9\n"}, version="two")

    pushed = whole.git(live.directory, "push", "paas", "master")

    assert pushed.returncode == 1
    assert re.search(
        r"! \[remote rejected\] master -> master \(App build failed.*\)", pushed.stderr
    )
    assert "no-such-package-of-ours" in pushed.stderr
    assert remote_head(whole, live) == before
    assert whole.get(live.app).body == "one -"


def test_a_process_that_exits_at_once_rejects_the_push_and_shows_its_last_lines(
    whole: Whole, live: Sample
) -> None:
    before = live.head()
    live.commit({"server.py": "raise SystemExit('cannot find the moon')\n"})

    pushed = whole.git(live.directory, "push", "paas", "master")

    assert pushed.returncode == 1
    assert "cannot find the moon" in pushed.stderr
    assert re.search(r"\[remote rejected\] master -> master \(web\.1 exited .*\)", pushed.stderr)
    assert remote_head(whole, live) == before
    assert whole.get(live.app).body == "one -"


def test_a_process_that_never_listens_rejects_the_push_and_says_where_it_listens(
    whole: Whole, live: Sample
) -> None:
    server = "import http.server as h\nh.HTTPServer(('127.0.0.1', 8123), None).serve_forever()\n"
    live.commit({"server.py": server})

    pushed = whole.git(live.directory, "push", "paas", "master")

    assert pushed.returncode == 1
    assert "did not answer on port 5000" in pushed.stderr
    assert "127.0.0.1:8123" in pushed.stderr
    assert whole.get(live.app).body == "one -"


def test_a_procfile_with_merge_markers_is_refused_with_its_line(whole: Whole, live: Sample) -> None:
    live.commit({"Procfile": "<<<<<<< HEAD\nweb: python server.py\n"})

    pushed = whole.git(live.directory, "push", "paas", "master")

    assert pushed.returncode == 1
    assert re.search(r"\[remote rejected\].*Procfile.*line 1", pushed.stderr)
    assert whole.get(live.app).body == "one -"


def test_after_a_rejected_push_scale_and_restart_still_use_the_live_release(
    whole: Whole, live: Sample
) -> None:
    live.commit({"server.py": "raise SystemExit(1)\n"})
    assert whole.git(live.directory, "push", "paas", "master").returncode == 1

    assert whole.ssh("ps:scale", live.app, "web=2").returncode == 0
    assert whole.ssh("ps:restart", live.app).returncode == 0
    assert whole.get(live.app).body == "one -"


def test_another_branch_is_stored_and_does_not_deploy(whole: Whole, live: Sample) -> None:
    live.commit({}, version="two")

    pushed = whole.git(live.directory, "push", "paas", "master:feature")

    assert pushed.returncode == 0, pushed.stderr
    assert re.search(r"feature.*(main|master)", pushed.stderr)
    assert whole.get(live.app).body == "one -"


def test_the_same_commit_is_not_built_twice(whole: Whole, live: Sample) -> None:
    first = live.head()
    live.commit({}, version="two")
    whole.git(live.directory, "push", "paas", "master")

    pushed = whole.git(live.directory, "push", "-f", "paas", f"{first}:refs/heads/master")

    assert pushed.returncode == 0, pushed.stderr
    assert "was built before" in pushed.stderr
    assert whole.get(live.app).body == "one -"


def test_what_was_pushed_can_be_cloned(whole: Whole, live: Sample, tmp_path: Path) -> None:
    cloned = whole.git(tmp_path, "clone", f"paas:{live.app}", "clone")

    assert cloned.returncode == 0, cloned.stderr
    assert whole.git(tmp_path / "clone", "rev-parse", "HEAD").stdout.strip() == live.head()


def test_the_build_output_arrives_while_the_build_runs(
    whole: Whole, sample: Callable[..., Sample]
) -> None:
    app = sample()
    word = mark()
    slow = f"RUN echo early-{word} && sleep 2 && echo late-{word}"
    app.commit({"Dockerfile": dockerfile(slow)})
    process = whole.popen_git(app.directory, "push", "paas", "master")
    assert process.stdout is not None

    seen = []
    for line in process.stdout:
        seen.append(line)
        if f"early-{word}" in line and "RUN" not in line:
            break
    assert process.poll() is None
    rest = process.stdout.read()

    assert process.wait() == 0, "".join(seen) + rest
    assert f"late-{word}" in rest


def test_the_apps_own_dockerfile_is_used_with_the_port_it_exposes(
    whole: Whole, sample: Callable[..., Sample]
) -> None:
    app = sample()
    app.commit({"Dockerfile": dockerfile("EXPOSE 8000"), "Procfile": "web: python server.py\n"})

    pushed = whole.git(app.directory, "push", "paas", "master")

    assert pushed.returncode == 0, pushed.stderr
    assert whole.get(app.app, "/env/PORT").body == "8000"


def dockerfile(line: str) -> str:
    """One that stands on the platform's own stack, with the line in it."""
    return (
        "ARG STACK\nFROM ${STACK}\n"
        "RUN apt-get update -qq && apt-get install -qq -y --no-install-recommends python3\n"
        "RUN ln -s /usr/bin/python3 /usr/local/bin/python\n"
        f"{line}\nCOPY . .\nCMD python server.py\n"
    )
