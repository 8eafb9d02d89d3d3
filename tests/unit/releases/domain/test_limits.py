"""How limits are written, which of them are in force, and what is no limit."""

import json

import pytest

from releases.domain.limits import (
    BadLimit,
    Limits,
    Terms,
    as_document,
    parse_cpus,
    parse_memory,
    parse_pids,
    parse_restart_policy,
    terms_from,
)


@pytest.mark.parametrize(
    ("text", "megabytes"),
    [("256m", 256), ("256", 256), ("1g", 1024), ("512MB", 512), ("2GB", 2048), ("0", 0)],
)
def test_memory_is_in_megabytes_unless_it_says_gigabytes(text: str, megabytes: int) -> None:
    assert parse_memory(text) == megabytes


@pytest.mark.parametrize("text", ["", "m", "-1", "1.5g", "5m", "256k", "256 m", "1e3"])
def test_memory_that_cannot_be_had_is_one_line(text: str) -> None:
    with pytest.raises(BadLimit, match=r"memory .* cannot be used: say for example 256m") as no:
        parse_memory(text)
    assert "\n" not in str(no.value)


def test_cpus_and_processes_are_numbers() -> None:
    assert (parse_cpus("0.5"), parse_cpus("2"), parse_pids("100")) == (0.5, 2.0, 100)
    for text in ("", "-1", "0.001", "one", "1,5", "inf"):
        with pytest.raises(BadLimit):
            parse_cpus(text)
        with pytest.raises(BadLimit):
            parse_pids(text or "x")


@pytest.mark.parametrize(
    "policy", ["no", "always", "unless-stopped", "on-failure", "on-failure:20"]
)
def test_a_restart_policy_is_one_of_dockers(policy: str) -> None:
    assert parse_restart_policy(policy) == policy
    found = Terms(restart_policy=policy).docker_restart_policy()
    assert found["Name"] == policy.partition(":")[0]
    assert found["MaximumRetryCount"] == (20 if ":" in policy else 0)


@pytest.mark.parametrize("policy", ["", "on-failure:", "on-failure:0", "on-failure:-1", "always:3"])
def test_another_restart_policy_is_refused(policy: str) -> None:
    with pytest.raises(BadLimit, match="say on-failure:20"):
        parse_restart_policy(policy)


def test_a_types_own_limits_go_over_those_of_every_type() -> None:
    terms = Terms().limited("*", {"memory_mb": 512, "pids": 50}).limited("web", {"memory_mb": 256})
    assert terms.limits_of("web") == Limits(memory_mb=256, pids=50)
    assert terms.limits_of("worker") == Limits(memory_mb=512, pids=50)


def test_a_limit_of_nothing_takes_it_away() -> None:
    terms = Terms().limited("web", {"cpus": 0.5, "pids": 9}).limited("web", {"cpus": 0})
    assert terms.limits == {"web": Limits(pids=9)}
    assert terms.limited("web", {"pids": 0}).limits == {}
    assert terms.limited("*", {"pids": 7}).cleared("web").limits == {"*": Limits(pids=7)}
    assert terms.limited("*", {"pids": 7}).cleared("*").limits == {}


def test_terms_are_read_back_from_json_also_from_before_there_were_any() -> None:
    terms = Terms({"web": Limits(256, 0.5, 9)}, "always")
    assert terms_from(json.loads(json.dumps(as_document(terms)))) == terms
    assert terms_from({}) == Terms()


def test_limits_are_said_in_one_line() -> None:
    assert str(Limits(256, 0.5, 9)) == "256 MB, 0.5 CPU, 9 processes"
    assert str(Limits()) == "none"
