"""The release manager's command table."""

from releases.command import Command
from releases.commands import apps, checks, config, logs, ps, releases

COMMANDS: tuple[Command, ...] = (
    *apps.COMMANDS,
    *config.COMMANDS,
    *releases.COMMANDS,
    *ps.COMMANDS,
    *checks.COMMANDS,
    *logs.COMMANDS,
)
