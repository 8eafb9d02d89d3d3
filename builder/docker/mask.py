"""How secret values are kept out of what a build prints."""

import re
import shlex
from collections.abc import Iterable, Iterator

from builder.docker.text import Mask, unmasked, visible

MASKED = "****"
_LEAST_CHARS = 4  # less would mask half of all words


def mask_of(values: Iterable[str]) -> Mask:
    """A mask of all these values, of each line of those with several, also as a shell quotes them.

    Values of fewer than four characters are shown.
    """
    hidden = {form for value in values for form in _forms(value) if len(form) >= _LEAST_CHARS}
    if not hidden:
        return unmasked
    # The longest first: one value may be the beginning of another.
    longest_first = sorted(hidden, key=lambda form: (-len(form), form))
    pattern = re.compile("|".join(map(re.escape, longest_first)))
    return lambda text: pattern.sub(MASKED, text)


def _forms(value: str) -> Iterator[str]:
    for line in value.splitlines():
        seen = visible(line).strip()
        yield seen
        yield shlex.quote(seen).removeprefix("'").removesuffix("'")
