"""What passes its checks and then fails requests does not stay: on trial, or once it serves."""

from collections.abc import Callable

import pytest

from tests.load import Load, load_on
from tests.sample import SERVER, Sample
from tests.services import wait_for
from tests.whole import Whole

pytestmark = pytest.mark.docker

FAILING = SERVER.replace("send_response(200)", "send_response(500)")


def commit_failing(app: Sample) -> None:
    """The port answers, and every request with 500."""
    app.commit({"server.py": f"VERSION = 'two'\n{FAILING}"})


def release_of(whole: Whole, app: Sample) -> int:
    """The number of the live release."""
    live = whole.platform.store.apps.get(app.app).live
    assert live
    return live.release


def wait_for_answer(load: Load, answer: str) -> None:
    """Until a request that began from now on is answered so."""
    already = len(load.requests)
    wait_for(lambda: any(one.body == answer for one in load.requests[already:]), answer, 60)


def test_what_fails_requests_once_it_serves_is_rolled_back_by_itself(
    whole: Whole, live: Sample
) -> None:
    with load_on(whole.settings.http_port, f"{live.app}.localhost") as load:
        wait_for(lambda: load.count("/") > 50, "some requests to the good release")
        commit_failing(live)
        pushed = whole.git(live.directory, "push", "paas", "master")
        assert pushed.returncode == 0, pushed.stderr
        wait_for(lambda: release_of(whole, live) == 3, "the rollback", 30)
        wait_for_answer(load, "one -")

    listed = whole.ssh("releases", live.app).stdout.splitlines()
    assert "failed" in listed[2]
    assert "requests failed" in listed[2]
    assert "Rollback to v1: " in listed[1]
    assert f"v2 of {live.app}: " in whole.ssh("events", "-n", "50").stdout


def test_a_canary_that_fails_requests_is_refused_and_the_old_release_never_left(
    whole: Whole, live: Sample
) -> None:
    assert whole.ssh("releases:canary", live.app, "30%", "60s").returncode == 0
    with load_on(whole.settings.http_port, f"{live.app}.localhost") as load:
        commit_failing(live)
        pushed = whole.git(live.directory, "push", "paas", "master")
        wait_for_answer(load, "one -")

    assert pushed.returncode != 0
    assert "gets 30 % of the requests for 60 s" in pushed.stderr
    assert "v2 did worse on its share: " in pushed.stderr
    assert release_of(whole, live) == 1
    assert whole.get(live.app).body == "one -"
    answered = [one.body for one in load.requests]
    assert "two -" in answered
    assert answered.count("one -") > answered.count("two -")


def test_a_canary_is_promoted_by_a_command_and_loses_no_request(
    whole: Whole, live: Sample, once_on_trial: Callable[[Whole, Sample], None]
) -> None:
    assert whole.ssh("releases:canary", live.app, "50%", "5m", "--once").returncode == 0
    live.commit({}, version="two")
    with load_on(whole.settings.http_port, f"{live.app}.localhost") as load:
        push = whole.popen_git(live.directory, "push", "paas", "master")
        once_on_trial(whole, live)
        wait_for_answer(load, "two -")
        promoted = whole.ssh("releases:promote", live.app)
        output, _ = push.communicate(timeout=30)

    assert promoted.stdout == f"-----> Promoting v2 of {live.app}\n"
    assert push.returncode == 0, output
    assert "Promoted by ada" in output
    assert load.failed() == []
    assert "get all requests at once" in whole.ssh("releases:canary", live.app).stdout


@pytest.fixture
def once_on_trial() -> Callable[[Whole, Sample], None]:
    """Waits until a new release of the app gets its share."""

    def wait(whole: Whole, app: Sample) -> None:
        def is_on_trial() -> bool:
            shown = whole.ssh("releases:canary", app.app).stdout
            return "is on trial" in shown

        wait_for(is_on_trial, "the canary to begin", 60)

    return wait
