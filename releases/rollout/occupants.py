"""Which containers fill the places of an app and can be counted on."""

from collections.abc import Collection

from releases.domain.container import Container, Slot
from releases.engine.hanging import hanging_among
from releases.engine.protocol import Engine


def occupants(engine: Engine, app: str, wanted: Collection[Slot]) -> list[Container]:
    """Those in the wanted places. One that hangs is condemned, so that its place is free."""
    found = [one for one in engine.containers(app) if one.slot in wanted and not one.condemned]
    hanging = hanging_among(engine, found)
    for one in hanging:
        engine.condemn(one)
    return [one for one in found if one not in hanging]
