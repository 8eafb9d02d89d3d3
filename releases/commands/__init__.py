"""The release manager's command table."""

from releases.command import Command
from releases.commands import (
    apps,
    canary,
    checks,
    config,
    enter,
    logs,
    ps,
    releases,
    resource,
    retention,
    run,
)

COMMANDS: tuple[Command, ...] = (
    *apps.COMMANDS,
    *config.COMMANDS,
    *releases.COMMANDS,
    *canary.COMMANDS,
    *retention.COMMANDS,
    *ps.COMMANDS,
    *run.COMMANDS,
    *enter.COMMANDS,
    *checks.COMMANDS,
    *resource.COMMANDS,
    *logs.COMMANDS,
)
