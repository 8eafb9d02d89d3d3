"""The builder's command table."""

from builder.commands import builds, source
from releases.command import Command

COMMANDS: tuple[Command, ...] = (*builds.COMMANDS, *source.COMMANDS)
