"""How a check names config vars: `$NAME`, `${NAME}`, `{{ var "NAME" }}` (sigil's templates)."""

import re
from collections.abc import Mapping

_NAMED = re.compile(
    r"\$(?P<plain>[A-Za-z_][A-Za-z0-9_]*)"
    r"|\$\{(?P<braced>[A-Za-z_][A-Za-z0-9_]*)\}"
    r'|\{\{ *var +"(?P<sigil>[A-Za-z_][A-Za-z0-9_]*)" *\}\}'
)


def fill(text: str, config: Mapping[str, str]) -> str:
    """The text with the values; a name that has none is left as it stands."""

    def value(found: re.Match[str]) -> str:
        name = found["plain"] or found["braced"] or found["sigil"]
        return config.get(name, found[0])

    return _NAMED.sub(value, text)
