"""How much memory the process takes that stores a source."""

import subprocess
import sys
from pathlib import Path

import pytest

from releases.settings import PROJECT
from tests.integration.builder.repository import Repository

pytestmark = pytest.mark.integration
MEASURE = """
import resource, sys
from pathlib import Path
from builder.source.archive import write_source
from builder.source.objects import Objects
def peak_kb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
before = peak_kb()
write_source(Objects(Path(sys.argv[1])), sys.argv[2], Path(sys.argv[3]))
print(peak_kb() - before)
"""


def growth_mb(repository: Repository, commit: str, target: Path) -> float:
    """Of a process of its own: its peak over what it was before."""
    arguments = [sys.executable, "-c", MEASURE, str(repository.path), commit, str(target / "1.tar")]
    done = subprocess.run(
        arguments, cwd=PROJECT, check=True, capture_output=True, text=True, timeout=60
    )
    return int(done.stdout) / 1024


def test_many_files_take_less_than_a_kilobyte_each(repository: Repository, tmp_path: Path) -> None:
    blob = repository.blob("x")
    files = [f"100644 blob {blob}\tfile-{number:05}-{'n' * 40}" for number in range(2000)]
    below = repository.tree(*files)
    top = repository.tree(*(f"040000 tree {below}\tdirectory-{number}" for number in range(12)))
    assert growth_mb(repository, repository.commit_tree(top), tmp_path) < 24


def test_large_files_pass_through_in_pieces(repository: Repository, tmp_path: Path) -> None:
    commit = repository.commit({"large": bytes(1 << 20) * 150, "small": "x"})
    assert growth_mb(repository, commit, tmp_path) < 8
    assert (tmp_path / "1.tar").stat().st_size > 150 << 20
