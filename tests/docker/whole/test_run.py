"""`run`, `run:detached` and `enter` over the real ssh client, in real containers."""

import ast
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.docker.whole.terminal import Terminal, on_terminal
from tests.docker.whole.test_commands import docker, processes
from tests.sample import Sample
from tests.services import wait_for
from tests.whole import Whole

pytestmark = pytest.mark.docker

PROCFILE = "web: python server.py\nworker: echo I am $DYNO; exit 5\n"
AWKWARD = "two words, 'single' \"double\" $HOME `id` = ünï ✓\nsecond line"


@pytest.fixture(scope="module")
def app(whole: Whole, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sample]:
    """One app for all tests here: one-offs leave nothing behind."""
    sample = Sample.create(tmp_path_factory.mktemp("run"), f"sample-run-{os.getpid()}")
    sample.commit({"Procfile": PROCFILE})
    pushed = whole.git(sample.directory, "push", "paas", "master")
    assert pushed.returncode == 0, pushed.stderr
    yield sample
    whole.ssh("apps:destroy", sample.app, "--confirm", sample.app)


@pytest.fixture(autouse=True)
def nothing_is_left(whole: Whole, app: Sample) -> Iterator[None]:
    """Whatever a test did, its containers are gone in the end."""
    yield
    wait_for(lambda: one_offs(app) == [], "the one-offs to be removed")


def one_offs(app: Sample) -> list[str]:
    """Ids of the containers of one-offs, as Docker has them."""
    labels = [f"label=paas.app={app.app}", "label=paas.run"]
    return docker("ps", "-aq", *(part for label in labels for part in ("--filter", label))).split()


def ssh(whole: Whole, *words: str) -> list[str]:
    """The client's command line."""
    return ["ssh", "-F", str(whole.settings.home / "ssh_config"), *words]


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
        terminal.type("\x04")
        assert terminal.status() == 0


def test_enter_runs_a_command_in_the_named_process(whole: Whole, app: Sample) -> None:
    done = whole.ssh(f"enter {app.app} web.1 sh -c 'cat; echo $DYNO >&2; exit 4'", stdin="in")
    assert (done.returncode, done.stdout, done.stderr) == (4, "in", "web.1\n")
    missing = whole.ssh("enter", app.app, "web.7", "ls")
    assert f"app {app.app} runs no web.7" in missing.stderr


def test_hanging_up_ends_what_was_entered(whole: Whole, app: Sample) -> None:
    words = ssh(whole, "-t", "paas", "enter", app.app, "sh", "-c", "'echo up; sleep 4321'")
    with on_terminal(words) as terminal:
        terminal.expect("up")
        assert sleepers(app, 4321)
        terminal.close_window()
    wait_for(lambda: not sleepers(app, 4321), "the program to end", 30)


def test_hanging_up_removes_it(whole: Whole, app: Sample) -> None:
    with on_terminal(ssh(whole, "-t", "paas", "run", app.app, "sh")) as terminal:
        terminal.type("echo up-$((1+1))\n")
        terminal.expect("up-2")
        assert len(one_offs(app)) == 1
        terminal.close_window()
    wait_for(lambda: one_offs(app) == [], "the container to be removed")


def test_hanging_up_removes_one_that_is_silent_and_deaf(whole: Whole, app: Sample) -> None:
    line = f"run {app.app} sh -c 'trap : HUP TERM; echo up; while :; do sleep 1; done'"
    with subprocess.Popen(
        ssh(whole, "paas", line), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as client:
        assert client.stdout is not None
        assert client.stdout.readline() == b"up\n"
        client.kill()
    wait_for(lambda: one_offs(app) == [], "the container to be removed", 30)


def test_ps_and_run_list_show_it_and_rollouts_leave_it_alone(whole: Whole, app: Sample) -> None:
    name = whole.ssh("run:detached", app.app, "sleep", "600").stdout.strip()
    assert processes(whole, app) == ["web.1", name]
    assert json.loads(whole.ssh("ps", app.app, "--json").stdout)[1]["state"] == "running"
    [row] = json.loads(whole.ssh("run:list", app.app, "--json").stdout)
    assert (row["name"], row["kind"], row["state"], row["by"]) == (
        name, "detached", "running", "ada",
    )  # fmt: skip
    before = one_offs(app)
    assert whole.ssh("ps:restart", app.app).returncode == 0
    assert one_offs(app) == before
    assert whole.ssh("run:stop", app.app, name).stdout == f"-----> Stopped {name}\n"
    assert one_offs(app) == []
    again = whole.ssh("run:stop", app.app, name)
    assert (again.returncode, f"has no {name}" in again.stderr) == (1, True)


def test_a_detached_one_outlives_its_client_and_its_output_is_in_the_logs(
    whole: Whole, app: Sample
) -> None:
    started = whole.ssh(f"run:detached {app.app} 'sleep 1; echo done by $DYNO; exit 6'")
    name = started.stdout.strip()
    assert name.startswith("run.")
    wait_for(
        lambda: f"app[{name}]: done by {name}" in whole.ssh("logs", app.app, "-p", name).stdout,
        "its output",
    )
    ended = f"{name} of {app.app} ended with exit status 6"
    wait_for(lambda: ended in whole.ssh("events").stdout, "its end in the events", 45)
    assert whole.ssh("run:stop", app.app, name).returncode == 0


def test_the_front_door_dies_and_the_container_goes(whole: Whole, app: Sample) -> None:
    words = ssh(whole, "paas", "run", app.app, "sh", "-c", "'echo up; exec sleep 600'")
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as client:
        assert client.stdout is not None
        assert client.stdout.readline() == b"up\n"
        whole.kill("gitreceive")
        whole.start("gitreceive")
        assert client.wait(30) == 255
    assert len(one_offs(app)) == 1
    wait_for(lambda: one_offs(app) == [], "the upkeep to remove it", 100)


def test_much_output_to_a_slow_reader_takes_no_memory(whole: Whole, app: Sample) -> None:
    words = ssh(whole, "paas", "run", app.app, "head", "-c", "100000000", "/dev/zero")
    process = whole.processes["gitreceive"].pid
    before = peak_mb(process)
    with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as client:
        assert client.stdout is not None
        received = len(client.stdout.read(1 << 20))
        wait_for(stands(lambda: bytes_read(process)), "the front door to read no further")
        assert bytes_read(process) < 50_000_000
        received += len(client.stdout.read())
    assert (client.returncode, received) == (0, 100_000_000)
    assert peak_mb(process) - before < 30


def test_an_app_that_is_destroyed_takes_its_one_offs_along(whole: Whole, app: Sample) -> None:
    other = Sample.create(app.directory.parent, f"gone-run-{os.getpid()}")
    assert whole.git(other.directory, "push", "paas", "master").returncode == 0
    assert whole.ssh("run:detached", other.app, "sleep", "600").returncode == 0
    assert len(one_offs(other)) == 1
    done = whole.ssh("apps:destroy", other.app, "--confirm", other.app)
    assert (done.returncode, one_offs(other)) == (0, [])


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


def interrupt(terminal: Terminal) -> None:
    """Ctrl-C, which has to reach the program and not us: a shell goes on behind it."""
    terminal.type("sh -c 'echo go-$((4+4)); exec sleep 600'\n")
    terminal.expect("go-8")
    terminal.type("\x03")
    terminal.expect("^C")
    terminal.expect("$ ")


def sleepers(app: Sample, seconds: int) -> bool:
    """Whether `sleep <seconds>` runs in web.1."""
    label = f"label=paas.app={app.app}"
    [web] = docker("ps", "-q", "--filter", label, "--filter", "label=paas.index").split()
    return f"sleep {seconds}" in docker("top", web)


def stands(value: Callable[[], int]) -> Callable[[], bool]:
    """Whether a value has been the same at fifty looks in a row."""
    seen: list[int] = []

    def has_stood() -> bool:
        seen.append(value())
        return len(seen) >= 50 and len(set(seen[-50:])) == 1

    return has_stood


def bytes_read(process: int) -> int:
    """How much a process has read of anything so far."""
    [line, *_] = Path(f"/proc/{process}/io").read_text().splitlines()
    return int(line.removeprefix("rchar: "))


def peak_mb(process: int) -> float:
    """The most memory that a process had so far."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    [line] = [line for line in lines if line.startswith("VmHWM:")]
    return int(line.split()[1]) / 1024
