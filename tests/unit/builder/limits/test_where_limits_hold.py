"""Where builds can be limited at all."""

from dataclasses import replace
from pathlib import Path

from builder.limits.guard import why_unlimited
from releases.settings import Settings


def test_an_engine_on_another_machine_cannot_be_limited_from_here() -> None:
    settings = replace(Settings(home=Path("/nowhere")), docker_host="tcp://builds.example:2376")
    assert why_unlimited(settings) == "Docker is on another machine"
