"""Under constant load nothing that changes what runs loses a request or answers with the old."""

import time
from collections.abc import Callable

import pytest

from tests.load import Load, load_on
from tests.sample import Sample
from tests.services import wait_for
from tests.whole import Whole

pytestmark = pytest.mark.docker


def push_new_code(whole: Whole, app: Sample) -> str:
    """A code-only push."""
    app.commit({}, version="two")
    pushed = whole.git(app.directory, "push", "paas", "master")
    assert pushed.returncode == 0, pushed.stderr
    return "two -"


def set_config(whole: Whole, app: Sample) -> str:
    """A new greeting."""
    assert whole.ssh("config:set", app.app, "GREETING=hello").returncode == 0
    return "one hello"


def scale_up(whole: Whole, app: Sample) -> str:
    """Three of them."""
    assert whole.ssh("ps:scale", app.app, "web=3").returncode == 0
    return "one -"


def scale_down(whole: Whole, app: Sample) -> str:
    """Three, and back to one."""
    scale_up(whole, app)
    assert whole.ssh("ps:scale", app.app, "web=1").returncode == 0
    return "one -"


def roll_back(whole: Whole, app: Sample) -> str:
    """To the code before."""
    push_new_code(whole, app)
    assert whole.ssh("rollback", app.app).returncode == 0
    return "one -"


def restart(whole: Whole, app: Sample) -> str:
    """New containers."""
    assert whole.ssh("ps:restart", app.app).returncode == 0
    return "one -"


@pytest.mark.parametrize(
    "change", [push_new_code, set_config, scale_up, scale_down, roll_back, restart]
)
def test_no_request_fails_and_no_old_answer_comes_after_the_change_returned(
    whole: Whole, live: Sample, change: Callable[[Whole, Sample], str]
) -> None:
    host = f"{live.app}.localhost"
    with load_on(whole.settings.http_port, host) as load:
        wait_for(lambda: load.count("/slow"), "slow requests to be under way")
        answer = change(whole, live)
        returned = time.monotonic()
        wait_for(lambda: has_newer_slow_answers(load, returned), "newer slow answers")

    assert load.failed() == []
    assert load.answers_after(returned) == {answer}
    assert load.count("/slow") > 0


def has_newer_slow_answers(load: Load, returned: float) -> bool:
    """Slow ones began after the change returned and took three seconds."""
    return any(one.path == "/slow" and one.began > returned for one in list(load.requests))
