"""What is written into a step's cgroup, in both versions of cgroups."""

from pathlib import Path

import pytest

from builder.limits.cgroups import Limits, counters, has_hit, limit

ALL = Limits(memory_mb=64, cpus=1.5, processes=100)
NONE = Limits(memory_mb=0, cpus=0.0, processes=0)
BYTES = str(64 * 1024 * 1024)
VERSION_1 = {
    "cpu": {"cpu.shares": "128", "cpu.cfs_quota_us": "150000"},
    "memory": {"memory.limit_in_bytes": BYTES, "memory.memsw.limit_in_bytes": BYTES},
    "pids": {"pids.max": "100"},
}
VERSION_2 = {
    "": {
        "cpu.weight": "12",
        "cpu.max": "150000 100000",
        "memory.max": BYTES,
        "memory.swap.max": "0",
        "memory.oom.group": "1",
        "pids.max": "100",
    }
}


def cgroups(root: Path, files: dict[str, dict[str, str]]) -> dict[str, Path]:
    """A step's cgroups as the kernel would have made them, below BuildKit's own."""
    made = {}
    for controller, names in files.items():
        made[controller] = root / (controller or "unified") / "buildkit" / "step"
        made[controller].mkdir(parents=True)
        for name in names:
            (made[controller] / name).write_text("as it was")
            (made[controller].parent / name).write_text("as it was")
    return made


def content(cgroup: Path) -> dict[str, str]:
    """The files of a cgroup."""
    return {path.name: path.read_text() for path in cgroup.iterdir() if path.is_file()}


@pytest.mark.parametrize("files", [VERSION_1, VERSION_2])
def test_every_limit_is_written_where_its_version_has_it(
    tmp_path: Path, files: dict[str, dict[str, str]]
) -> None:
    made = cgroups(tmp_path, files)
    limit(made, ALL)
    assert {name: content(cgroup) for name, cgroup in made.items()} == files


@pytest.mark.parametrize("files", [VERSION_1, VERSION_2])
def test_without_limits_only_the_weight_of_builds_is_set_for_all_of_them_together(
    tmp_path: Path, files: dict[str, dict[str, str]]
) -> None:
    made = cgroups(tmp_path, files)
    limit(made, NONE)
    for controller, cgroup in made.items():
        for place in (cgroup, cgroup.parent):
            changed = {n: v for n, v in content(place).items() if v != "as it was"}
            weights = {"cpu": {"cpu.shares": "128"}, "": {"cpu.weight": "12"}}
            assert changed == weights.get(controller, {})


def test_a_parent_that_is_not_for_builds_alone_keeps_its_weight(tmp_path: Path) -> None:
    cgroup = tmp_path / "system.slice" / "step"
    cgroup.mkdir(parents=True)
    (cgroup.parent / "cpu.weight").write_text("100")
    limit({"": cgroup}, ALL)
    assert (cgroup.parent / "cpu.weight").read_text() == "100"


def test_a_step_that_has_ended_is_no_error(tmp_path: Path) -> None:
    gone = {name: tmp_path / "gone" / name for name in VERSION_1}
    limit(gone, ALL)
    assert not any(has_hit(counter) for counter in counters(gone))


@pytest.mark.parametrize(
    ("name", "text", "hit"),
    [
        ("pids.events", "max 0\n", False),
        ("pids.events", "max 3\n", True),
        ("memory.events", "low 0\nhigh 0\nmax 900\noom 0\noom_kill 0\n", False),
        ("memory.events", "low 0\nhigh 0\nmax 900\noom 1\noom_kill 0\n", True),
    ],
)
def test_a_counter_tells_of_a_limit_that_was_hit(
    tmp_path: Path, name: str, text: str, hit: bool
) -> None:
    (tmp_path / name).write_text(text)
    assert has_hit(tmp_path / name) is hit
    assert name in {counter.name for counter in counters({"": tmp_path})}
