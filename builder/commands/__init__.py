"""The builder's command table."""

from builder.commands import builds
from releases.command import Command

COMMANDS: tuple[Command, ...] = (*builds.COMMANDS,)
