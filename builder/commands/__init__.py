"""The builder's command table."""

from builder.commands import builds, cancel
from releases.command import Command

COMMANDS: tuple[Command, ...] = (*builds.COMMANDS, *cancel.COMMANDS)
