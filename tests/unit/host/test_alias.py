"""The ssh alias as text."""

from pathlib import Path

from host.alias import Alias, with_include

_INCLUDE = "Include /srv/paas/client/ssh_config"


def test_include_goes_to_the_top_because_below_a_host_line_it_would_belong_to_that_host() -> None:
    config = "Host work\n    User ann\n"
    assert with_include(config, _INCLUDE) == f"{_INCLUDE}\n{config}"


def test_include_is_there_once_however_often_it_is_added() -> None:
    once = with_include("Host work\n", _INCLUDE)
    assert with_include(once, _INCLUDE) == once


def test_include_that_was_moved_below_a_host_line_goes_back_to_the_top() -> None:
    config = f"Host work\n    {_INCLUDE}\n    User ann\n"
    assert with_include(config, _INCLUDE) == f"{_INCLUDE}\nHost work\n    User ann\n"


def test_empty_configuration_becomes_the_one_line() -> None:
    assert with_include("", _INCLUDE) == f"{_INCLUDE}\n"


def test_alias_logs_in_with_its_own_key_and_trusts_one_server_only() -> None:
    text = Alias("paas", Path("/srv/paas/client"), "127.0.0.1", 2222).render()
    assert "IdentityFile /srv/paas/client/id_ed25519\n" in text
    assert "IdentitiesOnly yes\n" in text
    assert "UserKnownHostsFile /srv/paas/client/known_hosts\n" in text
    assert "StrictHostKeyChecking yes\n" in text
