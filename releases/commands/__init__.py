"""The release manager's command table."""

from releases.command import Command
from releases.commands import apps, config, logs, ps, releases, resource

COMMANDS: tuple[Command, ...] = (
    *apps.COMMANDS,
    *config.COMMANDS,
    *releases.COMMANDS,
    *ps.COMMANDS,
    *resource.COMMANDS,
    *logs.COMMANDS,
)
