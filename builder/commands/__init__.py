"""The builder's command table."""

from builder.commands import buildpacks, builds, source
from releases.command import Command

COMMANDS: tuple[Command, ...] = (*builds.COMMANDS, *buildpacks.COMMANDS, *source.COMMANDS)
