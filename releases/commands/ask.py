"""How a command has a release worker change what runs, and shows how that goes."""

from releases.command import Session
from releases.work.queue import RELEASES


def ask(session: Session, job: str, app: str, *arguments: object) -> None:
    """Queue a job of `releases.jobs` in the session's name and follow it to its verdict."""
    log = session.platform.store.logs.new(app)
    session.platform.queue.request(RELEASES, job, app, *arguments, session.who, log=log)
    session.follow(log)
