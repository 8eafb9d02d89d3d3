"""The release manager's command table."""

from releases.command import Command
from releases.commands import apps, canary, checks, config, logs, ps, releases, retention

COMMANDS: tuple[Command, ...] = (
    *apps.COMMANDS,
    *config.COMMANDS,
    *releases.COMMANDS,
    *canary.COMMANDS,
    *retention.COMMANDS,
    *ps.COMMANDS,
    *checks.COMMANDS,
    *logs.COMMANDS,
)
