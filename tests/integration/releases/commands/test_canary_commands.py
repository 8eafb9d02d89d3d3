"""The commands on canaries, as a session runs them."""

import json
from dataclasses import replace

import pytest

from releases.commands.canary import NoCanary
from releases.domain.canary import BadCanary, Canary, Said, Word
from releases.domain.desired import Desired
from releases.errors import BadInput
from tests.integration.releases.commands.shell import Shell

pytestmark = pytest.mark.integration


def begin_trial(shell: Shell, app: str) -> None:
    """As a rollout does it."""
    store = shell.platform.store
    with store.locks.hold(app, "Deploy") as lock:
        store.apps.set_target(lock, Desired(4, {"web": 1}, canary=Canary(10, 60, began_at=1.0)))


def test_a_canary_is_set_shown_and_ended(shell: Shell, live: str) -> None:
    assert shell("releases:canary", live) == "New releases of myapp get all requests at once\n"
    said = shell("releases:canary", live, "10%", "2m")
    line = "Each new release of myapp gets 10 % of the requests for 120 s first\n"
    assert said == f"-----> {line}"
    assert shell("releases:canary", live) == line
    shown = json.loads(shell("releases:canary", live, "--json"))
    assert shown.pop("app") == "myapp"
    assert shown == {"percent": 10.0, "seconds": 120, "once": False, "on_trial": None}
    shell("releases:canary", live, "off")
    assert shell("releases:canary", live) == "New releases of myapp get all requests at once\n"


def test_a_canary_for_the_next_release_only(shell: Shell, live: str) -> None:
    said = shell("releases:canary", live, "5%", "30s", "--once")
    assert said.startswith("-----> The next release of myapp gets 5 %")
    canary = shell.platform.store.apps.get(live).canary
    assert canary == replace(Canary(5, 30), once=True)


def test_what_cannot_be_a_canary_changes_nothing(shell: Shell, live: str) -> None:
    with pytest.raises(BadInput, match="for how long"):
        shell("releases:canary", live, "10%")
    with pytest.raises(BadCanary, match="share '200%'"):
        shell("releases:canary", live, "200%", "60s")
    assert shell.platform.store.apps.get(live).canary is None


@pytest.mark.parametrize("word", Word)
def test_a_trial_is_ended_by_a_word(shell: Shell, live: str, word: Word) -> None:
    begin_trial(shell, live)
    assert "v4 is on trial" in shell("releases:canary", live)
    assert json.loads(shell("releases:canary", live, "--json"))["on_trial"] == "v4"
    doing = {Word.PROMOTE: "Promoting", Word.ABORT: "Aborting"}[word]
    assert shell(f"releases:{word}", live) == f"-----> {doing} v4 of myapp\n"
    assert shell.platform.store.apps.canary_word(live, 4) == Said(word, "alice")


@pytest.mark.parametrize("word", Word)
def test_without_a_trial_there_is_nothing_to_end(shell: Shell, live: str, word: Word) -> None:
    with pytest.raises(NoCanary, match="no release of myapp is on trial"):
        shell(f"releases:{word}", live)
