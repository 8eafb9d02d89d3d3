"""The engine that a test may kill: it comes back, and nothing of it stays."""

from pathlib import Path

import pytest

from tests.docker.images import plain_image
from tests.engines import OwnEngine, own_engine

pytestmark = pytest.mark.docker


def test_an_engine_of_ones_own_comes_back_after_kill_9_with_what_it_had() -> None:
    with own_engine(disk_mb=128) as engine:
        plain_image(engine.api(), "tests/plain:1")
        engine.kill()
        engine.start()
        assert engine.api().inspect_image("tests/plain:1")


def test_an_engine_of_ones_own_leaves_nothing_after_a_failed_test() -> None:
    left: list[OwnEngine] = []

    def fail() -> None:
        with own_engine(disk_mb=128) as engine:
            left.append(engine)
            raise RuntimeError("a test fails")

    with pytest.raises(RuntimeError, match="a test fails"):
        fail()
    (engine,) = left
    assert not engine.directory.exists()
    assert str(engine.directory) not in Path("/proc/self/mountinfo").read_text()
    assert not (Path("/run/netns") / engine.namespace).exists()
