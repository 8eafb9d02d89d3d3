"""The small shell stage before Python."""

import shutil
import subprocess
from pathlib import Path

import pytest

from releases.settings import PROJECT

_PROGRAMS = ("up", "down", "paas", "test", "lock")


@pytest.fixture
def fresh_clone(tmp_path: Path) -> Path:
    """A clone in which nothing was ever started."""
    shutil.copytree(PROJECT / "bin", tmp_path / "bin")
    return tmp_path


def run(program: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", [*_PROGRAMS, "machine.sh"])
def test_a_plain_posix_shell_can_read_it(name: str) -> None:
    done = subprocess.run(["sh", "-n", PROJECT / "bin" / name], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("name", _PROGRAMS)
def test_it_can_be_run(name: str) -> None:
    assert (PROJECT / "bin" / name).stat().st_mode & 0o111 == 0o111


def test_down_before_the_first_up_is_fine(fresh_clone: Path) -> None:
    done = run(fresh_clone / "bin" / "down")
    assert done.returncode == 0
    assert "nothing was ever started" in done.stdout


def test_command_before_the_first_up_says_what_to_run(fresh_clone: Path) -> None:
    done = run(fresh_clone / "bin" / "paas", "apps")
    assert done.returncode == 1
    assert done.stderr == f" !     nothing is installed yet; run {fresh_clone}/bin/up first\n"


def test_programs_find_their_root_through_a_link(fresh_clone: Path, tmp_path: Path) -> None:
    link = tmp_path / "elsewhere"
    link.symlink_to(fresh_clone / "bin" / "paas")
    assert f"run {fresh_clone}/bin/up first" in run(link).stderr


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_lock_has_a_hash_for_everything_and_names_no_registry(lock: str) -> None:
    text = (PROJECT / lock).read_text()
    entries = [line for line in text.splitlines() if line and line[0] not in " #"]
    assert entries
    assert all("==" in line and line.endswith("\\") for line in entries)
    assert "://" not in text
    assert "index-url" not in text
