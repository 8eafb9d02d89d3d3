"""The command that shows the event log."""

import json
from dataclasses import asdict

import click

from gitreceive.printable import safe_line
from releases.command import JSON, Command, Session
from releases.commands.table import print_json, timestamp
from releases.store.events import MAX_EVENTS, Event


def show_events(session: Session, count: int, follow: bool, as_json: bool) -> None:
    """The latest lines, and with -f those to come, one JSON document a line."""
    events = session.platform.store.events
    if follow:
        for event in events.follow(count):
            if event is None:
                session.out.flush()  # raises when nobody reads any more
            else:
                session.print(json.dumps(asdict(event)) if as_json else _line(event))
    elif as_json:
        print_json(session, [asdict(event) for event in events.latest(count)])
    else:
        for event in events.latest(count):
            session.print(_line(event))


def _line(event: Event) -> str:
    who = f"{event.key or 'stranger'} {event.fingerprint or '-'} {event.address or '-'}"
    return safe_line(f"{timestamp(event.at)} {event.kind:<8} {who}  {event.text}")


COMMANDS: tuple[Command, ...] = (
    Command(
        "events",
        "Show who logged in, pushed, ran what, or was refused",
        show_events,
        (
            click.Option(
                ["-n", "count"],
                type=click.IntRange(1, MAX_EVENTS),
                default=50,
                help="How many of the latest; 50 by default.",
            ),
            click.Option(["-f", "--follow"], is_flag=True, help="Go on with those to come."),
            JSON,
        ),
    ),
)
