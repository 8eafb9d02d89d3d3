"""How a program sees its terminal's size at its first look, on engines that tell it later."""

from collections.abc import Sequence
from typing import Any

import docker
from docker.utils import version_lt

from releases.console import Size
from releases.engine.api import one_line

_TOLD_AT_START = "1.42"  # from this API on


def is_told_late(api: Any) -> bool:
    """Whether this engine starts the program first: 20.10 was some 200 ms behind it."""
    return bool(version_lt(api.api_version, _TOLD_AT_START))


def can_be_told(api: Any, container: str) -> bool:
    """Whether the container, running or not, has the shell that `sized` needs."""
    with one_line("look for a shell"):
        try:
            chunks, _ = api.get_archive(container, "/bin/sh")
        except docker.errors.NotFound:
            return False
    chunks.close()
    return True


def sized(command: Sequence[str], size: Size) -> list[str]:
    """The command behind a shell that first sets the size."""
    script = f'stty rows {size.rows} cols {size.columns} 2>/dev/null; exec "$@"'
    return ["/bin/sh", "-c", script, "sh", *command]
