"""The commands on config, as a session runs them."""

import base64
import json

import click
import pytest

from releases.commands.config import NoSuchConfigVar
from releases.domain.config import BadConfig
from releases.errors import PaasError
from releases.work.queue import CHANGE_CONFIG
from tests.integration.releases.commands.shell import Shell

pytestmark = pytest.mark.integration


def test_config_is_shown_sorted_and_for_a_shell(shell: Shell, live: str) -> None:
    shell.platform.store.configs.set_config(live, {"B": "it's", "A": "two words", "C": ""})
    assert shell("config", live) == "A='two words'\nB='it'\"'\"'s'\nC=''\n"
    shown = shell("config", live, "--json")
    assert list(json.loads(shown).items()) == [("A", "two words"), ("B", "it's"), ("C", "")]


@pytest.mark.parametrize("value", ["two words", 'it\'s "x"', "a\nb", "grüße 🚀", "", "a=b", " $A "])
def test_a_value_is_printed_exactly(shell: Shell, live: str, value: str) -> None:
    shell.platform.store.configs.set_config(live, {"A": value})
    assert shell("config:get", live, "A") == value + "\n"


def test_a_var_that_is_not_set_is_an_error(shell: Shell, live: str) -> None:
    with pytest.raises(NoSuchConfigVar, match="myapp has no config var NOPE"):
        shell("config:get", live, "NOPE")


def test_the_build_config_is_another_one_and_restarts_nothing(shell: Shell, live: str) -> None:
    said = shell("config:set", "--build", live, "INDEX=https://x", "TOKEN=it's s3cret")
    assert said == "-----> Set INDEX, TOKEN for builds of myapp, from the next one on\n"
    assert shell("config", "--build", live) == "INDEX=https://x\nTOKEN='it'\"'\"'s s3cret'\n"
    assert shell("config:get", "--build", live, "TOKEN") == "it's s3cret\n"
    assert shell("config", live) == "A=s3cret\n"
    shell("config:unset", live, "TOKEN", "--build")
    assert json.loads(shell("config", "--build", live, "--json")) == {"INDEX": "https://x"}
    assert shell.jobs() == []


def test_a_build_config_var_that_is_not_there_is_named_as_one(shell: Shell, live: str) -> None:
    for words in (["config:get"], ["config:unset"]):
        with pytest.raises(NoSuchConfigVar, match="myapp has no build config var A;"):
            shell(*words, "--build", live, "A")


@pytest.mark.parametrize("name", ["BUILD_CONFIG", "RUNTIME", "STACK", "TOOLCHAIN"])
def test_a_build_config_var_of_the_platforms_own_name_is_refused(
    shell: Shell, live: str, name: str
) -> None:
    with pytest.raises(BadConfig, match=f"build config var {name}: the platform sets it"):
        shell("config:set", "--build", live, f"{name}=x")
    assert shell("config", "--build", live) == ""


@pytest.mark.parametrize(
    "words",
    [[], ["NOPAIR"], ["A=1", "NOPAIR"], ["1A=1"], ["=1"], ["A B=1"], ["PORT=web"], ["A=\0"],
     ["--encoded", "A=not base64"], ["--encoded", "A=/w=="],
     ["--encoded", "PORT=" + base64.b64encode(b"web").decode()],
     ["--encoded", "A=" + base64.b64encode(b"\0").decode()]],
)  # fmt: skip
def test_a_config_that_cannot_be_set_changes_nothing(
    shell: Shell, live: str, words: list[str]
) -> None:
    with pytest.raises(BadConfig) as refused:
        shell("config:set", live, *words)
    assert refused.value.exit_status == 2
    assert shell.jobs() == []
    assert list(shell.queue.scan_iter("paas:change:*")) == []


def test_several_pairs_are_one_job_that_carries_no_value(shell: Shell, live: str) -> None:
    shown, job = shell.worked_off(
        "config:set", live, "A=s3cret two", "B=x=y", ending=lambda log: log.succeed("v4 is live")
    )
    assert shown == "-----> Set A, B on myapp\n-----> v4 is live\n"
    app, change, who, _ = job.args
    assert (job.func_name, app, who) == (CHANGE_CONFIG, live, "alice")
    assert "s3cret" not in json.dumps(job.args)
    assert dict(shell.platform.store.configs.change(change).values) == {
        "A": "s3cret two",
        "B": "x=y",
    }


def test_an_encoded_value_is_kept_to_the_byte(shell: Shell, live: str) -> None:
    value = "two\nlines\r\n grüße '\" "
    encoded = base64.b64encode(value.encode()).decode()
    _, job = shell.worked_off(
        "config:set", live, "--encoded", f"A={encoded}", ending=lambda log: log.succeed("")
    )
    assert shell.platform.store.configs.change(job.args[1]).values == {"A": value}


def test_a_port_may_be_encoded_as_any_other_value(shell: Shell, live: str) -> None:
    encoded = base64.b64encode(b"8123").decode()
    _, job = shell.worked_off(
        "config:set", live, "--encoded", f"PORT={encoded}", ending=lambda log: log.succeed("")
    )
    assert shell.platform.store.configs.change(job.args[1]).values == {"PORT": "8123"}


def test_several_names_are_unset_by_one_job(shell: Shell, live: str) -> None:
    shell.platform.store.configs.set_config(live, {"A": "1", "B": "2"})
    shown, job = shell.worked_off(
        "config:unset", live, "A", "B", ending=lambda log: log.succeed("v4 is live")
    )
    assert shown.startswith("-----> Unset A, B on myapp\n")
    assert shell.platform.store.configs.change(job.args[1]).removed == ("A", "B")


@pytest.mark.parametrize("name", ["NOPE", "not-a-name"])
def test_one_unknown_name_unsets_nothing(shell: Shell, live: str, name: str) -> None:
    with pytest.raises(PaasError):
        shell("config:unset", live, "A", name)
    assert shell.jobs() == []


def test_config_unset_needs_a_name(shell: Shell, live: str) -> None:
    with pytest.raises(click.MissingParameter):
        shell("config:unset", live)


def test_staged_config_is_shown_apart_and_asks_for_no_release(shell: Shell, live: str) -> None:
    said = shell("config:set", "--stage", live, "COLOR=red", "SIZE=7")
    assert said == "-----> Set COLOR, SIZE with the next release of myapp\n"
    shell("config:unset", "--stage", live, "A", "SIZE")
    assert shell("config", "--stage", live) == "COLOR=red\nunset A\nunset SIZE\n"
    shown = json.loads(shell("config", "--stage", live, "--json"))
    assert shown == {"A": None, "COLOR": "red", "SIZE": None}
    assert shell("config", live) == "A=s3cret\n"
    assert shell.jobs() == []


def test_what_is_staged_can_be_forgotten(shell: Shell, live: str) -> None:
    shell("config:set", "--stage", live, "COLOR=red")
    assert shell("config:unstage", live) == "-----> Forgotten on myapp: Set COLOR\n"
    assert shell("config", "--stage", live) == ""


def test_builds_have_nothing_to_stage_for(shell: Shell, live: str) -> None:
    with pytest.raises(BadConfig, match="leave --stage or --build out"):
        shell("config:set", "--build", "--stage", live, "A=b")
