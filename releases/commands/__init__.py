"""The release manager's command table."""

from releases.command import Command
from releases.commands import apps, config, enter, logs, ps, releases, run

COMMANDS: tuple[Command, ...] = (
    *apps.COMMANDS,
    *config.COMMANDS,
    *releases.COMMANDS,
    *ps.COMMANDS,
    *run.COMMANDS,
    *enter.COMMANDS,
    *logs.COMMANDS,
)
