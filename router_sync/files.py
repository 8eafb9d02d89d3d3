"""How the last known routes are kept on disk, so that HAProxy starts with them on its own."""

import json
from pathlib import Path

from router_sync.render import Layout, render_config, render_map
from router_sync.table import Table


def save(layout: Layout, table: Table) -> None:
    """Write everything that a cold start of HAProxy reads; each file is whole at any moment.

    The map comes last: between the two renames it names no backend that is not there.
    """
    layout.directory.mkdir(parents=True, exist_ok=True)
    _replace(layout.routes, json.dumps(table.document(), indent=1))
    _replace(layout.retired_map, "")
    _replace(layout.config, render_config(layout, table))
    _replace(layout.hosts_map, render_map(table))


def load(layout: Layout) -> Table:
    """The last known routes; an empty table where there are none that can be read."""
    try:
        return Table.from_document(json.loads(layout.routes.read_text()))
    except (OSError, ValueError, KeyError, TypeError):
        return Table()  # a half-written disk: Redis has the truth


def _replace(path: Path, text: str) -> None:
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_text(text)
    fresh.replace(path)
