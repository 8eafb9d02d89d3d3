"""The example app's first deploy: a commit that is the same on every machine, really pushed."""

import http.client
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from host import screen, waiting
from releases.errors import PaasError
from releases.settings import PROJECT, Settings
from releases.store import Store

APP = "hello-python"
EXAMPLE = PROJECT / "examples" / APP
_BRANCH = "master"
_MESSAGE = "Say hello"
_ASK_S = 5.0


class FirstPushFailed(PaasError):
    """The example app could not be deployed."""


@dataclass(frozen=True)
class Answer:
    """What a URL answered; status 0 is no answer at all."""

    status: int
    text: str


@contextmanager
def example_repository(example: Path, environ: Mapping[str, str]) -> Iterator[Path]:
    """A temporary git repository with one commit of the example."""
    with tempfile.TemporaryDirectory(prefix="paas-") as name:
        directory = Path(name) / "work"
        shutil.copytree(example, directory, ignore=shutil.ignore_patterns("__pycache__"))
        git = git_environ(environ)
        _git(directory, git, "init", "-q", "-b", _BRANCH)
        _git(directory, git, "add", "--all", "--force")
        _git(directory, git, "commit", "-q", "-m", _MESSAGE)
        yield directory


def commit_of(directory: Path, environ: Mapping[str, str]) -> str:
    """The repository's newest commit."""
    return _git(directory, git_environ(environ), "rev-parse", "HEAD").strip()


def git_environ(environ: Mapping[str, str], ssh_config: Path | None = None) -> dict[str, str]:
    """An environment in which the person's own git settings have no say, nor has the clock."""
    kept = {name: value for name, value in environ.items() if not name.startswith("GIT_")}
    fixed = {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C.UTF-8",
    }
    for role in ("AUTHOR", "COMMITTER"):
        fixed[f"GIT_{role}_NAME"] = "paas"
        fixed[f"GIT_{role}_EMAIL"] = "paas@localhost"
        fixed[f"GIT_{role}_DATE"] = "2024-01-01T00:00:00Z"
    if ssh_config:
        fixed["GIT_SSH_COMMAND"] = f"ssh -F {ssh_config}"
    return {**kept, **fixed}


def live_commit(store: Store, app: str) -> str | None:
    """The commit that serves; None where nothing does."""
    if not store.apps.exists(app):
        return None
    live = store.apps.get(app).live
    return store.releases.get(app, live.release).artifact.commit if live else None


def push(directory: Path, remote: str, environ: Mapping[str, str]) -> None:
    """`git push paas:hello-python master`, shown as it goes."""
    command = ["git", "push", remote, _BRANCH]
    screen.detail(f"$ {' '.join(command)}")
    status, last = screen.show(command, environ, directory)
    if status != 0:
        raise FirstPushFailed(f"examples/{APP} could not be pushed: {_reason(last)}")


def _reason(lines: list[str]) -> str:
    """Of what git said, the server's own words or else git's first complaint."""
    refused = [line for line in lines if line.startswith("[remote rejected]")]
    if refused:
        return refused[-1].partition(" (")[2].removesuffix(")")
    return next((line for line in lines if line.startswith("fatal: ")), lines[-1])


def fetch(settings: Settings, address: str) -> Answer:
    """Ask the example app, as `curl http://hello-python.localhost:8080` would."""
    connection = http.client.HTTPConnection(address, settings.http_port, timeout=_ASK_S)
    try:
        connection.request("GET", "/", headers={"Host": host(settings)})
        response = connection.getresponse()
        return Answer(response.status, response.read(4096).decode(errors="replace").strip())
    except (OSError, http.client.HTTPException) as error:
        return Answer(0, str(error))
    finally:
        connection.close()


def wait_for_answer(settings: Settings, address: str) -> Answer:
    """The first good answer, or the last bad one: after a stop the app is only just coming back."""
    answers = [fetch(settings, address)]

    def is_good() -> bool:
        if answers[-1].status != 200:
            answers.append(fetch(settings, address))
        return answers[-1].status == 200

    waiting.until(is_good, settings.boot_timeout_s)
    return answers[-1]


def host(settings: Settings) -> str:
    """`hello-python.localhost`."""
    return settings.host(APP)


def _git(directory: Path, environ: Mapping[str, str], *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=directory, env=environ, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise FirstPushFailed(f"git {arguments[0]}: {done.stderr.strip()}")
    return done.stdout
