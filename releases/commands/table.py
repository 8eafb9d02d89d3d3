"""How a command prints a table or a time."""

import json
import time
from collections.abc import Sequence

from tabulate import tabulate

from releases.command import Session


def print_table(session: Session, headers: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Aligned columns under a heading; without rows, the heading alone."""
    session.print(tabulate(rows, headers=headers, tablefmt="plain", disable_numparse=True))


def print_json(session: Session, document: object) -> None:
    """One JSON document, for programs."""
    session.print(json.dumps(document, indent=2, ensure_ascii=False))


def timestamp(seconds: float) -> str:
    """`2026-11-21 02:14:07` in UTC, or `-` for a time that has not come."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(seconds)) if seconds else "-"
