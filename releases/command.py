"""What a command is: one row of a room's command table, run over SSH or by the local `paas`."""

from collections.abc import Callable, Iterable
from dataclasses import KW_ONLY, dataclass
from typing import IO, TextIO

import click

from releases.console import Console
from releases.log import follow
from releases.platform import Platform
from releases.work.queue import RELEASES

APP = click.Argument(["app"])
JSON = click.Option(["--json", "as_json"], is_flag=True, help="Print JSON for programs.")
# All that follows belongs to somebody else's program: `ls -la`. Options of ours come before.
WORDS = click.Argument(["words"], nargs=-1, type=click.UNPROCESSED, metavar="COMMAND...")
BUILD_HOST = ("builds:source",)  # what a build host's key is limited to: this command, on any app


@dataclass(frozen=True)
class Session:
    """Who runs a command, and what it reads and writes."""

    platform: Platform
    who: str  # the key's name, or the administrator's login
    stdin: IO[bytes]
    out: TextIO
    terminal: bool = False  # a person watches: `ssh -t`, or a local terminal
    over_ssh: bool = False  # not the administrator on the machine itself
    console: Console | None = None  # the same, byte by byte; for commands that say `raw`
    only: tuple[str, ...] = ()  # the apps that the key is limited to, or BUILD_HOST; empty: all

    def may_use(self, app: str) -> bool:
        """Whether this app is among those that the key is for."""
        return not self.only or app in self.only

    def print(self, line: str = "") -> None:
        """One line of output, sent at once."""
        self.out.write(line + "\n")
        self.out.flush()

    def send(self, chunks: Iterable[bytes]) -> None:
        """Output for a program: bytes as they are."""
        self.out.flush()
        self.out.buffer.writelines(chunks)
        self.out.buffer.flush()

    def ask(self, job: str, app: str, *arguments: object) -> None:
        """Have a release worker change what runs of an app, and follow it as `follow` does."""
        log = self.platform.store.logs.new(app)
        self.platform.queue.request(RELEASES, job, app, *arguments, self.who, log=log)
        self.follow(log)

    def follow(self, log: str) -> None:
        """Show a deploy log live to its verdict; DeployFailed if that is bad.

        BrokenPipeError when nobody reads any more; the deploy goes on.
        """
        reader = self.platform.store.log_reader
        verdict = follow(reader, log, self.print, on_silence=self.out.flush)
        self.print(f"-----> {verdict}")


@dataclass(frozen=True)
class Command:
    """`run(session, **params)`; `params` are click's, so parsing, help and errors are click's.

    What `run` returns is the exit status; None: 0.
    """

    name: str  # "config:set"
    summary: str  # one line for `help`
    run: Callable[..., int | None]
    params: tuple[click.Parameter, ...] = ()
    _: KW_ONLY
    raw: bool = False  # it uses the console; Ctrl-C is then a key like others
    details: str = ""  # more of it, for `help run`
    for_all: bool = False  # names no app, and is for keys that are limited to some apps too
