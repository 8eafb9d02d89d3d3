"""The release manager's command table."""

from releases.command import Command
from releases.commands import apps, config, logs, ps, releases

COMMANDS: tuple[Command, ...] = (
    *apps.COMMANDS,
    *config.COMMANDS,
    *releases.COMMANDS,
    *ps.COMMANDS,
    *logs.COMMANDS,
)
