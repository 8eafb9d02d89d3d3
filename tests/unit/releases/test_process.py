"""Whether a process still lives, as far as that can be known."""

import os
import socket
import subprocess
import sys

from releases.process import is_dead, own_name


def test_this_process_lives() -> None:
    assert not is_dead(own_name())
    assert own_name() == f"{socket.gethostname()}:{os.getpid()}"


def test_a_process_that_ended_is_dead_also_while_nobody_has_asked_how() -> None:
    with subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE) as process:
        name = f"{socket.gethostname()}:{process.pid}"
        assert process.stdout
        process.stdout.read()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # it stays a zombie
        assert is_dead(name)
    assert is_dead(name)


def test_of_a_process_on_another_host_nothing_is_known() -> None:
    assert not is_dead("elsewhere.example:999999999")
