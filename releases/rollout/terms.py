"""How the terms change on which an app's processes run: limits and the restart policy."""

from collections.abc import Mapping
from dataclasses import replace

from releases.domain.app import App
from releases.domain.limits import EVERY_TYPE, Terms
from releases.rollout.give_up import put_aside
from releases.rollout.processes import change_processes, check_type
from releases.rollout.releasing import open_app
from releases.rollout.rollout import Rollout


def limit(rollout: Rollout, process_type: str, given: Mapping[str, float]) -> str:
    """Change limits of a process type, or of every type; the processes concerned begin afresh."""
    app = open_app(rollout)
    if process_type != EVERY_TYPE:
        check_type(rollout, app, process_type)
    terms = app.terms.limited(process_type, given)
    shown = terms.limits.get(process_type)
    return _change(rollout, app, terms, f"Limits of {_named(process_type)}: {shown or 'none'}")


def clear_limits(rollout: Rollout, process_type: str) -> str:
    """Take away the limits of a process type, or all there are."""
    app = open_app(rollout)
    line = f"{_named(process_type)} of {app.name} has no limits of its own"
    return _change(rollout, app, app.terms.cleared(process_type), line)


def set_restart_policy(rollout: Rollout, policy: str) -> str:
    """Change how often Docker restarts a process that ended."""
    app = open_app(rollout)
    terms = replace(app.terms, restart_policy=policy)
    return _change(rollout, app, terms, f"Restart policy of {app.name}: {policy}")


def _change(rollout: Rollout, app: App, terms: Terms, line: str) -> str:
    if app.live is None:
        put_aside(rollout)  # or a first deploy that was interrupted brings back its own terms
        rollout.store.apps.set_terms(app.name, terms)
        return f"{line}, from the first deploy on"
    old = app.live.terms
    is_policy_new = old.restart_policy != terms.restart_policy
    concerned = [
        name
        for name in app.live.formation
        if is_policy_new or old.limits_of(name) != terms.limits_of(name)
    ]
    desired = replace(app.live, terms=terms)
    change_processes(rollout, desired.restarted(*concerned) if concerned else desired)
    return line


def _named(process_type: str) -> str:
    return "every process type" if process_type == EVERY_TYPE else process_type
