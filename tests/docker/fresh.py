"""How a test makes sure that a step runs: no earlier run left it in the cache of the engine."""

import json
import uuid
from collections.abc import Mapping

from tests.integration.builder.repository import Content

_COMMENTED = ("requirements.txt", "pyproject.toml")
_JSON = ("package.json", "Pipfile.lock")


def mark() -> str:
    """A word that no step and no file ever had in it."""
    return uuid.uuid4().hex


def fresh(files: Mapping[str, Content]) -> dict[str, Content]:
    """The same app, with files that name its dependencies in a text that no engine has seen.

    So the step that installs them runs. Call it once for two builds of which the second is to find
    what the first left.
    """
    made = mark()
    return {path: _marked(path, content, made) for path, content in files.items()}


def _marked(path: str, content: Content, made: str) -> Content:
    text = content if isinstance(content, str) else ""
    if path in _COMMENTED:
        return f"# {made}\n{text}"
    if path in _JSON:
        return json.dumps({**json.loads(text), "_test": made})
    return content
