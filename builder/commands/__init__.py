"""The builder's command table."""

from builder.commands import buildpacks, builds, cancel, source
from releases.command import Command

COMMANDS: tuple[Command, ...] = (
    *builds.COMMANDS,
    *buildpacks.COMMANDS,
    *cancel.COMMANDS,
    *source.COMMANDS,
)
