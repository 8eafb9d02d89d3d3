"""How a base image's root file system is made, with a stand-in for the program that does it."""

from pathlib import Path

import pytest

from builder.bases.debian import BootstrapFailed, NoBootstrap, root_file_system


def install(directory: Path, name: str, script: str) -> None:
    program = directory / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only directory on PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def test_what_the_program_writes_is_the_archive_and_what_it_says_is_reported(
    programs: Path,
) -> None:
    install(programs, "mmdebstrap", "echo I: begun >&2; echo tar; echo I: success >&2")
    said: list[str] = []
    assert b"".join(root_file_system("bookworm", said.extend)) == b"tar\n"
    assert said == ["I: begun", "I: success"]


def test_a_failure_is_an_error_although_the_archive_has_begun(programs: Path) -> None:
    install(
        programs, "mmdebstrap", "echo tar; echo E: no such mirror >&2; echo W: bye >&2; exit 25"
    )
    with pytest.raises(BootstrapFailed, match="a Debian bookworm: E: no such mirror"):
        list(root_file_system("bookworm", lambda lines: None))


def test_debootstrap_is_taken_where_there_is_no_mmdebstrap(programs: Path) -> None:
    install(programs, "debootstrap", "echo I: Retrieving")
    install(programs, "tar", 'for word; do case "$word" in -C) echo tar;; esac; done')
    said: list[str] = []
    assert b"".join(root_file_system("bookworm", said.extend)) == b"tar\n"
    assert said == ["I: Retrieving"]


def test_without_either_one_line_says_what_to_install(programs: Path) -> None:
    with pytest.raises(NoBootstrap, match="apt-get install mmdebstrap"):
        list(root_file_system("bookworm", lambda lines: None))


def test_a_suite_whose_keys_are_unknown_here_says_which_package_brings_them(
    programs: Path,
) -> None:
    script = "echo W: NO_PUBKEY 6ED0E7B82643E131 >&2; echo E: apt-get update failed >&2; exit 25"
    install(programs, "mmdebstrap", script)
    with pytest.raises(BootstrapFailed, match=r"trixie: E: apt-get.*debian-archive-keyring"):
        list(root_file_system("trixie", lambda lines: None))
