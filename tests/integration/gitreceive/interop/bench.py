"""What one cell of the interop table works with."""

from dataclasses import dataclass
from pathlib import Path

from releases.domain.build import BuildOptions
from tests.integration.gitreceive.front_door import Door, Result
from tests.integration.gitreceive.interop.clients import Client, Push

MASTER = "refs/heads/master:refs/heads/master"


@dataclass
class Bench:
    """One cell: a client, an app of its own and a work tree with one commit."""

    door: Door
    client: Client
    app: str
    work: Path

    def push(self, *specs: str, **more: object) -> Result:
        """Push by the client; master where nothing is named."""
        return self.client.push(self.work, self.app, Push(specs or (MASTER,), **more))

    def good(self, *specs: str, **more: object) -> Result:
        """The same, and it must go well."""
        return taken(self.push(*specs, **more))

    def git(self, *words: str) -> str:
        """The local git, for what is not under test."""
        done = self.door.git(self.work, *words)
        assert done.status == 0, done.text
        return done.out.strip()

    def commit(self, text: str) -> str:
        """One more commit on master."""
        return self.door.commit(self.work, text)

    def refs(self) -> dict[str, str]:
        """What the platform has, read on its disk."""
        listing = self.door.git(self.door.repository(self.app), "for-each-ref").out
        rows = [line.split() for line in listing.splitlines()]
        return {ref: commit for commit, _, ref in rows}

    def head(self) -> str:
        """What the platform has for master."""
        return self.refs().get("refs/heads/master", "")

    def builds(self) -> list[BuildOptions]:
        """What was built of the app."""
        return [one.options for one in self.door.builder.requests if one.app == self.app]


def taken(done: Result) -> Result:
    """It went well."""
    assert done.status == 0, done.text
    return done


def refused(done: Result) -> Result:
    """It did not."""
    assert done.status != 0, done.text
    return done
