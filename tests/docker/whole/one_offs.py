"""What the tests of one-offs look at: containers, programs in them, the front door's memory."""

from collections.abc import Callable
from pathlib import Path

from tests.docker.whole.seen import docker
from tests.docker.whole.terminal import Terminal
from tests.sample import Sample
from tests.whole import Whole


def one_offs(app: Sample) -> list[str]:
    """Ids of the containers of one-offs, as Docker has them."""
    labels = [f"label=paas.app={app.app}", "label=paas.run"]
    return docker("ps", "-aq", *(part for label in labels for part in ("--filter", label))).split()


def ssh(whole: Whole, *words: str) -> list[str]:
    """The client's command line."""
    return ["ssh", "-F", str(whole.settings.home / "ssh_config"), *words]


def interrupt(terminal: Terminal) -> None:
    """Ctrl-C, which has to reach the program and not us: a shell goes on behind it."""
    terminal.type("sh -c 'echo go-$((4+4)); exec sleep 600'\n")
    terminal.expect("go-8")
    terminal.type("\x03")
    terminal.expect("^C")
    terminal.expect("$ ")


def sleepers(app: Sample, seconds: int) -> bool:
    """Whether `sleep <seconds>` runs in web.1: the newest, beside which old ones may be kept."""
    labels = ["--filter", f"label=paas.app={app.app}", "--filter", "label=paas.index"]
    newest, *_ = docker("ps", "-q", *labels).split()
    return f"sleep {seconds}" in docker("top", newest)


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
