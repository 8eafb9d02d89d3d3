"""The builder's command table."""

from builder.commands import buildpacks, builds
from releases.command import Command

COMMANDS: tuple[Command, ...] = (*builds.COMMANDS, *buildpacks.COMMANDS)
