"""What a deploy adds to an app's config because its app.json asks for it."""

import secrets
from collections.abc import Mapping

from releases.domain.app_json import FILE, EnvVar
from releases.errors import PaasError

_SECRET_BYTES = 32


class ConfigMissing(PaasError):
    """The app needs a config var that nobody has set; nothing was started."""


def completed(app: str, config: Mapping[str, str], env: Mapping[str, EnvVar]) -> dict[str, str]:
    """The config with a value for each name that it lacks; ConfigMissing where none can be had.

    What is set already stays, so that a secret is generated once: from the first release on it
    is in the config.
    """
    lacking = {name: wanted for name, wanted in env.items() if name not in config}
    found = {name: _value(wanted) for name, wanted in lacking.items()}
    added = {name: value for name, value in found.items() if value is not None}
    missing = [name for name in lacking if name not in added and lacking[name].required]
    if missing:
        raise ConfigMissing(_refusal(app, missing, lacking))
    return {**config, **added}


def _value(wanted: EnvVar) -> str | None:
    return secrets.token_hex(_SECRET_BYTES) if wanted.generator else wanted.value


def _refusal(app: str, missing: list[str], env: Mapping[str, EnvVar]) -> str:
    words = [
        f"{name} ({' '.join(env[name].description.split())[:80]})"
        if env[name].description
        else name
        for name in missing
    ]
    pairs = " ".join(f"{name}=..." for name in missing)
    return (
        f"{FILE} requires {', '.join(words)}; set it with `config:set {app} {pairs}` and push again"
    )
