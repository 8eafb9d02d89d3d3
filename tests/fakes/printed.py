"""What a command has printed in a session whose output is kept in memory."""

import io

from releases.command import Session


def printed(session: Session) -> str:
    """All of it so far."""
    assert isinstance(session.out, io.StringIO)
    return session.out.getvalue()
