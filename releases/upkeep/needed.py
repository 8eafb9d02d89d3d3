"""Which containers of an app are needed, which are kept warm to go back to, and which are left."""

from collections.abc import Sequence
from dataclasses import dataclass

from releases.domain.app import App
from releases.domain.container import FROZEN, Container, Slot, slots


@dataclass(frozen=True)
class Sorted:
    """An app's containers that do not serve, by what may become of them."""

    leaving: tuple[Container, ...] = ()  # nothing needs them
    cooling: tuple[Container, ...] = ()  # to be frozen once their requests are done
    frozen: tuple[Container, ...] = ()


def sort(app: App, containers: Sequence[Container], *, now: float, warm_s: float) -> Sorted:
    """Those that neither what is live nor a rollout under way needs.

    The web processes of the release before are kept for `warm_s` after it was replaced. Others
    are not: a worker that is frozen in the middle of a job would keep the job from everybody.
    """
    needed = slots(app.live) | slots(app.target)
    kept = _kept(app) if now < app.live_since + warm_s else frozenset()
    leaving: list[Container] = []
    cooling: list[Container] = []
    frozen: list[Container] = []
    for one in containers:
        if one.condemned or (one.slot not in needed and one.slot not in kept):
            leaving.append(one)
        elif one.slot not in needed:
            place = {"running": cooling, FROZEN: frozen}.get(one.state, leaving)
            place.append(one)
    return Sorted(tuple(leaving), tuple(cooling), tuple(frozen))


def _kept(app: App) -> frozenset[Slot]:
    if app.live and app.live.stopped:
        return frozenset()
    return frozenset(slot for slot in slots(app.previous) if slot.process_type == "web")
