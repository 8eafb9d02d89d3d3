"""A job for tests: it says its process's id and then never ends by itself."""

import os
import signal

from releases.log import DeployLog
from releases.platform import Platform


def hang(app: str, log: str) -> None:
    """Stay in the middle of a deploy."""
    DeployLog(Platform.from_env(os.environ).store.logs, log).write([str(os.getpid())])
    signal.pause()
