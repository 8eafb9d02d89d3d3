"""Which certificates stacks trust beyond Debian's own."""

from dataclasses import fields
from pathlib import Path

from releases.settings import BadSetting, Settings

_DEFAULT = next(field.default for field in fields(Settings) if field.name == "ca_bundle")


def read_bundle(path: Path) -> bytes:
    """The PEM file that the setting ca_bundle names; empty where nobody named one."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        if path == _DEFAULT:
            return b""  # this host has none, and Debian's own do
        raise BadSetting(
            f"setting ca_bundle: {path} is not there; put the bundle there or unset it"
        ) from None
    except OSError as error:
        raise BadSetting(f"setting ca_bundle: {path}: {error.strerror}") from error
