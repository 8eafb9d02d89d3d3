"""How what Docker says of one container is read."""

from collections.abc import Mapping
from typing import Any

from releases.engine.api import ended_at
from releases.engine.freezer import is_frozen
from releases.engine.protocol import Condition


def condition_of(found: Mapping[str, Any]) -> Condition:
    """From `GET /containers/<id>/json`."""
    state = found["State"]
    return Condition(
        running=state["Running"] and not state["Restarting"],
        exit_code=state["ExitCode"],
        restarts=found["RestartCount"],
        process=state["Pid"],
        out_of_memory=state["OOMKilled"],
        ended_at=ended_at(state),
        hangs=state["Running"] and not state["Paused"] and is_frozen(state["Pid"]),
    )


def taken_bytes(stats: Mapping[str, Any]) -> int:
    """From `GET /containers/<id>/stats`: without the page cache, as `docker stats` counts."""
    memory = stats.get("memory_stats", {})
    detail = memory.get("stats", {})
    cache = detail.get("total_inactive_file", detail.get("inactive_file", 0))
    return max(0, int(memory.get("usage", 0)) - int(cache))
