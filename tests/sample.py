"""A small app in a git repository: it answers with its version and its GREETING."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

SERVER = """
import http.server, os, sys, time

class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        if self.path.startswith("/slow"):
            time.sleep(3)
        if self.path.startswith("/env/"):
            body = os.environ.get(self.path[5:], "(none)").encode()
        else:
            body = f"{VERSION} {os.environ.get('GREETING', '-')}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, form, *arguments):
        print("asked for", self.path, flush=True)

class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 128

Server(("0.0.0.0", int(os.environ["PORT"])), Answer).serve_forever()
"""


@dataclass
class Sample:
    """The repository and the app's name."""

    directory: Path
    app: str

    @classmethod
    def create(cls, directory: Path, app: str, version: str = "one") -> "Sample":
        """A repository whose first commit answers `<version> -`."""
        sample = cls._begin(directory / app, app)
        sample.commit({"requirements.txt": "", "Procfile": "web: python server.py\n"}, version)
        return sample

    @classmethod
    def of(cls, example: Path, directory: Path, app: str) -> "Sample":
        """A repository whose first commit is a folder of files."""
        shutil.copytree(example, directory / app)
        sample = cls._begin(directory / app, app)
        sample.commit({})
        return sample

    @classmethod
    def _begin(cls, directory: Path, app: str) -> "Sample":
        directory.mkdir(exist_ok=True)
        sample = cls(directory, app)
        sample._git("init", "-q", "-b", "master")
        sample._git("remote", "add", "paas", f"paas:{app}")
        return sample

    def commit(self, files: dict[str, str], version: str | None = None) -> str:
        """Commit files (and a new version of the server); return the SHA."""
        if version:
            files = {**files, "server.py": f"VERSION = {version!r}\n{SERVER}"}
        for name, text in files.items():
            (self.directory / name).parent.mkdir(parents=True, exist_ok=True)
            (self.directory / name).write_text(text)
        self._git("add", "-A")
        self._git("commit", "-q", "-m", f"Version {version}")
        return self.head()

    def head(self) -> str:
        """The SHA of the last commit."""
        return self._git("rev-parse", "HEAD")

    def _git(self, *words: str) -> str:
        identity = {
            f"GIT_{role}_{what}": value
            for role in ("AUTHOR", "COMMITTER")
            for what, value in (("NAME", "Ada"), ("EMAIL", "ada@example.com"))
        }
        done = subprocess.run(
            ["git", *words],
            cwd=self.directory,
            env={**os.environ, **identity, "GIT_CONFIG_GLOBAL": "/dev/null"},
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()
