"""Where the kernel says that a process is frozen, in both versions of its control groups."""

from pathlib import Path

import pytest

from releases.engine.freezer import is_frozen

OF_VERSION_1 = "9:freezer:/docker/f00d\n2:memory:/docker/f00d\n0::/docker/f00d\n"
OF_VERSION_2 = "0::/system.slice/docker-f00d.scope\n"


def seen(home: Path, lines: str, files: dict[str, str]) -> bool:
    """What is said of the process 42, which is in the groups of these lines."""
    for name, text in {"proc/42/cgroup": lines, **files}.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text)
    return is_frozen(42, home / "proc", home / "cgroup")


@pytest.mark.parametrize(
    ("state", "frozen"), [("FROZEN\n", True), ("FREEZING\n", True), ("THAWED\n", False)]
)
def test_version_1_has_a_file_for_it(tmp_path: Path, state: str, frozen: bool) -> None:
    files = {"cgroup/freezer/docker/f00d/freezer.state": state}
    assert seen(tmp_path, OF_VERSION_1, files) is frozen


@pytest.mark.parametrize("frozen", [True, False])
def test_version_2_has_an_event_for_it(tmp_path: Path, frozen: bool) -> None:
    group = "cgroup/system.slice/docker-f00d.scope"
    files = {
        "cgroup/cgroup.controllers": "cpu memory\n",
        f"{group}/cgroup.events": f"populated 1\nfrozen {int(frozen)}\n",
    }
    assert seen(tmp_path, OF_VERSION_2, files) is frozen


@pytest.mark.parametrize("lines", [OF_VERSION_1, OF_VERSION_2])
def test_what_cannot_be_seen_from_here_does_not_count_as_frozen(tmp_path: Path, lines: str) -> None:
    assert seen(tmp_path, lines, {"cgroup/cgroup.controllers": ""}) is False


def test_a_process_that_is_gone_is_not_frozen(tmp_path: Path) -> None:
    assert is_frozen(42, tmp_path, tmp_path) is False
