"""The builder's command table."""

from builder.commands import build_info, buildpacks, builds, cancel, source
from releases.command import Command

COMMANDS: tuple[Command, ...] = (
    *build_info.COMMANDS,
    *buildpacks.COMMANDS,
    *builds.COMMANDS,
    *cancel.COMMANDS,
    *source.COMMANDS,
)
