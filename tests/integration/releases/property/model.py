"""What should be live of an app after each change, in plain Python: the other half of the test."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tests.integration.releases.property.machine import ILLNESSES

Config = Mapping[str, str]
Counts = Mapping[str, int]


@dataclass(frozen=True)
class Image:
    """What was built of a commit."""

    name: str
    commit: str
    types: tuple[str, ...]
    illness: str = ""

    def is_healthy(self, formation: Counts) -> bool:
        """Whether so many of its processes can run."""
        return not self.illness or not formation.get(ILLNESSES[self.illness], 0)


@dataclass(frozen=True)
class Staged:
    """Config that waits: `None` is a name to remove."""

    values: tuple[tuple[str, str | None], ...] = ()
    version: int = field(default=0, compare=False)

    def apply(self, config: Config) -> dict[str, str]:
        """Over a config."""
        return changed(config, dict(self.values))


def changed(config: Config, change: Mapping[str, str | None]) -> dict[str, str]:
    """The config with names set or (None) removed."""
    both = {**config, **change}
    return {name: value for name, value in both.items() if value is not None}


@dataclass(frozen=True)
class State:
    """What a person sees of an app."""

    live: int = 0  # the number of the release that serves
    image: str = ""
    build: int = 0
    asked: Counts = field(default_factory=dict)  # the formation, with types that live lacks
    formation: Counts = field(default_factory=dict)
    config: Config = field(default_factory=dict)
    staged: Staged = Staged()


@dataclass(frozen=True)
class Plan:
    """What a job is to come to. `after` is None where nothing is to change."""

    after: State | None = None
    is_release: bool = False
    is_healthy: bool = True
    is_refused: bool = False
    puts_aside: bool = False  # what was interrupted before is given up
    is_rollout: bool = True  # or a plain write, before the first release
    blames: bool = False
    is_watched: bool = False
    mends: bool = False  # what befell the containers, the routes and the history
    took: int = 0  # the version of the staged config that goes with it
    number: int = 0  # of the release, once it is known
    log: str = ""


NOTHING = Plan()
REFUSED = Plan(is_refused=True)
MENDS = Plan(mends=True)
_ASIDE = Plan(puts_aside=True)


@dataclass
class Past:
    """A release that was live, or was not."""

    image: str
    build: int
    config: Config
    was_live: bool = False
    is_blamed: bool = False


class AppModel:
    """An app: its state, its history, and what an interrupted job left to be finished."""

    def __init__(self, name: str, images: Mapping[str, Image]) -> None:
        self.name = name
        self.images = images
        self.state = State()
        self.history: dict[int, Past] = {}
        self.under_way: Plan | None = None
        self.is_watched = False
        self.domains: set[str] = set()
        self.stagings = 0
        self.is_dirty = False  # something befell it that the next converge has to mend

    # Plans: what each job should do, given the state.

    def deploy(self, image: Image | None, build: int) -> Plan:
        """Of a build; without an image where it failed."""
        if image is None:
            return REFUSED
        state = self.state
        if state.live and (state.build == build or state.image == image.name):
            return _ASIDE
        if state.live and state.build > build:
            return REFUSED
        config = state.staged.apply(state.config)
        return replace(self._release(image, build, config), is_watched=True)

    def change_config(self, change: Mapping[str, str | None]) -> Plan:
        """Of the app; what is staged goes with it, and what was said last counts."""
        state = self.state
        config = changed(state.staged.apply(state.config), change)
        if config == state.config:
            return _ASIDE
        if not state.live:
            after = replace(state, config=changed(state.config, change))
            return Plan(after, is_rollout=False, puts_aside=True)
        made = self._release(self.images[state.image], state.build, config)
        return replace(made, is_watched=True)

    def _release(self, image: Image, build: int, config: Config) -> Plan:
        default = {name: int(name == "web") for name in image.types}
        formation = {name: self.state.asked.get(name, count) for name, count in default.items()}
        after = State(
            -1, image.name, build, {**self.state.asked, **formation}, formation, config, Staged()
        )
        healthy = image.is_healthy(formation)
        took = self.state.staged.version
        return Plan(after, is_release=True, is_healthy=healthy, puts_aside=True, took=took)

    def roll_back(self, number: int, blames: bool = False) -> Plan:
        """To a number, or (0) to the last before that was live and is not to blame."""
        if not self.state.live or number == self.state.live:
            return REFUSED
        usable = [one for one in self.history if self._can_go_back_to(one)]
        number = number or max((one for one in usable if one < self.state.live), default=0)
        if number not in usable:
            return REFUSED
        to = self.history[number]
        plan = self._release(self.images[to.image], to.build, to.config)
        assert plan.after
        after = replace(plan.after, staged=self.state.staged)
        return replace(plan, after=after, blames=blames, took=0)

    def _can_go_back_to(self, number: int) -> bool:
        past = self.history[number]
        return past.was_live and not past.is_blamed and number != self.state.live

    def undo(self, number: int) -> Plan:
        """Of what serves, if it came in new and nothing else is coming."""
        if self.under_way or not self.state.live or number != self.state.live:
            return NOTHING
        return self.roll_back(0, blames=True) if self.is_watched else NOTHING

    def scale(self, counts: Counts) -> Plan:
        """Known types only, once there is a release."""
        state = self.state
        if not state.live:
            after = replace(state, asked={**state.asked, **counts})
            return Plan(after, is_rollout=False, puts_aside=True)
        if set(counts) - set(state.formation):
            return REFUSED
        formation = {**state.formation, **counts}
        after = replace(state, formation=formation, asked={**state.asked, **formation})
        return self._same_release(after)

    def restart(self) -> Plan:
        """All of it."""
        return self._same_release(self.state) if self.state.live else REFUSED

    def _same_release(self, after: State) -> Plan:
        healthy = self.images[after.image].is_healthy(after.formation)
        return Plan(after, is_healthy=healthy, puts_aside=True, is_watched=self.is_watched)

    def converge(self) -> Plan:
        """What was interrupted is finished, or what is live is mended."""
        return self.under_way or MENDS

    # What came of it.

    def stage(self, change: Mapping[str, str | None]) -> None:
        """Have it wait, after what waits already."""
        self.stagings += 1
        both = {**dict(self.state.staged.values), **change}
        staged = Staged(tuple(sorted(both.items())), self.stagings)
        self.state = replace(self.state, staged=staged)

    def become(self, plan: Plan) -> None:
        """The plan came true."""
        before = self.state
        if plan.after is None:
            return
        taken = plan.took == before.staged.version
        self.state = replace(plan.after, staged=Staged() if taken else before.staged)
        if plan.is_release:
            self.state = replace(self.state, live=plan.number)
            self.history[plan.number].was_live = True
            if before.live:
                self.history[before.live].is_blamed = plan.blames
        if plan.is_rollout:
            self.is_watched, self.is_dirty, self.under_way = plan.is_watched, False, None

    def statuses(self, *, at_rest: bool) -> dict[int, set[str]]:
        """Which status each release may have."""
        return {number: self._status(number, at_rest) for number in self.history}

    def _status(self, number: int, at_rest: bool) -> set[str]:
        past = self.history[number]
        if number == self.state.live:
            return {"live"}
        if past.was_live:
            return {"failed"} if past.is_blamed else {"superseded"}
        return {"failed"} if at_rest else {"failed", "pending"}
