"""Whose a running process is."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from host import process_list
from tests.services import need, wait_for

_STAY = [sys.executable, "-c", "import signal; print('up', flush=True); signal.pause()"]


@contextmanager
def running(home: Path, instance: str, program: str = "builder") -> Iterator[int]:
    """A stand-in for a process of a platform."""
    environ = {"PAAS_HOME": str(home), "PAAS_INSTANCE": instance}
    marked = {**environ, process_list.PROGRAM: program} if program else environ
    with subprocess.Popen(_STAY, env=marked, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        yield process.pid
        process.kill()


def test_process_is_found_by_its_home(home: Path) -> None:
    with running(home, "paas-test") as pid, running(home / "other", "paas-test"):
        assert process_list.ours(home) == [pid]


def test_process_that_only_has_our_settings_is_not_ours(home: Path) -> None:
    with running(home, "paas-test", program=""):
        assert process_list.ours(home) == []


def test_second_platform_of_the_same_name_is_noticed(home: Path) -> None:
    with running(home, "paas-test"):
        assert process_list.other_home("paas-test", home) is None
        assert process_list.other_home("paas-other", home / "second") is None
        assert process_list.other_home("paas-test", home / "second") == str(home)


def test_number_in_a_pid_file_counts_only_with_the_right_command_line(home: Path) -> None:
    file = home / "some.pid"
    assert process_list.running(file, "import") is None
    with running(home, "paas-test") as pid:
        file.write_text(f"{pid}\n")
        assert process_list.running(file, _STAY[-1]) == pid
        assert process_list.running(file, "supervisord.conf") is None
    assert process_list.running(file, _STAY[-1]) is None


def test_our_redis_can_be_found_although_it_writes_titles(home: Path) -> None:
    program = [need("redis-server"), "--port", "0", "--unixsocket", str(home / "redis.sock")]
    environ = {"PAAS_HOME": str(home), process_list.PROGRAM: "redis"}
    arguments = [*program, "--save", "", "--set-proc-title", "no"]
    with subprocess.Popen(arguments, env=environ, cwd=home, stdout=subprocess.DEVNULL) as redis:
        wait_for((home / "redis.sock").exists, "Redis")
        assert process_list.ours(home) == [redis.pid]
        redis.kill()
