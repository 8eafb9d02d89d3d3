"""The release manager's command table."""

from releases.command import Command
from releases.commands import apps, canary, config, logs, ps, releases, retention

COMMANDS: tuple[Command, ...] = (
    *apps.COMMANDS,
    *config.COMMANDS,
    *releases.COMMANDS,
    *canary.COMMANDS,
    *retention.COMMANDS,
    *ps.COMMANDS,
    *logs.COMMANDS,
)
