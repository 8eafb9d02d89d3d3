"""When a build has to stop because of the disk."""

import time
from pathlib import Path

import pytest

from builder.limits.disk import DiskUse, LowDisk, check_room, free_bytes, written_bytes

MB = 1024 * 1024


def test_only_what_was_written_since_the_beginning_counts(tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(b"x" * MB)
    later = time.time() + 3600
    assert written_bytes([tmp_path], since=later) == 0
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "new").write_bytes(b"x" * MB)
    (tmp_path / "link").symlink_to("/")
    assert 2 * MB <= written_bytes([tmp_path, tmp_path / "gone"], since=0) < 2.1 * MB


def test_too_little_room_is_told_with_the_setting_and_the_way_out(tmp_path: Path) -> None:
    free_mb = free_bytes(tmp_path) // MB
    check_room(tmp_path, 0)
    with pytest.raises(LowDisk, match=r"low_disk_mb\); free some, .*, and push again"):
        check_room(tmp_path, free_mb + 10_000)


def test_a_build_goes_on_while_there_is_room(tmp_path: Path) -> None:
    assert DiskUse(tmp_path, low_mb=0, most_mb=0).verdict([tmp_path]) == ""
    assert DiskUse(tmp_path, low_mb=0, most_mb=100_000).verdict(None) == ""


def test_of_a_disk_that_is_low_those_who_filled_it_go_first(tmp_path: Path) -> None:
    low_mb = free_bytes(tmp_path) // MB + 10_000
    busy, idle = (DiskUse(tmp_path, low_mb, most_mb=0) for _ in range(2))
    (tmp_path / "busy").mkdir()
    (tmp_path / "busy" / "file").write_bytes(b"x" * 64 * MB)
    assert "low_disk_mb" in busy.verdict([tmp_path / "busy"])
    (tmp_path / "busy" / "more").write_bytes(b"x" * 64 * MB)
    assert idle.verdict([tmp_path / "nothing"]) == ""
