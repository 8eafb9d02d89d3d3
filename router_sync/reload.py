"""How a new configuration gets into HAProxy without losing a connection."""

import shutil
import subprocess
import threading
import time
from pathlib import Path

from releases.errors import PaasError
from router_sync.runtime import Fleet, NoHaproxy, Runtime

_CHECK_TIMEOUT_S = 60.0
_TIMEOUT_S = 30.0
_LOOK_S = 0.01


class NoProgram(PaasError):
    """HAProxy is not installed."""


class ReloadFailed(PaasError):
    """The configuration was not taken; the workers there were go on."""


def haproxy_program() -> str:
    """The path of haproxy; NoProgram."""
    found = shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin:/sbin")
    if not found:
        raise NoProgram("haproxy is not installed; install the package haproxy (2.6 or newer)")
    return found


def reload_haproxy(runtime: Runtime, config: Path) -> Fleet:
    """Check the configuration, load it into a new worker, and return when that one is there.

    ReloadFailed, with everything as it was, if HAProxy does not take it.
    """
    _check(config)
    before = runtime.fleet()
    runtime.reload()
    deadline = time.monotonic() + _TIMEOUT_S
    pause = threading.Event()
    while time.monotonic() < deadline:
        fleet = _look(runtime)
        if fleet and fleet.failed_reloads > before.failed_reloads:
            raise ReloadFailed("HAProxy could not start a worker with the new configuration")
        if fleet and fleet.current != before.current:
            return fleet
        pause.wait(_LOOK_S)  # the master announces a new worker to nobody but a service manager
    raise ReloadFailed(f"HAProxy had no new worker {_TIMEOUT_S:.0f} s after a reload")


def _look(runtime: Runtime) -> Fleet | None:
    try:
        return runtime.fleet()
    except NoHaproxy:
        return None  # the master is replacing itself


def _check(config: Path) -> None:
    command = [haproxy_program(), "-c", "-f", str(config)]
    try:
        checked = subprocess.run(
            command, capture_output=True, text=True, timeout=_CHECK_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise ReloadFailed(f"HAProxy took {_CHECK_TIMEOUT_S:.0f} s to check {config}") from error
    if checked.returncode:
        raise ReloadFailed(f"HAProxy rejects {config}: {checked.stderr.strip()[-500:]}")
