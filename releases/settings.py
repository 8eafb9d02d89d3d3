"""Where the platform lives and what it listens on: environment over YAML over defaults."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import yaml

from releases.domain.canary import LONGEST_CANARY_S
from releases.errors import BadInput
from releases.setting_texts import TEXTS

PROJECT = Path(__file__).resolve().parent.parent


class BadSetting(BadInput):
    """A setting has an unknown name or a value that cannot be used."""


@dataclass(frozen=True)
class Settings:
    """All settings of all processes: `PAAS_HTTP_PORT=80`, or `http_port: 80` in paas.yml."""

    home: Path
    instance: str = "paas"  # label, network and container prefix: two platforms, one Docker
    domain: str = "localhost"
    bind: str = "127.0.0.1"
    ssh_port: int = 2222
    http_port: int = 8080
    redis_url: str = ""  # empty: our own, on a socket under home
    docker_host: str = "unix:///var/run/docker.sock"
    haproxy_dir: str = ""  # empty: our own HAProxy, its sockets and files under home
    subnet: str = "10.213.0.0/16"  # containers' addresses; a /24 or larger
    build_workers: int = 2
    release_workers: int = 3
    build_timeout_s: int = 1800
    build_memory_mb: int = 4096  # of one step of a build; 0, here and below: no limit
    build_cpus: float = 0.0  # of one step of a build
    build_processes: int = 4096  # of one step of a build
    build_disk_mb: int = 10240  # that Docker's disk may lose to one build
    low_disk_mb: int = 1024  # below this much free space no build begins or goes on
    build_log_kb: int = 4096  # of one build's output; what is beyond is left out but for its end
    builds_kept: int = 20  # records, logs and sources of an app's builds
    releases_kept: int = 10  # whose images stay for rollbacks, unless an app has its own
    buildpacks: Path = PROJECT / "buildpacks"
    extra_buildpacks: str = ""  # a folder of one's own, asked before ours
    stack: str = "auto"  # auto, registry or debian: where the base image comes from
    stack_image: str = "debian:{suite}-slim"  # in a registry; {suite} is bookworm, trixie, ...
    ca_bundle: Path = Path("/etc/ssl/certs/ca-certificates.crt")
    registry: str = ""  # where images are kept for other hosts, `registry.example:5000`
    front_door: str = ""  # on a build host: where sources come from, `paas.example:2222`
    boot_timeout_s: float = 60.0
    release_command_timeout_s: int = 600  # of each command that an app has run beside a deploy
    process_pids: int = 4096  # threads too, of one process of an app; 0: any number
    settle_s: float = 1.0  # how long a process without a port must stay alive
    drain_s: float = 30.0
    stop_grace_s: float = 10.0
    warm_s: float = 600.0  # how long web of the release before stays, frozen, to go back to
    warm_memory_mb: int = 1024  # that frozen containers may take together
    watch_s: float = 30.0  # how long a new release is watched once it serves
    max_one_offs: int = 20  # of an app, at a time; and so much ended output of detached ones
    one_off_timeout_s: int = 86400  # after which one that nobody attends is stopped
    one_off_output_s: int = 3600  # how long the output of a detached one can be read
    deploy_branches: str = "main,master"  # unless an app has its own
    allow_from: str = ""  # networks that may connect by SSH, `10.0.0.0/8,fd00::/8`; empty: all
    login_tries: int = 10  # keys that a client may offer
    max_connections: int = 500  # that have logged in; as many may wait without a command
    idle_s: float = 600.0  # how long a connection that has logged in may be without a command
    connections_per_minute: int = 600  # from one address, those apart that log in; 0: any number
    pushes_per_minute: int = 600  # by one key; 0: any number
    push_mb: int = 1024  # of one push, as it is sent
    repository_mb: int = 4096  # of one app
    git_memory_mb: int = 1024  # of each git process; a push of a pack bomb ends there

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Settings":
        """Read `PAAS_*` and the YAML file.

        A bad value raises BadSetting, and so does an unknown name in the file; other `PAAS_*`
        variables may be somebody else's.
        """
        home = Path(environ.get("PAAS_HOME") or Path(environ.get("HOME", "/root")) / ".paas")
        named = environ.get("PAAS_CONFIG")
        file = _from_yaml(Path(named or home / "paas.yml"), required=bool(named))
        given: dict[str, Any] = {**file, **_from_environment(environ)}
        values: dict[str, Any] = {name: _convert(name, value) for name, value in given.items()}
        return cls(**{**values, "home": home.resolve()})

    @property
    def redis(self) -> str:
        """The Redis URL in force."""
        return self.redis_url or f"unix://{self.home}/run/redis.sock"

    @property
    def router_dir(self) -> Path:
        """haproxy.cfg, hosts.map, admin.sock (runtime API) and master.sock live here."""
        return Path(self.haproxy_dir) if self.haproxy_dir else self.home / "router"

    @property
    def repositories(self) -> Path:
        """Bare repositories, `<app>.git`."""
        return self.home / "repositories"

    @property
    def sources(self) -> Path:
        """Source tars, `<app>/<build>.tar`, kept as long as the build's record."""
        return self.home / "sources"

    @property
    def secret_key(self) -> Path:
        """The key that encrypts config at rest; never in Redis."""
        return self.home / "secret.key"

    @property
    def network(self) -> str:
        """The Docker network all app containers are on."""
        return self.instance

    @property
    def release_timeout_s(self) -> int:
        """What a release job may take: a canary, four commands of the app, and the rest."""
        return LONGEST_CANARY_S + 4 * self.release_command_timeout_s + 3600

    def host(self, app: str) -> str:
        """Where an app is reached, whatever other domains it has: `myapp.localhost`."""
        return f"{app}.{self.domain}"

    def url(self, host: str) -> str:
        """Where people reach a host: `http://myapp.localhost:8080`."""
        return f"http://{host}" + ("" if self.http_port == 80 else f":{self.http_port}")


_TYPES = {field.name: field.type for field in fields(Settings)}
_IN_YAML = sorted(_TYPES.keys() - {"home"})  # home is where the file is looked for
_LEAST = {
    "build_workers": 1,
    "release_workers": 1,
    "build_timeout_s": 1,
    "builds_kept": 1,
    "release_command_timeout_s": 1,
    "releases_kept": 1,
    "build_log_kb": 64,
    "login_tries": 1,
    "max_connections": 1,
    "one_off_timeout_s": 1,
    "push_mb": 1,
    "repository_mb": 1,
    "git_memory_mb": 64,
}  # others: 0
_MOST = {"ssh_port": 65535, "http_port": 65535}


def _from_yaml(path: Path, *, required: bool) -> dict[str, object]:
    try:
        document = yaml.safe_load(path.read_text())
    except FileNotFoundError as error:
        if required:
            raise BadSetting(f"{path}: is not there; PAAS_CONFIG names it") from error
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise BadSetting(f"{path}: cannot be read: {error}") from error
    except yaml.YAMLError as error:
        raise BadSetting(f"{path}: not YAML: {str(error).splitlines()[0]}") from error
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise BadSetting(f"{path}: expected `name: value` lines")
    unknown = sorted(str(name) for name in document if name not in _IN_YAML)
    if unknown:
        raise BadSetting(f"{path}: unknown setting {unknown[0]}; known: {', '.join(_IN_YAML)}")
    return {str(name): value for name, value in document.items()}


def _from_environment(environ: Mapping[str, str]) -> dict[str, object]:
    named = {f"PAAS_{name.upper()}": name for name in _TYPES}
    return {named[key]: value for key, value in environ.items() if key in named and value}


def _convert(name: str, value: Any) -> Any:
    kind: Any = _TYPES[name]
    try:
        if kind in (int, float):
            return _in_range(name, kind(str(value)))
        if kind is Path:
            return Path(str(value)).absolute()  # our processes run in another directory
        if not isinstance(value, str):
            raise ValueError("expected text")
        return TEXTS[name](value) if name in TEXTS else value
    except ValueError as error:
        raise BadSetting(f"setting {name}: {value!r} cannot be used: {error}") from error


def _in_range(name: str, value: float) -> float:
    least, most = _LEAST.get(name, 0), _MOST.get(name)
    if not least <= value <= (most or sys.maxsize):  # nan is in no range
        raise ValueError(f"must be {least} {f'to {most}' if most else 'or more'}")
    return value
