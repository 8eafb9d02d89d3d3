"""The builder's command table."""

from builder.commands import build_info, buildpacks, builds, cancel, source
from releases.command import Command

COMMANDS: tuple[Command, ...] = (
    *builds.COMMANDS,
    *build_info.COMMANDS,
    *buildpacks.COMMANDS,
    *cancel.COMMANDS,
    *source.COMMANDS,
)
