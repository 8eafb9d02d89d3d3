"""What runc's notes say of a build step."""

import json
from pathlib import Path

from builder.limits.steps import read_step

HOSTS = "127.0.0.1\tlocalhost buildkitsandbox\n127.4.5.6\tpaas-build\n"


def note(directory: Path, hosts: str = HOSTS) -> None:
    """Write notes as runc does."""
    (directory / "hosts").write_text(hosts)
    (directory / "cache").mkdir()
    mounts = [
        {"source": "proc", "destination": "/proc", "device": "proc"},
        {"source": f"{directory}/hosts", "destination": "/etc/hosts", "device": "bind"},
        {"source": f"{directory}/cache", "destination": "/root/.npm", "device": "bind"},
    ]
    state = {
        "init_process_pid": 7,
        "init_process_start": 8,
        "cgroup_paths": {"memory": "/sys/fs/cgroup/memory/docker/buildkit/abc"},
        "config": {"rootfs": "/nowhere", "mounts": mounts},
    }
    (directory / "state.json").write_text(json.dumps(state))


def test_a_step_is_known_by_the_address_of_a_host_and_by_where_it_writes(tmp_path: Path) -> None:
    note(tmp_path)
    step = read_step(tmp_path, "paas-build")
    assert step
    assert (step.pid, step.start, step.mark) == (7, 8, "127.4.5.6")
    assert step.places == (tmp_path / "cache",)
    assert step.cgroups == {"memory": Path("/sys/fs/cgroup/memory/docker/buildkit/abc")}


def test_a_step_of_somebody_else_has_no_mark(tmp_path: Path) -> None:
    note(tmp_path, "127.0.0.1\tlocalhost\n127.4.5.6\tpaas-build.example.com paas-build\n")
    step = read_step(tmp_path, "paas-build")
    assert step
    assert step.mark == ""


def test_a_step_that_is_just_being_noted_down_is_none_yet(tmp_path: Path) -> None:
    assert read_step(tmp_path, "paas-build") is None
    (tmp_path / "state.json").write_text('{"id": "ab')
    assert read_step(tmp_path, "paas-build") is None
    assert read_step(tmp_path / "gone", "paas-build") is None
