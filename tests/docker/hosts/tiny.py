"""A buildpack and an app so small that builds, pushes and pulls of them take no time."""

import shutil
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import docker

from builder.bases.stack import Bases
from builder.bases.suite import Suite
from builder.docker.engine import Engine
from releases.settings import PROJECT, Settings
from tests.docker.fresh import mark
from tests.services import need, short_directory
from tests.whole import Whole

_RUN = mark()
MANIFEST = """
name: tiny
title: Tiny
order: 1
detect: [serve.pl]
runtime: runtime.Dockerfile
dockerfile: Dockerfile
versions: {"5": bookworm}
default: "5"
"""
RUNTIME = "ARG STACK\nFROM ${STACK}\nRUN useradd --uid 1000 app\nWORKDIR /app\nEXPOSE 5000\n"
DOCKERFILE = 'ARG RUNTIME\nFROM ${RUNTIME}\nUSER app\nCOPY . .\nCMD ["perl", "serve.pl"]\n'
SERVER = """
use IO::Socket::INET;
open(my $file, '<', 'MARKER') or die; my $marker = <$file>;
CHECK
my $server = IO::Socket::INET->new(LocalPort => $ENV{PORT}, Listen => 64, ReuseAddr => 1) or die;
while (my $client = $server->accept) {
    while (my $line = <$client>) { last if $line =~ /^\\s*$/ }
    my $length = length $marker;
    print $client "HTTP/1.0 200 OK\\r\\nContent-Length: $length\\r\\n\\r\\n$marker";
    close $client;
}
"""


def write_buildpacks(directory: Path) -> Path:
    """A folder with that buildpack, the one for Dockerfiles and our stack."""
    (directory / "tiny").mkdir(parents=True)
    (directory / "tiny" / "buildpack.yml").write_text(MANIFEST)
    (directory / "tiny" / "runtime.Dockerfile").write_text(RUNTIME)
    (directory / "tiny" / "Dockerfile").write_text(DOCKERFILE)
    shutil.copy(PROJECT / "buildpacks" / "stack.Dockerfile", directory)
    shutil.copytree(PROJECT / "buildpacks" / "dockerfile", directory / "dockerfile")
    return directory


def server(check: str = "", marker: str = "/usr/local/share/marker") -> str:
    """A web server that answers with a file; the check is a line of Perl that runs first."""
    return SERVER.replace("CHECK", check).replace("MARKER", marker)


def push(
    whole: Whole, directory: Path, files: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Commit files to an app named like the directory, and push it."""
    commit(whole, directory, files)
    return whole.git(directory, "push", "paas", "master")


def commit(whole: Whole, directory: Path, files: Mapping[str, str]) -> str:
    """Commit files; return the SHA."""
    if not directory.exists():
        directory.mkdir()
        whole.git(directory, "init", "-q", "-b", "master")
        whole.git(directory, "remote", "add", "paas", f"paas:{directory.name}")
    for name, text in files.items():
        (directory / name).write_text(text)
    whole.git(directory, "add", ".")
    whole.git(directory, "commit", "-qm", "serve")
    return whole.git(directory, "rev-parse", "HEAD").stdout.strip()


def push_base(image: str, marker: str, **labels: str) -> None:
    """Offer a Debian with a file of ours under a name of its own: nobody else's base changes."""
    need("docker")
    with short_directory() as home:
        settings = Settings(home, stack="debian")
        below = Bases(Engine(settings.docker_host), settings, print).base("bookworm").name
    lines = [f"FROM {below}", f"RUN printf %s {marker} > /usr/local/share/marker"]
    # Or what stands on it has the names that another run of the tests uses, and removes.
    lines += [f"LABEL {name}={value}" for name, value in {"run": _RUN, **labels}.items()]
    _docker("\n".join(lines), "build", "-q", "-t", image, "-")
    _docker("", "push", "-q", image)


def _docker(text: str, *words: str) -> None:
    done = subprocess.run(
        ["docker", *words], input=text, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def remove_made(settings: Settings) -> None:
    """Containers and images of a platform that ends, and the base that it was offered."""
    api, engine = docker.APIClient(version="auto"), Engine(settings.docker_host)
    ours = {"label": f"paas.instance={settings.instance}"}
    for one in api.containers(all=True, filters=ours):
        with suppress(docker.errors.NotFound):  # the platform has just removed it itself
            api.remove_container(one["Id"], force=True)
    for one in api.images(filters=ours):
        api.remove_image(one["Id"], force=True)
    registry = settings.stack_image.partition("/")[0]  # the test's own
    for one in api.images():  # what is left are names: of pushed, and of pulled images
        for name in [*(one["RepoTags"] or ()), *(one["RepoDigests"] or ())]:
            if name.startswith(f"{registry}/"):
                engine.remove(name)
    engine.remove(Suite("bookworm", engine, settings, print).tag("registry"))
