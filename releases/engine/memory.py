"""How Docker's statistics tell the memory that a container takes."""

from collections.abc import Mapping
from typing import Any


def taken_bytes(stats: Mapping[str, Any]) -> int:
    """Without the page cache, as `docker stats` counts."""
    memory = stats.get("memory_stats", {})
    detail = memory.get("stats", {})
    cache = detail.get("total_inactive_file", detail.get("inactive_file", 0))
    return max(0, int(memory.get("usage", 0)) - int(cache))
