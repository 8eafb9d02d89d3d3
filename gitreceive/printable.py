"""Which characters of other people's output may reach a person's terminal."""

import re

# A colour or weight; any other escape sequence; a lone control or text-direction character.
_UNSAFE = re.compile(
    r"(\x1b\[[0-9;]{0,32}m)"
    r"|\x1b\[[0-?]*[ -/]*[@-~]"
    r"|\x1b[\]P^_X][^\x07\x1b]*(?:\x07|\x1b\\)?"
    r"|[\x00-\x08\x0a-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]"
)
_RESET = "\x1b[0m"


def safe_line(line: str) -> str:
    """One line as a terminal may show it: colours stay, a `\\r` progress shows its last state."""
    shown = line.rstrip("\r\n").rpartition("\r")[2]
    cleaned = _UNSAFE.sub(lambda match: match.group(1) or "", shown)
    return cleaned + _RESET if "\x1b" in cleaned and not cleaned.endswith(_RESET) else cleaned


def safe_lines(text: str) -> list[str]:
    """Text that may hold several lines."""
    return [safe_line(line) for line in text.split("\n")] if text else [""]


def plain_line(text: str, limit: int) -> str:
    """One line without colours, at most `limit` characters: for a reason in brackets."""
    words = _UNSAFE.sub(" ", text).split()
    line = " ".join(words) or "no reason given"
    return line if len(line) <= limit else f"{line[: limit - 3]}..."
