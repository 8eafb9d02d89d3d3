"""`run` and `enter` over the real ssh client: words, streams, terminals, exit status."""

import ast
import os
import subprocess
import sys

import pytest

from tests.docker.whole.one_offs import interrupt, ssh
from tests.docker.whole.terminal import on_terminal
from tests.sample import Sample
from tests.whole import Whole

pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("nothing_is_left")]

AWKWARD = "two words, 'single' \"double\" $HOME `id` = ünï ✓\nsecond line"


def test_the_exit_status_is_the_commands(whole: Whole, app: Sample) -> None:
    done = whole.ssh(f"run {app.app} sh -c 'exit 42'")
    assert (done.returncode, done.stdout, done.stderr) == (42, "", "")


def test_streams_stay_apart_and_bytes_are_what_they_were(whole: Whole, app: Sample) -> None:
    data = bytes(range(256)) * 4000
    done = subprocess.run(
        ssh(whole, "paas", f"run {app.app} sh -c 'cat; echo oops >&2'"),
        input=data,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout == data, done.stderr) == (0, True, b"oops\n")


def test_the_end_of_the_input_reaches_the_program(whole: Whole, app: Sample) -> None:
    done = whole.ssh("run", app.app, "wc", "-l", stdin="a\nb\nc\n")
    assert (done.returncode, done.stdout.strip()) == (0, "3")


def test_a_program_that_does_not_read_its_input_ends_all_the_same(
    whole: Whole, app: Sample
) -> None:
    done = whole.ssh("run", app.app, "echo", "hi", stdin="x" * 5_000_000)
    assert (done.returncode, done.stdout) == (0, "hi\n")


def test_it_runs_with_the_live_releases_config_and_its_own_name(whole: Whole, app: Sample) -> None:
    quoted = AWKWARD.replace("'", "'\"'\"'")
    assert whole.ssh(f"config:set {app.app} 'GREETING={quoted}'").returncode == 0
    script = "import os; print(ascii([os.environ[n] for n in ('GREETING', 'DYNO', 'PAAS_APP')]))"
    done = whole.ssh(f'run {app.app} python -c "{script}"')
    assert done.returncode == 0, done.stderr
    greeting, dyno, name = ast.literal_eval(done.stdout)
    assert (greeting, dyno.partition(".")[0], name) == (AWKWARD, "run", app.app)


def test_no_shell_reads_the_words(whole: Whole, app: Sample) -> None:
    done = whole.ssh(f"run {app.app} printf '%s\\n' '$(id)' 'two  words' ';' '|' '`id`' '*' ''")
    assert done.stdout == "$(id)\ntwo  words\n;\n|\n`id`\n*\n\n"


def test_one_word_with_spaces_is_a_line_for_the_containers_shell(whole: Whole, app: Sample) -> None:
    done = whole.ssh(f"run {app.app} 'echo $DYNO | tr a-z A-Z; exit 3'")
    assert (done.returncode, done.stdout[:4]) == (3, "RUN.")


def test_a_pipe_that_no_shell_reads_is_explained_when_it_fails(whole: Whole, app: Sample) -> None:
    done = whole.ssh("run", app.app, "ls | wc")  # ssh takes the quotes away
    assert done.returncode == 2
    assert f"ssh paas \"run {app.app} 'ls | wc'\"" in done.stderr.splitlines()[-1]


def test_a_name_of_the_procfile_runs_its_line(whole: Whole, app: Sample) -> None:
    done = whole.ssh("run", app.app, "worker")
    assert done.returncode == 5
    assert done.stdout.startswith("I am run.")


def test_options_after_the_command_are_the_commands(whole: Whole, app: Sample) -> None:
    done = whole.ssh("run", app.app, "ls", "--help", "-la")
    assert "Usage: ls" in done.stdout
    assert "Usage: run" in whole.ssh("run", app.app, "--help").stdout


@pytest.mark.parametrize("command", ["run", "enter"])
def test_a_missing_program_is_one_plain_line(whole: Whole, app: Sample, command: str) -> None:
    done = whole.ssh(command, app.app, "nope", "x")
    assert (done.returncode, done.stdout) == (127, "")
    assert done.stderr.startswith(" !     nope cannot be run in the container: ")
    assert len(done.stderr.splitlines()) == 1


def test_an_app_without_a_release_is_one_plain_line(whole: Whole) -> None:
    name = f"bare-{os.getpid()}"
    whole.ssh("apps:create", name)
    done = whole.ssh("run", name, "ls")
    assert done.stderr == f" !     app {name} has no release yet; deploy it with git push first\n"
    assert done.returncode == 1
    assert "runs no web.1" in whole.ssh("enter", name).stderr
    whole.ssh("apps:destroy", name, "--confirm", name)


@pytest.mark.parametrize("command", ["run", "enter"])
def test_a_terminal_has_its_size_from_the_first_look_on(
    whole: Whole, app: Sample, command: str
) -> None:
    words = [command, app.app, "sh", "-c", "'stty size; tty; echo $TERM'"]
    with on_terminal(ssh(whole, "-t", "paas", *words)) as terminal:
        terminal.expect("33 77\r\n")
        terminal.expect("/dev/pts/")
        terminal.expect("xterm-256color")
        assert terminal.status() == 0


@pytest.mark.parametrize("command", ["run", "enter"])
def test_a_shell_on_a_terminal_follows_the_window_and_takes_ctrl_c(
    whole: Whole, app: Sample, command: str
) -> None:
    with on_terminal(ssh(whole, "-t", "paas", command, app.app, "sh")) as terminal:
        terminal.type("echo up-$((1+1))\n")
        terminal.expect("up-2")
        terminal.resize(40, 100)
        terminal.type(
            "until [ \"$(stty size)\" = '40 100' ]; do sleep 0.1; done; echo is-$((2+2))\n"
        )
        terminal.expect("is-4")
        interrupt(terminal)
        terminal.type("exit 9\n")
        assert terminal.status() == 9


def test_enter_gives_a_shell_of_web_1(whole: Whole, app: Sample) -> None:
    with on_terminal(ssh(whole, "-t", "paas", "enter", app.app)) as terminal:
        terminal.type("echo $0 $DYNO\n")
        terminal.expect("bash web.1")
        terminal.expect("$ ")  # before its prompt, bash throws away what was typed
        terminal.type("\x04")
        assert terminal.status() == 0


def test_enter_runs_a_command_in_the_named_process(whole: Whole, app: Sample) -> None:
    done = whole.ssh(f"enter {app.app} web.1 sh -c 'cat; echo $DYNO >&2; exit 4'", stdin="in")
    assert (done.returncode, done.stdout, done.stderr) == (4, "in", "web.1\n")
    missing = whole.ssh("enter", app.app, "web.7", "ls")
    assert f"app {app.app} runs no web.7" in missing.stderr


def test_the_local_command_line_does_the_same(whole: Whole, app: Sample) -> None:
    words = [sys.executable, "-m", "gitreceive", "paas", "run", app.app]
    environment = {**os.environ, **whole.environment}
    piped = subprocess.run(
        [*words, "sh", "-c", "cat; echo oops >&2; exit 4"],
        input=b"\0in", capture_output=True, env=environment, check=False,
    )  # fmt: skip
    assert (piped.returncode, piped.stdout, piped.stderr) == (4, b"\0in", b"oops\n")
    with on_terminal(
        ["env", *(f"{k}={v}" for k, v in whole.environment.items()), *words, "sh"]
    ) as (terminal):
        terminal.type("stty size; echo up-$((1+1))\n")
        terminal.expect("33 77")
        terminal.expect("up-2")
        interrupt(terminal)
        terminal.type("exit 8\n")
        assert terminal.status() == 8
