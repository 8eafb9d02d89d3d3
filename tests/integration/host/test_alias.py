"""The ssh alias, as the real ssh client understands it."""

import subprocess
from pathlib import Path

import pytest

from host.alias import Alias, Outcome, SshRefused


@pytest.fixture
def alias(tmp_path: Path) -> Alias:
    directory = tmp_path / "client"
    directory.mkdir()
    alias = Alias("paas", directory, "127.0.0.1", 2222)
    alias.write()
    return alias


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "person" / ".ssh" / "config"


def options(config: Path, host: str) -> dict[str, str]:
    """What `ssh -G` says."""
    command = ["ssh", "-F", str(config), "-G", host]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return {line.split(" ", 1)[0]: line.partition(" ")[2] for line in done.stdout.splitlines()}


def test_alias_becomes_a_host_of_the_person(alias: Alias, config: Path) -> None:
    assert alias.install(config) is Outcome.ADDED
    found = options(config, "paas")
    assert (found["hostname"], found["port"], found["user"]) == ("127.0.0.1", "2222", "git")
    assert found["identityfile"] == str(alias.identity)
    assert found["identitiesonly"] == "yes"
    assert found["userknownhostsfile"] == str(alias.directory / "known_hosts")
    assert found["stricthostkeychecking"] in ("true", "yes")
    assert found["ciphers"].startswith("aes128-gcm@openssh.com")


def test_file_and_directory_are_for_the_person_only(alias: Alias, config: Path) -> None:
    alias.install(config)
    assert config.stat().st_mode & 0o777 == 0o600
    assert config.parent.stat().st_mode & 0o777 == 0o700
    assert alias.file.stat().st_mode & 0o777 == 0o600


def test_second_time_nothing_changes(alias: Alias, config: Path) -> None:
    alias.install(config)
    before = config.read_bytes()
    assert alias.install(config) is Outcome.THERE
    assert config.read_bytes() == before


def test_what_the_person_had_stays_as_it_was(alias: Alias, config: Path) -> None:
    config.parent.mkdir(parents=True)
    had = "# mine\nHost work\n\tUser ann\n\nHost *\n  Port 2022\n  User root\n"
    config.write_text(had)
    config.chmod(0o640)
    assert alias.install(config) is Outcome.ADDED
    assert config.read_text() == f"{alias.include}\n{had}"
    assert config.stat().st_mode & 0o777 == 0o640
    assert options(config, "work")["user"] == "ann"
    assert options(config, "paas")["port"] == "2222"
    assert options(config, "paas")["user"] == "git"


@pytest.mark.parametrize("pattern", ["paas", "pa*", "other paas"])
def test_host_of_the_same_name_is_noticed_and_left_alone(
    alias: Alias, config: Path, pattern: str
) -> None:
    config.parent.mkdir(parents=True)
    had = f"Host {pattern}\n    HostName paas.example.com\n"
    config.write_text(had)
    assert alias.install(config) is Outcome.TAKEN
    assert config.read_text() == had


def test_alias_of_another_platform_is_noticed_and_left_alone(
    alias: Alias, config: Path, tmp_path: Path
) -> None:
    alias.install(config)
    (tmp_path / "second").mkdir()
    second = Alias("paas", tmp_path / "second", "127.0.0.1", 2223)
    second.write()
    assert second.install(config) is Outcome.TAKEN
    assert options(config, "paas")["port"] == "2222"


def test_new_port_needs_no_change_of_the_persons_file(alias: Alias, config: Path) -> None:
    alias.install(config)
    moved = Alias("paas", alias.directory, "127.0.0.1", 3333)
    moved.write()
    assert moved.install(config) is Outcome.THERE
    assert options(config, "paas")["port"] == "3333"


def test_link_into_a_dotfiles_repository_stays_a_link(
    alias: Alias, config: Path, tmp_path: Path
) -> None:
    config.parent.mkdir(parents=True)
    dotfile = tmp_path / "dotfile"
    dotfile.write_text("Host work\n")
    config.symlink_to(dotfile)
    alias.install(config)
    assert config.is_symlink()
    assert dotfile.read_text() == f"{alias.include}\nHost work\n"


def test_configuration_that_ssh_refuses_is_one_line(alias: Alias, config: Path) -> None:
    config.parent.mkdir(parents=True)
    config.write_text("NoSuchOption yes\n")
    with pytest.raises(SshRefused, match="ssh does not accept"):
        alias.install(config)
