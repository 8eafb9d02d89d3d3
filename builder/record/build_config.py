"""What a build is given of the app's build config, and what of it makes a step run anew."""

import hashlib
import shlex
from collections.abc import Collection, Mapping

from releases.domain.config import BuildConfig

# All of it as one file for `set -a; . /run/secrets/build-env`; each var is a secret too.
ENVIRONMENT = "build-env"
# The argument that a Dockerfile declares where a changed config must miss the cache: BuildKit
# does not look at the values of secrets.
DIGEST = "BUILD_CONFIG"


def secrets(config: BuildConfig) -> dict[str, bytes]:
    """For `RUN --mount=type=secret,id=...`."""
    lines = (f"{name}={shlex.quote(value)}\n" for name, value in sorted(config.values.items()))
    values = {name: value.encode() for name, value in config.values.items()}
    return {**values, ENVIRONMENT: "".join(lines).encode()}


def arguments(config: BuildConfig, declared: Collection[str], *, of_app: bool) -> dict[str, str]:
    """Build args for what a Dockerfile declares; values go only into an app's own (`of_app`).

    They stand in the image's history then: that is the app's choice.
    """
    wanted = set(declared) & set(config.values) if of_app else ()
    given = {name: config.values[name] for name in sorted(wanted)}
    return {**given, DIGEST: _digest(config.digests)} if DIGEST in declared else given


def digests(config: BuildConfig, declared: Collection[str], *, of_app: bool) -> dict[str, str]:
    """Of the vars that the Dockerfile's steps depend on, by name."""
    if DIGEST in declared:
        return dict(config.digests)
    return {name: config.digests[name] for name in arguments(config, declared, of_app=of_app)}


def _digest(keyed: Mapping[str, str]) -> str:
    lines = "".join(f"{name}:{digest}\n" for name, digest in sorted(keyed.items()))
    return hashlib.sha256(lines.encode()).hexdigest()[:16]
